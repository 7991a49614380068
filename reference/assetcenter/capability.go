package assetcenter

import (
	"context"
	"fmt"

	"hongbao/reference/activity"
	"hongbao/reference/limit"
	"hongbao/reference/wallet"
)

// capability is one check that a scene requires before anything is written (O2). A scene without capabilities has an
// empty plan and no cost.
type capability func(ctx context.Context, now wallet.Instant) error

// Plan computes the capabilities of every scene from its configuration. Call it once, before the first Grant.
//
// most is the largest number of grants a second, over all instances, that can be posted before the reply; 0 = no limit.
// It is the ledger's rate, shared by all scenes. It applies while grants are posted before the reply: always if Posts
// is set, otherwise while SwitchLastResort is on (D2). A grant above it is refused before anything is done.
//
// limiter returns a limiter of perSecond grants a second over all instances; limiters with a shared counter use name as
// its key (L2). Errors: ErrInvalid for an invalid rate, and those of limiter.
func (c *Center) Plan(most float64, limiter func(name string, perSecond int64) (limit.Limiter, error)) error {
	c.plans = map[*activity.Scene][]capability{}
	var shared []capability
	if most > 0 {
		share, err := limit.NewShare(most, c.Instances)
		if err != nil {
			return err
		}
		shared = append(shared, func(ctx context.Context, now wallet.Instant) error {
			if !c.PostsBeforeReply && !c.switched(wallet.SwitchLastResort) {
				return nil
			}
			return share.Allow(ctx, now)
		})
	}
	var failed error
	c.Index.Each(func(s *activity.Scene) {
		plan := shared
		if s.Award != wallet.Cash {
			plan = nil // the limit protects the ledger, which has no coupons
		}
		if s.RateLimit > 0 {
			l, err := limiter(fmt.Sprintf("scene/%s/%d", s.ID, s.Child.Stage), s.RateLimit)
			if err != nil {
				failed = err
				return
			}
			plan = append([]capability{l.Allow}, plan...)
		}
		if len(plan) > 0 {
			c.plans[s] = plan
		}
	})
	return failed
}
