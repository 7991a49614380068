package crash

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// killCounts counts the disruptions.
type killCounts struct {
	kills, restarts      int // of instances
	wipes, databaseKills int
}

// summary is the printed result of a run.
type summary struct {
	verdict
	*eventLog
	killCounts
	seed uint64
	took time.Duration
}

// write prints the summary.
func (s summary) write(out io.Writer) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	line("seed, duration", "%d, %s", s.seed, s.took.Round(time.Second))
	line("instances killed, restarted", "%d, %d", s.kills, s.restarts)
	line("Redis killed and restarted empty", "%d", s.wipes)
	line("MariaDB killed and restarted", "%d", s.databaseKills)
	for _, o := range s.outcomes() {
		line(o.op+" tries: "+o.result, "%d", s.count(o.op, o.result))
	}
	line("grants acknowledged", "%d of %d fen", s.grants, s.ackedAmount)
	line("budget", "%d fen, recorded for orders %d fen", s.budget, s.last().after.Reserved)
	line("outcomes unknown, settled by repeats", "%d", s.resolved)
	line("people with an open outcome", "%d", s.left)
	line("acknowledged and lost", "%d", s.violationsOf("nothing-lost"))
	line("posted twice", "%d", s.violationsOf("order-once"))
	line("over budget or cap", "%d", s.violationsOf("no-over-issuance"))
	line("orphaned before and after the audit", "%d fen, %d fen", s.orphaned, s.last().after.Orphaned)
	for _, c := range s.checks {
		line("check "+c.Name, "%s: %d evaluations, %d violations", c.Result, c.Evaluations, c.Violations)
	}
	_ = t.Flush()
}
