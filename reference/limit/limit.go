// Package limit limits rates and concurrency (L1–L3). There are three ways to limit a rate over all instances: Share gives
// each instance a fixed part, Counted takes each permit from a shared counter, and Leased takes several permits from that
// counter at a time. Fallback uses the share while the shared counter is unreachable. A Gate bounds the requests of one kind of
// traffic, so that no kind takes the capacity of another.
//
// Units: requests, and windows of one second by the caller's clock. The package must not wait, start goroutines or hold a
// lock over a call of a port: it runs in virtual time too.
package limit

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"hongbao/reference/wallet"
)

// Limiter decides for each request whether it may pass.
type Limiter interface {
	// Allow returns nil, or wallet.ErrLimited: the request must not pass. Another error: the limiter cannot decide.
	Allow(ctx context.Context, now wallet.Instant) error
}

// Share is the simple limit of a cluster: total / instances (L2). It needs no call. It is inexact if the instances'
// traffic is uneven. Its library counts in floats.
type Share struct{ limiter *rate.Limiter }

// NewShare returns one instance's part of perSecond requests a second, with a burst of one second. ErrInvalid: a number
// is not above zero.
func NewShare(perSecond float64, instances int) (*Share, error) {
	if !(perSecond > 0) || instances < 1 {
		return nil, fmt.Errorf("%w: limit: %v a second over %d instances", wallet.ErrInvalid, perSecond, instances)
	}
	each := perSecond / float64(instances)
	return &Share{rate.NewLimiter(rate.Limit(each), max(1, int(each)))}, nil
}

// Allow implements Limiter. It calls no other system.
func (s *Share) Allow(_ context.Context, now wallet.Instant) error {
	if s.limiter.AllowN(now.Time(), 1) {
		return nil
	}
	return wallet.ErrLimited
}

// window returns the second that contains an instant.
func window(now wallet.Instant) int64 { return int64(now) / int64(time.Second/time.Microsecond) }
