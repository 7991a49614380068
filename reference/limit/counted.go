package limit

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// Counted takes a permit from a shared counter for each request (L2): exact, however uneven the traffic is, at one call a
// request. One key answers some ten thousand calls a second (R2), so it suits limits well below that.
type Counted struct {
	permits   wallet.Permits
	name      string
	perSecond int64
}

// NewCounted returns a limit of perSecond requests in each second over all instances that count under the name. ErrInvalid: see
// wallet.ValidPermits.
func NewCounted(p wallet.Permits, name string, perSecond int64) (*Counted, error) {
	if err := checked(p, name, perSecond); err != nil {
		return nil, err
	}
	return &Counted{p, name, perSecond}, nil
}

// Allow implements Limiter. Errors other than wallet.ErrLimited are the shared counter's.
func (c *Counted) Allow(ctx context.Context, now wallet.Instant) error {
	took, _, err := c.permits.Take(ctx, c.name, window(now), 1, c.perSecond)
	switch {
	case err != nil:
		return fmt.Errorf("limit: %s: %w", c.name, err)
	case took == 0:
		return wallet.ErrLimited
	}
	return nil
}

func checked(p wallet.Permits, name string, perSecond int64) error {
	if p == nil {
		return fmt.Errorf("%w: limit: %s has no shared counter", wallet.ErrInvalid, name)
	}
	return wallet.ValidPermits(name, max(perSecond, 1), perSecond)
}
