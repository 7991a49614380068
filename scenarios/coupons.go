package scenarios

import (
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// Coupons is a comparison of ways to count coupons against their stock (C1–C5). It is a separate run with its own demand.
// Moments count from the comparison's start.
type Coupons struct {
	Instances  int           // of the asset centre
	SplitKeys  int           // keys of one template under split-key
	Block      int64         // coupons that an instance leases at once
	Expiry     time.Duration // an instance without a heartbeat for this long loses its lease
	Interval   time.Duration // between two readings of the stock, and between two rounds of chores
	Reserve    Ratio         // added to the stock by the source to hide double counting (C4)
	KeyRate    Ratio         // calls a second that Redis answers on one key (R2)
	KeyQueue   time.Duration // a call that would wait longer for its key is rejected
	Redis      Latency       // of a call to Redis
	LeaseStore Latency       // of a call to the lease store
	Rest       time.Duration // after the last demand, until open calls have ended
	Templates  []CouponTemplate
	Faults     []CouponFault
}

// CouponTemplate is one coupon, its stock and the demand for it.
type CouponTemplate struct {
	Scene     wallet.SceneID
	Reward    wallet.RewardID
	Award     wallet.AwardType
	Stock     int64
	Threshold Ratio           // threshold: with less than this share left, the fallback is granted (C2); 0: all coupons are granted
	Fallback  wallet.RewardID // empty: a greeting
	Rate      []Point         // demand; empty: the coupon is only a fallback
}

// FaultFailover is a fault of the coupons' Redis only: the primary fails, and the replica that replaces it lacks the last
// writes.
const FaultFailover FaultKind = "failover"

// CouponFault is one fault of a comparison of coupons.
type CouponFault struct {
	Kind           FaultKind     // FaultTimeout, FaultCrash or FaultFailover
	After, For     time.Duration // For: not used by a failover
	Ratio, Applied Ratio         // timeout: share of the calls to Redis and to the lease store; share of these that took effect
	Every, Away    time.Duration // crash: interval between two crashes, and downtime of the instance
	Lost           time.Duration // failover: age of the replica's state
}

// Bounds of a comparison, so that a typing error cannot keep a machine busy for a day.
const (
	MaxCouponDemand    = 10_000_000 // requests of one design; a million takes a few seconds
	MaxCouponInstances = 2_000
	MaxCouponTemplates = 50
	MaxCouponLength    = time.Hour
)

// Length returns the duration of the comparison, including its rest.
func (c *Coupons) Length() time.Duration {
	end := time.Duration(0)
	for _, t := range c.Templates {
		if n := len(t.Rate); n > 0 {
			end = max(end, t.Rate[n-1].At)
		}
	}
	return end + c.Rest
}

// Curve returns a template's demand as exact integers; see Window.Curve.
func (t CouponTemplate) Curve() (Curve, error) {
	return Window{Name: string(t.Reward), Rate: t.Rate}.Curve()
}

// coupons scales demand, stock, instances and key rate of the comparison. Times are not scaled.
func (s *scaler) coupons(c *Coupons) *Coupons {
	if c == nil {
		return nil
	}
	out := *c
	out.Instances = int(s.whole(int64(c.Instances)))
	out.KeyRate = s.exact(c.KeyRate)
	out.Templates = make([]CouponTemplate, len(c.Templates))
	for i, t := range c.Templates {
		out.Templates[i] = t
		out.Templates[i].Stock = s.whole(t.Stock)
		out.Templates[i].Rate = s.points(t.Rate)
		if _, err := out.Templates[i].Curve(); err != nil && s.err == nil {
			s.err = err
		}
	}
	return &out
}

// String prints the fault as one line.
func (f CouponFault) String() string {
	switch f.Kind {
	case FaultTimeout:
		return fmt.Sprintf("timeout of %v of the calls (%v of them applied) from %v for %v", f.Ratio, f.Applied, f.After, f.For)
	case FaultCrash:
		return fmt.Sprintf("crash of an instance every %v for %v, from %v for %v", f.Every, f.Away, f.After, f.For)
	case FaultFailover:
		return fmt.Sprintf("failover after %v that loses the last %v", f.After, f.Lost)
	}
	return string(f.Kind)
}
