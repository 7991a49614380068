package limit

import (
	"context"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

// leaseParts is the number of leases that an even share of a second's permits is divided into. An instance takes about this many
// leases a second, and leaves at most about one of them unused.
const leaseParts = 10

// Leased takes several permits at a time from a shared counter and spends them locally (our addition to L2). It is as exact as Counted
// for any traffic above the limit, at a few calls a second and instance. The fewer permits are left in a second, the
// smaller is each lease, so that no instance holds permits that another one needs.
type Leased struct {
	permits   wallet.Permits
	name      string
	perSecond int64
	instances int64

	mu     sync.Mutex
	window int64 // of held: permits expire with their second
	held   int64
	next   int64 // size of the next lease
	none   bool  // all permits of the window are taken
}

// NewLeased returns a limit of perSecond requests in each second over this number of instances that count under the name.
// ErrInvalid: see wallet.ValidPermits.
func NewLeased(p wallet.Permits, name string, perSecond int64, instances int) (*Leased, error) {
	if err := checked(p, name, perSecond); err != nil {
		return nil, err
	}
	if instances < 1 {
		return nil, fmt.Errorf("%w: limit: %s: %d instances", wallet.ErrInvalid, name, instances)
	}
	return &Leased{permits: p, name: name, perSecond: perSecond, instances: int64(instances), window: -1}, nil
}

// Allow implements Limiter. Errors other than wallet.ErrLimited are the shared counter's.
func (l *Leased) Allow(ctx context.Context, now wallet.Instant) error {
	w := window(now)
	want, err := l.spend(w)
	if err != nil || want == 0 {
		return err
	}
	took, left, err := l.permits.Take(ctx, l.name, w, want, l.perSecond)
	if err != nil {
		return fmt.Errorf("limit: %s: %w", l.name, err)
	}
	return l.add(w, took, left)
}

// spend spends a held permit and returns 0. Without one it returns how many to take, or wallet.ErrLimited.
func (l *Leased) spend(w int64) (want int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w != l.window {
		l.window, l.held, l.none, l.next = w, 0, false, l.part(l.perSecond)
	}
	switch {
	case l.held > 0:
		l.held--
		return 0, nil
	case l.none:
		return 0, wallet.ErrLimited
	}
	return l.next, nil
}

// add adds a lease and spends one permit of it. A lease that arrives after its window is lost.
func (l *Leased) add(w, took, left int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w == l.window {
		l.held += took
		l.next, l.none = l.part(left), l.none || left == 0
		if l.held > 0 {
			l.held--
			return nil
		}
		return wallet.ErrLimited
	}
	if took > 0 {
		return nil // the request was made in the window that its permit belongs to
	}
	return wallet.ErrLimited
}

// part returns the size of a lease while so many permits are left.
func (l *Leased) part(left int64) int64 { return max(1, left/(l.instances*leaseParts)) }
