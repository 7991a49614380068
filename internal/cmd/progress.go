package cmd

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"hongbao/sim"
)

// redrawInterval is the interval between updates of a progress line.
const redrawInterval = 200 * time.Millisecond

// progress shows the progress of concurrent runs on a terminal. Safe for concurrent use.
type progress struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar // nil: show nothing
	runs  []sim.Progress
	drawn time.Time
	sent  int64 // grants at the last update
}

// newProgress returns the progress of n runs. It shows nothing if quiet is true or w is not a terminal.
func newProgress(w io.Writer, quiet bool, n int) *progress {
	p := &progress{runs: make([]sim.Progress, n), drawn: time.Now()}
	if !quiet && isTerminal(w) {
		p.bar = newBar(w)
	}
	return p
}

// newBar returns a progress bar without colours.
func newBar(w io.Writer) *progressbar.ProgressBar {
	return progressbar.NewOptions64(1, progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(24),
		progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true))
}

// of returns the callback for the progress of run i, or nil if nothing is shown.
func (p *progress) of(i int) func(sim.Progress) {
	if p.bar == nil {
		return nil
	}
	return func(s sim.Progress) { p.report(i, s, time.Now()) }
}

// report records the progress of run i, and redraws the line after redrawInterval.
func (p *progress) report(i int, s sim.Progress, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runs[i] = s
	past := now.Sub(p.drawn)
	if past < redrawInterval {
		return
	}
	var sent, backlog, violations int64
	for _, r := range p.runs {
		sent, backlog, violations = sent+r.Done, backlog+r.Backlog, violations+r.Violations
	}
	rate := float64(sent-p.sent) / past.Seconds()
	p.drawn, p.sent = now, sent
	p.bar.ChangeMax64(max(s.Total*int64(len(p.runs)), 1)) // every run replays the same calendar
	p.bar.Describe(fmt.Sprintf("%s at %s · %.1f k grants/s · backlog %d · violations %d",
		s.Strategy, s.Now.In(shanghai).Format("01-02 15:04:05"), rate/1000, backlog, violations))
	_ = p.bar.Set64(sent)
}

// shanghai is the festival's time zone; it has had no daylight saving since 1991.
var shanghai = time.FixedZone("CST", 8*60*60)

// done removes the line.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colours reports whether output to w is coloured: on a terminal, unless NO_COLOR is set.
func colours(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }
