package crowd

import (
	"sync"
	"time"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// eventLog passes events to the oracle, one at a time and in order of time, as the oracle requires.
type eventLog struct {
	mu     sync.Mutex
	oracle *oracle.Oracle
	ids    denseIDs
	began  time.Time // with its monotonic reading, so that an adjusted clock never goes back
}

func newEventLog(c oracle.Config) *eventLog {
	return &eventLog{oracle: oracle.New(c), began: time.Now()}
}

// now returns the current time of the people's clock.
func (w *eventLog) now() wallet.Instant { return wallet.InstantOf(w.began.Add(time.Since(w.began))) }

// record passes an event that happens now to the oracle. It returns true if the event violates a check: the answer is wrong.
func (w *eventLog) record(what func(o *oracle.Oracle, now wallet.Instant)) (lied bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.oracle.Violations()
	what(w.oracle, w.now())
	return w.oracle.Violations() > before
}
