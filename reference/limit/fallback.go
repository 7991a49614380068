package limit

import (
	"context"
	"errors"
	"sync"

	"hongbao/reference/wallet"
)

// Fallback limits by a common count, and by this instance's share while the count cannot be asked (L2) or an operator
// says so. It never fails. A count that failed is left alone until the next window: so its time-outs cost one request a
// second, and instances come back to it together, because some that count beside some that share let too much pass.
type Fallback struct {
	Exact Limiter
	Share *Share

	// Local says that an operator wants the share; nil: nobody does.
	Local func() bool
	// Tripped is told when the count fails and when it answers again; nil: nobody is.
	Tripped func(failed error)

	mu     sync.Mutex
	resume int64 // the window from which on the count is asked again
	failed bool
}

// Allow implements Limiter: nil or wallet.ErrLimited.
func (f *Fallback) Allow(ctx context.Context, now wallet.Instant) error {
	if f.local(now) {
		return f.Share.Allow(ctx, now)
	}
	err := f.Exact.Allow(ctx, now)
	if err == nil || errors.Is(err, wallet.ErrLimited) {
		f.note(now, nil)
		return err
	}
	f.note(now, err)
	return f.Share.Allow(ctx, now)
}

// local says whether the share is to be used without asking. A count that failed is asked again whatever Local says,
// because Local may say no more than that it failed.
func (f *Fallback) local(now wallet.Instant) bool {
	f.mu.Lock()
	failed, resume := f.failed, f.resume
	f.mu.Unlock()
	if failed {
		return window(now) < resume
	}
	return f.Local != nil && f.Local()
}

// note remembers whether the count answered, and tells of a change.
func (f *Fallback) note(now wallet.Instant, err error) {
	f.mu.Lock()
	was := f.failed
	if f.failed = err != nil; f.failed {
		f.resume = window(now) + 1
	}
	f.mu.Unlock()
	if f.Tripped != nil && was != (err != nil) {
		f.Tripped(err)
	}
}
