package assetcenter

import (
	"context"
	"fmt"

	"hongbao/reference/activity"
	"hongbao/reference/limit"
	"hongbao/reference/wallet"
)

// capability is one thing that a scene asks for and that is done before anything is written (O2). A scene that asks
// for none has an empty plan and pays nothing.
type capability func(ctx context.Context, now wallet.Instant) error

// Plan works out every scene's capabilities from its switches. Call it once, before the first Grant. most is the
// most grants a second over all instances that can be posted before they are answered, 0 = no limit: the ledger's own rate,
// shared by all scenes. It holds while grants are posted so: always where the delivery does, else at the last resort (D2),
// so that what the ledger cannot take is refused with nothing done. limiter returns the limit of so many grants a second over all instances, for those who
// count under a name (L2).
func (c *Center) Plan(most float64, limiter func(name string, perSecond int64) (limit.Limiter, error)) error {
	c.plans = map[*activity.Scene][]capability{}
	var shared []capability
	if most > 0 {
		share, err := limit.NewShare(most, c.Nodes)
		if err != nil {
			return err
		}
		shared = append(shared, func(ctx context.Context, now wallet.Instant) error {
			if !c.Posts && !c.switched(wallet.SwitchLastResort) {
				return nil
			}
			return share.Allow(ctx, now)
		})
	}
	var failed error
	c.Index.Each(func(s *activity.Scene) {
		plan := shared
		if s.Award != wallet.Cash {
			plan = nil // the delivery is the ledger's, and it moves no coupons
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
