package degrade

import "hongbao/reference/wallet"

// Strength tells whether the service can go on without a dependency.
type Strength string

// The strengths.
const (
	Weak   Strength = "weak"
	Strong Strength = "strong"
)

// Dependency is a system that the service calls, and how the service limits the effect of its faults: the five ways of D4.
type Dependency struct {
	Name      string
	Strength  Strength
	Limit     Text            // the bounds of the calls to it: rate and duration
	Breakers  []string        // the names of its breakers
	NoBreaker Text            // why it has none, or which calls pass it; empty: no call does
	WayOut    Text            // the fallback when it fails
	Isolation Text            // why its faults take no resources that other dependencies need
	Switches  []wallet.Switch // that degrade it
}

// Dependencies returns the table of D1 and D4 as this service has it: the five of the source first. Its order KV is weak
// because downstreams know order numbers; here the orders of record are stored in the ledger database, so it has no counterpart.
func Dependencies() []Dependency {
	out := append(sources(), strongStores()...)
	out = append(out, weakStores()...)
	out = append(out, others()...)
	for i := range out {
		for _, e := range Catalogue() {
			if e.Dependency == out[i].Name {
				out[i].Switches = append(out[i].Switches, e.Name)
			}
		}
	}
	return out
}

// sources are the five dependencies of the source (D1).
func sources() []Dependency {
	return []Dependency{
		{Name: "config centre", Strength: Weak, Limit: Text{"one read a second an instance; 1 s a call", "每实例每秒读一次;单次1秒"}, NoBreaker: chores(),
			WayOut: Text{"read the local cache", "读本地缓存"}, Isolation: ofRedis()},
		{Name: "orders of record", Strength: Strong, Limit: onBooks(), Breakers: []string{BreakerOrders},
			NoBreaker: Text{"chores that list open orders go past it", "后台扫描未完成订单不经过熔断"},
			WayOut:    Text{"they lie in the books: see the ledger", "订单在数据库中,同账本"}, Isolation: ofBooks()},
		{Name: "locks", Strength: Weak, Limit: Text{"one call a chore and an instance; 1 s a call", "每实例每个后台任务一次;单次1秒"}, NoBreaker: chores(),
			WayOut: Text{"skip them: order numbers keep everything single", "跳过,由订单号保证幂等"}, Isolation: ofRedis()},
		{Name: "token store", Strength: Weak, Limit: onRedis(), Breakers: []string{BreakerTokens},
			WayOut: Text{"hold postings alone; the client's copy and the books restore the view", "只压单,靠客户端副本和账本恢复"}, Isolation: ofRedis()},
		{Name: "ledger", Strength: Strong, Limit: Text{onBooks().EN + "; sync_limit bounds what is posted before it is answered", onBooks().ZH + ";sync_limit限制同步入账"},
			Breakers: []string{BreakerLedger}, WayOut: Text{"switch to the replica; grants are refused with nothing done meanwhile", "切主,期间发放被拒绝且无副作用"}, Isolation: ofBooks()},
	}
}

// strongStores are our other strong stores.
func strongStores() []Dependency {
	after := Text{"accounts, orders or ledger are asked with it, in the same books: their breakers spare it", "与账号、订单或账本同库且一并访问,由其熔断保护"}
	return []Dependency{
		{Name: "accounts", Strength: Strong, Limit: onBooks(), Breakers: []string{BreakerAccounts},
			WayOut: Text{"grants to persons seen lately go on; the rest is refused with nothing done", "近期用户的发放继续,其余拒绝且无副作用"}, Isolation: ofBooks()},
		{Name: "budgets", Strength: Strong, Limit: Text{"one call a leased block, not a grant; else as the books", "按租用额度块访问而非每笔;其余同数据库"}, NoBreaker: after,
			WayOut: Text{"grants go on out of the leased block; then they are refused with nothing done", "继续用已租额度,用完则拒绝且无副作用"}, Isolation: ofBooks()},
		{Name: "withdrawals and packets", Strength: Strong, Limit: onBooks(), NoBreaker: after,
			WayOut: Text{"refused with nothing done; what is on record is finished by chores", "拒绝且无副作用,已落单的由后台完成"}, Isolation: ofBooks()},
		{Name: "reward records", Strength: Strong, Limit: onBooks(), Breakers: []string{BreakerItems},
			NoBreaker: Text{"chores that list and count them go past it", "后台扫描和计数不经过熔断"},
			WayOut:    Text{"rewards are refused with nothing done; cash goes on", "奖励拒绝且无副作用,现金照常"}, Isolation: ofBooks()},
		{Name: "coupon stock", Strength: Strong, Limit: Text{"one call a leased block, or one a coupon under the other strategies; 1 s a call", "按租用块访问,其他策略每券一次;单次1秒"},
			Breakers: []string{BreakerStock}, NoBreaker: Text{"what is issued is read by chores, past it", "剩余量由后台读取,不经过熔断"},
			WayOut: Text{"take without reading; greetings in place of coupons", "不读直接扣减;改发祝福语"}, Isolation: ofRedis()},
	}
}

// weakStores are our other weak stores.
func weakStores() []Dependency {
	return []Dependency{
		{Name: "backlog", Strength: Weak, Limit: Text{onRedis().EN + "; a full backlog refuses", onRedis().ZH + ";压单满则拒绝"}, Breakers: []string{BreakerBacklog},
			NoBreaker: Text{"posters go past it: they rest by themselves", "入账任务不经过熔断,自带休息"},
			WayOut:    Text{"the order of record is enough: compensation posts it", "以订单为准,由补偿入账"}, Isolation: Text{"shards, each posted by one instance; forced posting goes past it", "按分片,每片一个实例入账;强制入账绕过压单"}},
		{Name: "redis", Strength: Weak, Limit: onRedis(), Breakers: []string{BreakerTokens, BreakerBacklog, BreakerStock},
			WayOut: Text{"post at once into the books", "同步入账"}, Isolation: Text{"roles (tokens, locks, totals, switches) can each have endpoints of their own", "按用途(令牌、锁、总额、开关)可各用独立端点"}},
		{Name: "client tokens", Strength: Weak, Limit: Text{"256 tokens a request", "每请求256个令牌"}, NoBreaker: Text{"they are opened in the process: nobody is asked", "进程内解密,不访问外部"},
			WayOut: Text{"believe the server's copies alone", "只信服务端副本"}, Isolation: Text{"each token is refused alone, by name", "逐个令牌拒绝并说明原因"}},
		{Name: "running total", Strength: Weak, Limit: Text{"one write and one read a second an instance; 1 s a call", "每实例每秒一写一读;单次1秒"}, NoBreaker: chores(),
			WayOut: Text{"read the backup; repair from the ledger", "读备库,事后按账本修复"}, Isolation: ofRedis()},
		{Name: "limit counters", Strength: Weak, Limit: Text{"permits are leased some at a time; 1 s a call", "批量租用许可;单次1秒"}, NoBreaker: Text{"the limiter rests by itself and goes by its share meanwhile", "限流器自带休息,期间按单机份额"},
			WayOut: Text{"limit by each instance's share", "退化为单机限流"}, Isolation: ofRedis()},
		{Name: "wallet page", Strength: Weak, Limit: Text{"short pages; 4,096 requests at once", "短页;同时4,096个请求"}, NoBreaker: Text{"its sources have theirs", "各来源自有熔断"},
			WayOut: Text{"leave a source out and say so", "缺哪个来源就提示哪个"}, Isolation: Text{"each source fails alone", "各来源独立降级"}},
	}
}

// others are the systems of other companies.
func others() []Dependency {
	apart := Text{"64 calls at a time to each, and nobody waits for a place", "每个系统同时最多64个调用,不排队等待"}
	var awards []string
	for a := wallet.Cash + 1; a.Valid(); a++ {
		awards = append(awards, a.String())
	}
	return []Dependency{
		{Name: "reward systems", Strength: Weak, Limit: Text{"each type's own rate, over all instances; 2 s a call", "各类型自有速率,全实例合计;单次2秒"}, Breakers: awards,
			WayOut: Text{"the reward is issued on record and settled later", "先落单,稍后补发"}, Isolation: Text{apart.EN + "; connections of its own", apart.ZH + ";连接独立"}},
		{Name: "bank", Strength: Weak, Limit: Text{"limits.withdrawals_per_s at the door; the request's deadline", "入口limits.withdrawals_per_s;不超过请求时限"}, Breakers: []string{BreakerBank},
			WayOut: Text{"the money is held and paid later", "先冻结,稍后打款"}, Isolation: apart},
	}
}

// Texts that several dependencies share: those in the ledger database, those in Redis, and those that only chores call.

func onBooks() Text {
	return Text{"16 connections, 8,192 waiting writes and 8,192 waiting reads a shard; 5 s a statement, and the request's deadline", "每分片16个连接,写等待8,192、读等待8,192;单条语句5秒且不超过请求时限"}
}

func onRedis() Text {
	return Text{"one pipelined connection a node, 500 commands a round trip; 1 s a call", "每节点一个流水线连接,每次往返500条命令;单次1秒"}
}

func ofBooks() Text {
	return Text{"each shard has connections and a queue of its own; reads go past the writes", "每分片连接和队列独立,读不排在写后面"}
}

func ofRedis() Text {
	return Text{"an endpoint of its own, apart from the others' by configuration", "独立端点,可按配置与其他用途分开部署"}
}

func chores() Text {
	return Text{"chores alone ask it, and wait for their next turn", "仅后台任务访问,失败等下一轮"}
}
