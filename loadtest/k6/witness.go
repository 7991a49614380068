package k6

import (
	"sync"
	"time"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// witness tells the oracle what people asked and were answered, one thing after the other, as the oracle wants it. Its
// persons are places in the plan. Safe for concurrent use.
type witness struct {
	activity wallet.Activity
	start    time.Time // the clock: it does not jump when the machine's does

	mu        sync.Mutex
	oracle    *oracle.Oracle
	found     int64        // violations told of so far
	acked     wallet.Money // acknowledged
	open      wallet.Money // asked for, and not known whether granted
	ackedN    int64
	withdrawn int64 // withdrawals asked for
}

// newWitness returns a witness of so many people.
//
// The oracle judges as under the token strategy, in which a page shows what was acknowledged: so does one under sync,
// where it is posted by then. Under async it does not; see festival.judges.
func newWitness(a wallet.Activity, people int64) *witness {
	return &witness{activity: a, start: time.Now(),
		oracle: oracle.New(oracle.Config{Strategy: wallet.StrategyToken, Activity: a, People: people})}
}

// now is the moment on the crowd's clock.
func (w *witness) now() wallet.Instant { return wallet.InstantOf(w.start.Add(time.Since(w.start))) }

// tell passes something on, and returns how many violations it brought to light.
func (w *witness) tell(what func(o *oracle.Oracle, now wallet.Instant)) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	what(w.oracle, w.now())
	before := w.found
	w.found = w.oracle.Violations()
	return w.found - before
}

// granted tells of the answer to a win, and keeps the sums that budgets are compared with.
func (w *witness) granted(id oracle.GrantID, r wallet.GrantRequest, reply wallet.GrantReply, err error) int64 {
	return w.tell(func(o *oracle.Oracle, now wallet.Instant) {
		o.GrantAnswered(id, r, reply, err, now)
		switch {
		case err == nil:
			w.acked += reply.Amount
			w.ackedN++
		case outcomeOf(err) == Failed:
			w.open += r.Amount
		}
	})
}

// checks returns the oracle's checks.
func (w *witness) checks() []oracle.Check {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.oracle.Checks()
}

// violations returns how many the oracle has found.
func (w *witness) violations() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found
}

// sums returns what the wallet owes for certain, and what it may owe beyond.
func (w *witness) sums() (acked, open wallet.Money, orders, withdrawals int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.acked, w.open, w.ackedN, w.withdrawn
}
