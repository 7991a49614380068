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

// witness tells the oracle what clients ask and what they are told, and counts it. The oracle wants its calls one at a
// time and in the order of their instants, and so the witness gives the instants out.
type witness struct {
	mu     sync.Mutex
	oracle *oracle.Oracle
	latest wallet.Instant
	counts map[outcome]int64
	acked  wallet.Money // by first acknowledgements
	grants int64        // acknowledged, each once
	solved int64        // grants and withdrawals whose outcome was unknown for a time
}

// outcome is an operation and how a try of it ended.
type outcome struct{ op, result string }

// resultOK is the result of a try that was answered with a yes.
const resultOK = "ok"

func newWitness(a wallet.Activity, people int) *witness {
	return &witness{
		oracle: oracle.New(oracle.Config{Strategy: wallet.StrategyToken, Activity: a, People: int64(people)}),
		counts: map[outcome]int64{},
	}
}

// tell calls fn with the oracle and a moment that is later than all before.
func (w *witness) tell(fn func(o *oracle.Oracle, now wallet.Instant)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.latest = max(w.latest+1, wallet.InstantOf(time.Now()))
	fn(w.oracle, w.latest)
}

// answered counts one try.
func (w *witness) answered(op string, err error) {
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

// granted counts a grant's first acknowledgement.
func (w *witness) granted(amount wallet.Money) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.grants++
	w.acked += amount
}

// learnt counts a grant or withdrawal whose outcome its client knows in the end, and did not know before.
func (w *witness) learnt(wasUnknown bool) {
	if !wasUnknown {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.solved++
}

// violations returns what the oracle has seen that must not be, while the service still runs.
func (w *witness) violations() (first []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.oracle.Checks() {
		if c.Violations > 0 {
			first = append(first, fmt.Sprintf("%s: %d violations; first: %s", c.Name, c.Violations, c.First))
		}
	}
	return first
}

// count returns how many tries of an operation had the result.
func (w *witness) count(op, result string) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[outcome{op, result}]
}

// outcomes returns the counts, by operation and then result.
func (w *witness) outcomes() []outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(maps.Keys(w.counts), func(a, b outcome) int {
		return slices.Compare([]string{a.op, a.result}, []string{b.op, b.result})
	})
}

// tokensLost tells that the server's copies of what is acknowledged until now may be gone.
func (w *witness) tokensLost() {
	w.tell(func(o *oracle.Oracle, now wallet.Instant) { o.TokensLost(now) })
}
