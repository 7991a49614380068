package crash

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// eventLog passes clients' requests and replies to the oracle and counts them. The oracle needs calls one at a time and
// in the order of their instants, so the eventLog assigns the instants.
type eventLog struct {
	mu          sync.Mutex
	oracle      *oracle.Oracle
	latest      wallet.Instant
	counts      map[outcome]int64
	ackedAmount wallet.Money // of first acknowledgements
	grants      int64        // acknowledged, each once
	resolved    int64        // grants and withdrawals whose outcome was unknown for a while
}

// outcome is an operation and the result of a try.
type outcome struct{ op, result string }

// resultOK is the result of a successful try.
const resultOK = "ok"

func newEventLog(a wallet.Activity, people int) *eventLog {
	return &eventLog{
		oracle: oracle.New(oracle.Config{Strategy: wallet.StrategyToken, Activity: a, People: int64(people)}),
		counts: map[outcome]int64{},
	}
}

// withOracle calls fn with the oracle and an instant later than all before.
func (w *eventLog) withOracle(fn func(o *oracle.Oracle, now wallet.Instant)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.latest = max(w.latest+1, wallet.InstantOf(time.Now()))
	fn(w.oracle, w.latest)
}

// countTry counts one try.
func (w *eventLog) countTry(op string, err error) {
	result := resultOK
	if err != nil {
		result = wallet.CodeOf(err).String()
		if wallet.CodeOf(err) == wallet.CodeRefused {
			result = wallet.ReasonOf(err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[outcome{op, result}]++
}

// countGrant counts a grant's first acknowledgement.
func (w *eventLog) countGrant(amount wallet.Money) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.grants++
	w.ackedAmount += amount
}

// countResolved counts a grant or withdrawal whose outcome was unknown and is now known.
func (w *eventLog) countResolved(wasUnknown bool) {
	if !wasUnknown {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resolved++
}

// violations returns the violations that the oracle has found so far, while the service runs.
func (w *eventLog) violations() (first []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.oracle.Checks() {
		if c.Violations > 0 {
			first = append(first, fmt.Sprintf("%s: %d violations; first: %s", c.Name, c.Violations, c.First))
		}
	}
	return first
}

// count returns the number of an operation's tries with a result.
func (w *eventLog) count(op, result string) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[outcome{op, result}]
}

// outcomes returns all counted pairs, by operation and then result.
func (w *eventLog) outcomes() []outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(maps.Keys(w.counts), func(a, b outcome) int {
		return slices.Compare([]string{a.op, a.result}, []string{b.op, b.result})
	})
}

// tokensLost reports that the server's token copies of grants acknowledged so far may be lost.
func (w *eventLog) tokensLost() {
	w.withOracle(func(o *oracle.Oracle, now wallet.Instant) { o.TokensLost(now) })
}
