package scenarios

import (
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// RunningTotal is a comparison of ways to keep the running total (累计发放总额, R1–R5), made beside the festival under a load
// of its own: rounds of grants, each with one thing going wrong, and a rest after each in which nothing is granted and what
// the round has left behind can be seen.
type RunningTotal struct {
	Writers, Readers int           // instances that grant, instances that show the total
	Writes, Reads    Ratio         // grants and reads a second, all instances together
	Amount           []AmountBand  // what a grant is worth
	Before           wallet.Money  // granted before the first round
	Interval         time.Duration // between two flushes of a writer, and between two reads of a reader
	Latency          Latency       // of a call to Redis, each way
	Timeout          time.Duration // how long a caller waits for Redis
	KeyRate          Ratio         // calls a second that Redis answers on one key
	SwitchAfter      time.Duration // from the primary's death until operators move reads to the backup
	Rest             time.Duration // after each round
	Rounds           []TotalRound
}

// TotalRound is one round of grants and what goes wrong in it.
type TotalRound struct {
	Name  string
	Takes time.Duration
	Fault FaultKind     // FaultTimeout, FaultDown, FaultCrash, or nothing
	After time.Duration // from the round's start
	For   time.Duration
	// Ratio is of calls for FaultTimeout and of writers for FaultCrash. FaultDown is of the primary, which comes back with
	// nothing of what it held. Applied is the share of calls without an answer that took effect.
	Ratio, Applied Ratio
}

// Bounds of a comparison, so that a typing error cannot keep a machine busy for a day. The source's sizes, for a minute
// and a half, need a tenth of each.
const (
	MaxTotalGrants = 300_000_000 // all rounds together
	MaxTotalCalls  = 50_000_000  // flushes and reads of Redis, rests included
	MaxTotalRounds = 20
)

// Length returns how long the rounds and their rests take.
func (r *RunningTotal) Length() (all time.Duration) {
	for _, round := range r.Rounds {
		all += round.Takes + r.Rest
	}
	return all
}

// runningTotal scales the comparison: fewer instances, less load, a slower Redis. Times stay, and so does every share of the
// total, because what was granted before scales with the rest.
func (s *scaler) runningTotal(r *RunningTotal) *RunningTotal {
	if r == nil {
		return nil
	}
	out := *r
	out.Writers, out.Readers = int(s.whole(int64(r.Writers))), int(s.whole(int64(r.Readers)))
	out.Writes, out.Reads, out.KeyRate = s.exact(r.Writes), s.exact(r.Reads), s.exact(r.KeyRate)
	out.Before = wallet.Money(s.whole(int64(r.Before)))
	return &out
}

// String prints what goes wrong as one line.
func (r TotalRound) String() string {
	switch r.Fault {
	case FaultTimeout:
		return fmt.Sprintf("%s: %v of the calls time out for %v (%v of them applied)", r.Name, r.Ratio, r.For, r.Applied)
	case FaultDown:
		return fmt.Sprintf("%s: the primary is away for %v and comes back empty", r.Name, r.For)
	case FaultCrash:
		return fmt.Sprintf("%s: %v of the writers stop within %v", r.Name, r.Ratio, r.For)
	}
	return r.Name + ": nothing goes wrong"
}
