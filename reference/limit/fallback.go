package limit

import (
	"context"
	"errors"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// restAfter is how long a count that failed is left alone: long enough that its time-outs cost nobody's latency, and
// short beside the minutes that a failover takes.
const restAfter = time.Second

// Fallback limits by a common count, and by this instance's share while the count cannot be asked (L2) or an operator
// says so. It never fails.
type Fallback struct {
	Exact Limiter
	Share *Share

	// Local says that an operator wants the share; nil: nobody does.
	Local func() bool
	// Tripped is told when the count fails and when it answers again; nil: nobody is.
	Tripped func(failed error)

	mu     sync.Mutex
	resume wallet.Instant // the count is not asked before
	failed bool
}

// Allow implements Limiter: nil or wallet.ErrLimited.
func (f *Fallback) Allow(ctx context.Context, now wallet.Instant) error {
	if f.Local != nil && f.Local() || f.resting(now) {
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

func (f *Fallback) resting(now wallet.Instant) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed && now < f.resume
}

// note remembers whether the count answered, and tells of a change.
func (f *Fallback) note(now wallet.Instant, err error) {
	f.mu.Lock()
	was := f.failed
	if f.failed = err != nil; f.failed {
		f.resume = now.Add(restAfter)
	}
	f.mu.Unlock()
	if f.Tripped != nil && was != (err != nil) {
		f.Tripped(err)
	}
}
