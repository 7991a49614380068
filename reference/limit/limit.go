// Package limit holds the limits of rates and of crowds (L1–L3). Three ways to limit a rate over all instances: Share
// gives each its part, Counted asks a common count for each request, and Leased takes permits from that count some at a
// time. Fallback goes from one to the other while the count cannot be asked. Gates keep kinds of traffic from taking each
// other's room.
//
// Units: requests, and windows of one second by the clock of who asks. The package must not wait, start goroutines or
// hold a lock over a call of a port: it runs in virtual time too.
package limit

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"hongbao/reference/wallet"
)

// Limiter says of one request after the other whether it may pass.
type Limiter interface {
	// Allow returns nil, or wallet.ErrLimited with nothing done. Another error: it cannot tell.
	Allow(ctx context.Context, now wallet.Instant) error
}

// Share is the simple limit of a cluster: total / instances (L2). It costs nothing, and is as wrong as the instances'
// traffic is uneven. It counts in floats, by its library's design.
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

// Allow implements Limiter. It asks nobody.
func (s *Share) Allow(_ context.Context, now wallet.Instant) error {
	if s.limiter.AllowN(now.Time(), 1) {
		return nil
	}
	return wallet.ErrLimited
}

// window returns the second that a moment lies in.
func window(now wallet.Instant) int64 { return int64(now) / int64(time.Second/time.Microsecond) }
