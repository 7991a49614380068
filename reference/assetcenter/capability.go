package assetcenter

import (
	"golang.org/x/time/rate"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// capability is one thing that a scene asks for and that is done before anything is written (O2). A scene that asks
// for none has an empty plan and pays nothing.
type capability func(now wallet.Instant, r wallet.GrantRequest) error

// Plan works out every scene's capabilities from its switches. Call it once, before the first Grant. limit is the
// most grants a second over all instances that the delivery can take, 0 = no limit: under StrategySync the ledger's
// own rate, shared by all scenes.
func (c *Center) Plan(limit float64) {
	c.plans = map[*activity.Scene][]capability{}
	var shared []capability
	if limit > 0 {
		shared = append(shared, limited(limit/float64(c.Nodes)))
	}
	c.Index.Each(func(s *activity.Scene) {
		plan := shared
		if s.RateLimit > 0 {
			plan = append([]capability{limited(float64(s.RateLimit) / float64(c.Nodes))}, shared...)
		}
		if len(plan) > 0 {
			c.plans[s] = plan
		}
	})
}

// limited allows perSecond grants a second and a burst of one second (L2: an instance's share of the cluster limit).
func limited(perSecond float64) capability {
	l := rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))
	return func(now wallet.Instant, _ wallet.GrantRequest) error {
		if l.AllowN(now.Time(), 1) {
			return nil
		}
		return wallet.ErrLimited
	}
}
