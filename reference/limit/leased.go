package limit

import (
	"context"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

// leaseParts is into how many leases an even share of a second's permits is divided: an instance asks about so often a
// second, and what it may leave unused is about one such part.
const leaseParts = 10

// Leased takes permits from a common count some at a time and spends them here (ours, beyond L2): as exact as Counted
// for any traffic that wants more than there is, at a few calls a second and instance. As a second's permits come to
// their end, what is taken at a time becomes less, so that no instance sits on what another one needs.
type Leased struct {
	permits   wallet.Permits
	name      string
	perSecond int64
	instances int64

	mu     sync.Mutex
	window int64 // that held belongs to: permits end with their second
	held   int64
	next   int64 // how many to take at a time
	none   bool  // the window's permits are all taken
}

// NewLeased returns a limit of perSecond requests in each second over so many instances that count under the name.
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

// Allow implements Limiter. Errors besides wallet.ErrLimited are the count's.
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

// spend spends a permit that is held. Otherwise it returns how many to take, or wallet.ErrLimited.
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

// add takes in what was taken, and spends one of it. What came too late for its window is of no use.
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
		return nil // this request's own permit was good for its second
	}
	return wallet.ErrLimited
}

// part returns how many permits to take while so many are left.
func (l *Leased) part(left int64) int64 { return max(1, left/(l.instances*leaseParts)) }
