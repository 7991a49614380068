package limit

import (
	"context"
	"errors"
	"sync"

	"hongbao/reference/wallet"
)

// Fallback limits by a shared counter, and by this instance's share while the count is unreachable (L2) or an operator wants
// the share. It never fails. After a failure the count is not called until the next window. So its time-outs cost one
// request a second, and all instances return to it together: if some counted while others used their share, too many
// requests would pass.
type Fallback struct {
	Exact Limiter
	Share *Share

	// Local reports whether an operator wants the share; nil: never.
	Local func() bool
	// Tripped is called when the count fails (with the error) and when it answers again (with nil); nil: not called.
	Tripped func(failed error)

	mu     sync.Mutex
	resume int64 // the first window in which the count is called again
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

// local reports whether to use the share without calling the count. A count that failed is called again whatever Local
// reports, because Local may be true only because it failed.
func (f *Fallback) local(now wallet.Instant) bool {
	f.mu.Lock()
	failed, resume := f.failed, f.resume
	f.mu.Unlock()
	if failed {
		return window(now) < resume
	}
	return f.Local != nil && f.Local()
}

// note records whether the count answered, and reports a change.
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
