package limit

import (
	"context"

	"hongbao/reference/intercept"
	"hongbao/reference/wallet"
)

// egress is a hook that limits the rate of calls.
type egress struct {
	intercept.None
	clock   wallet.Clock
	limiter Limiter
}

// Before implements intercept.Hook.
func (e *egress) Before(ctx context.Context, _ intercept.Call) (intercept.Note, error) {
	return intercept.Note{}, e.limiter.Allow(ctx, e.clock.Now())
}

// LimitDownstreamRate limits the rate of calls to a downstream (L1), which accepts a fixed rate from all instances together.
// wallet.ErrLimited: nothing was sent.
func LimitDownstreamRate(d wallet.Downstream, clock wallet.Clock, l Limiter) wallet.Downstream {
	return intercept.Downstream(d, &egress{clock: clock, limiter: l})
}
