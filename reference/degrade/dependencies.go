package degrade

import "hongbao/reference/wallet"

// Strength says whether the service can go on without a system.
type Strength string

// The strengths.
const (
	Weak   Strength = "weak"
	Strong Strength = "strong"
)

// Dependency is a system that the service stands on (D1).
type Dependency struct {
	Name     string
	Strength Strength
	WayOut   Text            // what is done when it fails
	Switches []wallet.Switch // that stand before it; empty: there is none
}

// Dependencies returns the table of D1 as this service has it: the five of the source first. Its order KV is weak because
// downstreams know order numbers; here the orders of record lie in the books, so there is nothing to skip.
func Dependencies() []Dependency {
	out := []Dependency{
		{Name: "config centre", Strength: Weak, WayOut: Text{"read the local cache", "读本地缓存"}},
		{Name: "orders of record", Strength: Strong, WayOut: Text{"they lie in the books: see there", "订单在数据库中,同账本"}},
		{Name: "locks", Strength: Weak, WayOut: Text{"skip them: order numbers keep everything single", "跳过,由订单号保证幂等"}},
		{Name: "token store", Strength: Weak, WayOut: Text{"hold postings alone; the client's copy and the books restore the view", "只压单,靠客户端副本和账本恢复"}},
		{Name: "ledger", Strength: Strong, WayOut: Text{"switch to the replica; grants are refused with nothing done meanwhile", "切主,期间发放被拒绝且无副作用"}},
		{Name: "redis", Strength: Weak, WayOut: Text{"post at once into the books", "同步入账"}},
		{Name: "client tokens", Strength: Weak, WayOut: Text{"believe the server's copies alone", "只信服务端副本"}},
		{Name: "running total", Strength: Weak, WayOut: Text{"read the backup; repair from the ledger", "读备库,事后按账本修复"}},
		{Name: "coupon stock", Strength: Strong, WayOut: Text{"take without reading; greetings in place of coupons", "不读直接扣减;改发祝福语"}},
		{Name: "limit counters", Strength: Weak, WayOut: Text{"limit by each instance's share", "退化为单机限流"}},
		{Name: "reward systems", Strength: Weak, WayOut: Text{"the reward is issued on record and settled later", "先落单,稍后补发"}},
		{Name: "bank", Strength: Weak, WayOut: Text{"the money is held and paid later", "先冻结,稍后打款"}},
		{Name: "wallet page", Strength: Weak, WayOut: Text{"leave a source out and say so", "缺哪个来源就提示哪个"}},
	}
	for i := range out {
		for _, e := range Catalogue() {
			if e.Dependency == out[i].Name {
				out[i].Switches = append(out[i].Switches, e.Name)
			}
		}
	}
	return out
}
