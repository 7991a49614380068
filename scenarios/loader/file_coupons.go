package loader

import (
	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

type couponsFile struct {
	place
	Instances  number             `json:"instances" jsonschema:"Instances of the asset centre that grant coupons."`
	SplitKeys  number             `json:"split_keys" jsonschema:"Number of keys per template in the split-key design (C5)."`
	Block      number             `json:"block" jsonschema:"Coupons that an instance leases at once while the stock is high (C5)."`
	Expiry     span               `json:"expiry" jsonschema:"An instance without a heartbeat for this long loses its lease."`
	Interval   span               `json:"interval" jsonschema:"Between two readings of the stock (C2), and between two rounds of chores."`
	Reserve    share              `json:"reserve" jsonschema:"Share that the source adds to the stock to hide double counting (C4)."`
	KeyRate    rate               `json:"key_rate" jsonschema:"Calls a second that Redis answers on one key (R2)."`
	KeyQueue   span               `json:"key_queue" jsonschema:"A call that would wait longer for its key is rejected."`
	Redis      quantilesFile      `json:"redis" jsonschema:"Duration of one call to Redis."`
	LeaseStore quantilesFile      `json:"book" jsonschema:"Duration of one call to the lease store."`
	Rest       span               `json:"rest" jsonschema:"Time after the last demand, until open calls have ended."`
	Templates  []couponFile       `json:"templates" jsonschema:"The coupons and the demand for them."`
	Faults     []couponsFaultFile `json:"faults,omitempty" jsonschema:"The faults, the same for every design."`
}

type couponFile struct {
	place
	Scene    sceneName `json:"scene" jsonschema:"The scene that grants the coupon; its reward is the template."`
	Stock    number    `json:"stock" jsonschema:"Number of coupons."`
	Floor    share     `json:"threshold,omitempty" jsonschema:"With less than this share left, the fallback is granted (C2); omitted: all coupons are granted."`
	Fallback sceneName `json:"fallback,omitempty" jsonschema:"The scene of the fallback coupon; omitted: a greeting."`
	Rate     []point   `json:"rate,omitempty" jsonschema:"Requests a second, linear between the points; the first at 0s. Omitted: the coupon is only a fallback."`
}

type couponsFaultFile struct {
	place
	Kind    word[couponFaults] `json:"kind" jsonschema:"timeout of calls, crash of instances, or failover of Redis."`
	After   span               `json:"after" jsonschema:"Time from the start of the comparison to the fault."`
	For     span               `json:"for,omitempty" jsonschema:"timeout, crash: duration of the fault."`
	Ratio   share              `json:"ratio,omitempty" jsonschema:"timeout: share of the calls that get no answer."`
	Applied share              `json:"applied,omitempty" jsonschema:"timeout: share of the unanswered calls that take effect."`
	Every   span               `json:"every,omitempty" jsonschema:"crash: interval between two crashes of an instance."`
	Away    span               `json:"away,omitempty" jsonschema:"crash: downtime of the instance."`
	Lost    span               `json:"lost,omitempty" jsonschema:"failover: age of the replica's state."`
}

// coupons returns the comparison, or nil if the file has none.
func (f *file) coupons() *scenarios.Coupons {
	in := &f.Coupons
	if !in.ok {
		return nil
	}
	out := &scenarios.Coupons{Instances: int(in.Instances.v), SplitKeys: int(in.SplitKeys.v), Block: in.Block.v, Expiry: in.Expiry.v,
		Interval: in.Interval.v, Reserve: in.Reserve.v, KeyRate: in.KeyRate.v, KeyQueue: in.KeyQueue.v,
		Redis: in.Redis.latency(), LeaseStore: in.LeaseStore.latency(), Rest: in.Rest.v}
	for _, t := range in.Templates {
		reward, award := f.rewardOf(t.Scene.v)
		fallback, _ := f.rewardOf(t.Fallback.v)
		out.Templates = append(out.Templates, scenarios.CouponTemplate{Scene: t.Scene.v, Reward: reward, Award: award, Stock: t.Stock.v,
			Threshold: t.Floor.ratio(), Fallback: fallback, Rate: each(t.Rate, point.get)})
	}
	for _, c := range in.Faults {
		out.Faults = append(out.Faults, scenarios.CouponFault{Kind: scenarios.FaultKind(c.Kind.v), After: c.After.v, For: c.For.v,
			Ratio: c.Ratio.ratio(), Applied: c.Applied.ratio(), Every: c.Every.v, Away: c.Away.v, Lost: c.Lost.v})
	}
	return out
}

// rewardOf returns the reward and its type for a scene, or zero values if there is no such scene.
func (f *file) rewardOf(scene wallet.SceneID) (wallet.RewardID, wallet.AwardType) {
	if r := f.branchOf(scene); r != nil {
		return wallet.RewardID(r.Reward.v), awardOf(r.Type)
	}
	return "", 0
}

// checkCoupons checks the comparison of coupon counters, if there is one.
func (f *faults) checkCoupons(in *file) {
	c := &in.Coupons
	if !c.ok {
		return
	}
	f.checkCounts("write the number", []count{{c.Instances, scenarios.MaxCouponInstances}, {c.SplitKeys, 256}, {c.Block, wallet.MaxStock}})
	f.checkLengths(c.Expiry, c.Interval, c.Rest)
	f.checkRates(c.KeyRate)
	f.checkLatency(&latencyFile{Client: c.Redis, Identity: c.LeaseStore})
	if len(c.Templates) > scenarios.MaxCouponTemplates {
		f.add(c.Templates[scenarios.MaxCouponTemplates].at, "keep the most important ones", "more than %d templates", scenarios.MaxCouponTemplates)
	}
	for i := range c.Templates {
		f.checkCoupon(in, i)
	}
	f.checkCouponDemand(c)
	for i := range c.Faults {
		f.checkCouponsFault(&c.Faults[i])
	}
}

// checkCoupon checks one template: it is a coupon of the tree, and its fallback is another template of the comparison.
func (f *faults) checkCoupon(in *file, i int) {
	t := &in.Coupons.Templates[i]
	f.checkCouponScene(in, t.Scene)
	f.refuse(t.Stock.place, t.Stock.v == 0 || t.Stock.v > wallet.MaxStock, "write the number of coupons", "a stock of %d is not between 1 and %d", t.Stock.v, int64(wallet.MaxStock))
	reward, _ := in.rewardOf(t.Scene.v)
	for _, other := range in.Coupons.Templates[:i] {
		if r, _ := in.rewardOf(other.Scene.v); r == reward && reward != "" {
			f.add(t.Scene.at, "write each template once", "template %q appears twice, first in line %d", short(string(reward)), other.Scene.at.line)
		}
	}
	if fb := t.Fallback; fb.ok {
		found := false
		for _, other := range in.Coupons.Templates {
			if other.Scene.v == fb.v && fb.v != t.Scene.v {
				found = other.Fallback.at == (spot{})
			}
		}
		f.refuse(fb.place, !found, "write the scene of another template that has no fallback", "%q cannot be the fallback", fb.v)
		f.refuse(fb.place, !t.Floor.ok && t.Floor.at == (spot{}), "add a threshold, such as 10%", "without a threshold the fallback is never granted")
	}
	if n := len(t.Rate); n > 0 && t.Rate[0].ok && t.Rate[0].v.At != 0 {
		f.add(t.Rate[0].at, "write the first point at 0s", "the demand does not begin at 0s")
	}
	for j := 1; j < len(t.Rate); j++ {
		a, b := t.Rate[j-1], t.Rate[j]
		f.refuse(b.place, a.ok && b.v.At <= a.v.At, "write the points in order of time", "the point is not after the previous one")
	}
}

// checkCouponScene checks the scene of a template: it exists and grants a coupon whose id can be part of a key.
func (f *faults) checkCouponScene(in *file, scene sceneName) {
	if !scene.ok {
		return
	}
	reward, award := in.rewardOf(scene.v)
	switch {
	case reward == "":
		f.add(scene.at, "write a scene of `rewards`", "there is no scene %q", scene.v)
	case award == wallet.Cash:
		f.add(scene.at, "cash is bounded by the stage's budget", "scene %q grants no coupons", scene.v)
	case wallet.Template{Reward: reward, Stage: wallet.Official}.Validate() != nil:
		f.add(scene.at, "give the reward an id of at most 32 lower-case letters, digits and '-'", "%q cannot be a template", short(string(reward)))
	}
}

// checkCouponDemand refuses a comparison that would take too long.
func (f *faults) checkCouponDemand(c *couponsFile) {
	sum, length := int64(0), c.Rest.v
	for _, t := range c.Templates {
		one := scenarios.CouponTemplate{}
		for _, p := range t.Rate {
			if !p.ok {
				return
			}
			one.Rate = append(one.Rate, p.v)
			length = max(length, p.v.At+c.Rest.v)
		}
		curve, err := one.Curve()
		if err != nil {
			f.add(t.Rate[0].at, "write fewer decimals", "the rate has too many decimals")
			return
		}
		sum += curve.Grants()
	}
	f.refuse(c.place, sum > scenarios.MaxCouponDemand, "write fewer or smaller rates", "%d requests are more than %d", sum, scenarios.MaxCouponDemand)
	f.refuse(c.place, length > scenarios.MaxCouponLength, "write a shorter demand or rest", "%v is longer than %v", length, scenarios.MaxCouponLength)
}

// checkCouponsFault checks that a fault has exactly the keys of its kind.
func (f *faults) checkCouponsFault(in *couponsFaultFile) {
	if !in.Kind.ok {
		return
	}
	kindKeys := map[scenarios.FaultKind]string{scenarios.FaultTimeout: "for ratio applied", scenarios.FaultCrash: "for every away", scenarios.FaultFailover: "lost"}[scenarios.FaultKind(in.Kind.v)]
	f.checkKeys(in.Kind.place, in.Kind.v, kindKeys, "after", []key{{"for", in.For.place}, {"ratio", in.Ratio.place}, {"applied", in.Applied.place},
		{"every", in.Every.place}, {"away", in.Away.place}, {"lost", in.Lost.place}})
	f.refuse(in.Every.place, in.Every.v < minCrashGap, "write the interval between crashes, such as 2s", "every must be at least %v", minCrashGap)
	f.refuse(in.Lost.place, in.After.ok && in.Lost.v > in.After.v, "write at most the value of after", "the failover would lose writes from before the start")
}
