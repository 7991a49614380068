package crowd

import (
	"sync"
	"time"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// witness tells the oracle what happened, one thing at a time and in order of time, as it demands.
type witness struct {
	mu     sync.Mutex
	oracle *oracle.Oracle
	ids    numbers
	began  time.Time // with its monotonic reading, so that no adjusted clock turns back
}

func newWitness(c oracle.Config) *witness {
	return &witness{oracle: oracle.New(c), began: time.Now()}
}

// now is the moment by the people's clock.
func (w *witness) now() wallet.Instant { return wallet.InstantOf(w.began.Add(time.Since(w.began))) }

// tell has the oracle hear of something that happens now. It returns true when that broke a rule: whoever answered it
// has lied.
func (w *witness) tell(what func(o *oracle.Oracle, now wallet.Instant)) (lied bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.oracle.Violations()
	what(w.oracle, w.now())
	return w.oracle.Violations() > before
}
