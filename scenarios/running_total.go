package scenarios

import (
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// RunningTotal is a comparison of ways to keep the running total (累计发放总额, R1–R5). It is a separate run with its own
// load: rounds of grants with at most one fault each. A rest without grants follows each round; in it the error that the
// round left is measured.
type RunningTotal struct {
	Writers, Readers int           // instances that grant, instances that show the total
	Writes, Reads    Ratio         // grants and reads a second, all instances together
	Amount           []AmountBand  // what a grant is worth
	Before           wallet.Money  // granted before the first round
	Interval         time.Duration // between two flushes of a writer, and between two reads of a reader
	Latency          Latency       // of a call to Redis, each way
	Timeout          time.Duration // how long a caller waits for Redis
	KeyRate          Ratio         // calls a second that Redis answers on one key
	SwitchAfter      time.Duration // from the primary's failure until operators move reads to the backup
	Rest             time.Duration // after each round
	Rounds           []TotalRound
}

// TotalRound is one round of grants with its fault.
type TotalRound struct {
	Name  string
	Takes time.Duration
	Fault FaultKind     // FaultTimeout, FaultDown, FaultCrash, or "" for no fault
	After time.Duration // from the round's start
	For   time.Duration
	// Ratio is a share of the calls for FaultTimeout and of the writers for FaultCrash. FaultDown concerns the primary, which
	// is empty when it restarts. Applied is the share of unanswered calls that took effect.
	Ratio, Applied Ratio
}

// Bounds of a comparison, so that a typing error cannot keep a machine busy for a day. A comparison of 90 s at the source's
// size needs a tenth of each bound.
const (
	MaxTotalGrants = 300_000_000 // all rounds together
	MaxTotalCalls  = 50_000_000  // flushes and reads of Redis, including the rests
	MaxTotalRounds = 20
)

// Length returns the duration of all rounds and their rests.
func (r *RunningTotal) Length() (all time.Duration) {
	for _, round := range r.Rounds {
		all += round.Takes + r.Rest
	}
	return all
}

// runningTotal scales instances, load and the rate of Redis. Times are not scaled. Shares of the total do not change, because
// Before is scaled too.
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

// String prints the round's fault as one line.
func (r TotalRound) String() string {
	switch r.Fault {
	case FaultTimeout:
		return fmt.Sprintf("%s: %v of the calls time out for %v (%v of them applied)", r.Name, r.Ratio, r.For, r.Applied)
	case FaultDown:
		return fmt.Sprintf("%s: the primary is down for %v and restarts empty", r.Name, r.For)
	case FaultCrash:
		return fmt.Sprintf("%s: %v of the writers stop within %v", r.Name, r.Ratio, r.For)
	}
	return r.Name + ": no fault"
}
