package degrade

import "hongbao/reference/wallet"

// Strength is whether the service can work without a dependency.
type Strength string

// The strengths.
const (
	weak   Strength = "weak"
	strong Strength = "strong"
)

// Dependency is a system that the service calls, and how the service limits the effect of its faults: the five ways of D4.
type Dependency struct {
	Name      string
	Strength  Strength
	Limit     Text            // the bounds of the calls to it: rate and duration
	Breakers  []string        // the names of its breakers
	NoBreaker Text            // why it has none, or which calls pass it; empty: none do
	WayOut    Text            // the fallback when it fails
	Isolation Text            // why its faults take no resources that other dependencies need
	Switches  []wallet.Switch // the switches that degrade it
}

// Dependencies returns this service's table of D1 and D4, with the five dependencies of the source first. The source's order
// KV, which is weak, has no counterpart: here the orders of record are stored in the ledger database.
func Dependencies() []Dependency {
	out := append(sourceDependencies(), strongStores()...)
	out = append(out, weakStores()...)
	out = append(out, externalSystems()...)
	for i := range out {
		for _, e := range Catalogue() {
			if e.Dependency == out[i].Name {
				out[i].Switches = append(out[i].Switches, e.Name)
			}
		}
	}
	return out
}

// sourceDependencies are the five dependencies of the source (D1).
func sourceDependencies() []Dependency {
	return []Dependency{
		{Name: "config centre", Strength: weak, Limit: Text{"one read per second and instance; 1 s per call", "每实例每秒读一次;单次1秒"}, NoBreaker: onlyChores(),
			WayOut: Text{"read the local cache", "读本地缓存"}, Isolation: redisIsolation()},
		{Name: "orders of record", Strength: strong, Limit: sqlLimits(), Breakers: []string{BreakerOrders},
			NoBreaker: Text{"chores that list open orders pass it", "后台扫描未完成订单不经过熔断"},
			WayOut:    Text{"they are stored in the ledger database: see the ledger", "订单在数据库中,同账本"}, Isolation: sqlIsolation()},
		{Name: "locks", Strength: weak, Limit: Text{"one call per chore and instance; 1 s per call", "每实例每个后台任务一次;单次1秒"}, NoBreaker: onlyChores(),
			WayOut: Text{"skip them: order numbers make the work idempotent", "跳过,由订单号保证幂等"}, Isolation: redisIsolation()},
		{Name: "token store", Strength: weak, Limit: redisLimits(), Breakers: []string{BreakerTokens},
			WayOut: Text{"only hold postings; the client's copy and the ledger restore the view", "只压单,靠客户端副本和账本恢复"}, Isolation: redisIsolation()},
		{Name: "ledger", Strength: strong, Limit: Text{sqlLimits().EN + "; sync_limit bounds the grants posted before they are answered", sqlLimits().ZH + ";sync_limit限制同步入账"},
			Breakers: []string{BreakerLedger}, WayOut: Text{"switch to the replica; until then grants are refused without side effects", "切主,期间发放被拒绝且无副作用"}, Isolation: sqlIsolation()},
	}
}

// strongStores are our other strong stores.
func strongStores() []Dependency {
	after := Text{"accounts, orders or ledger are called with it in the same database, so their breakers protect it", "与账号、订单或账本同库且一并访问,由其熔断保护"}
	return []Dependency{
		{Name: "accounts", Strength: strong, Limit: sqlLimits(), Breakers: []string{BreakerAccounts},
			WayOut: Text{"grants to recently seen persons continue; others are refused without side effects", "近期用户的发放继续,其余拒绝且无副作用"}, Isolation: sqlIsolation()},
		{Name: "budgets", Strength: strong, Limit: Text{"one call per leased block, not per grant; otherwise like the ledger database", "按租用额度块访问而非每笔;其余同数据库"}, NoBreaker: after,
			WayOut: Text{"grants use the leased block; then they are refused without side effects", "继续用已租额度,用完则拒绝且无副作用"}, Isolation: sqlIsolation()},
		{Name: "withdrawals and packets", Strength: strong, Limit: sqlLimits(), NoBreaker: after,
			WayOut: Text{"refused without side effects; chores finish the recorded ones", "拒绝且无副作用,已落单的由后台完成"}, Isolation: sqlIsolation()},
		{Name: "reward records", Strength: strong, Limit: sqlLimits(), Breakers: []string{BreakerItems},
			NoBreaker: Text{"chores that list and count them pass it", "后台扫描和计数不经过熔断"},
			WayOut:    Text{"rewards are refused without side effects; cash continues", "奖励拒绝且无副作用,现金照常"}, Isolation: sqlIsolation()},
		{Name: "coupon stock", Strength: strong, Limit: Text{"one call per leased block, or per coupon under the other strategies; 1 s per call", "按租用块访问,其他策略每券一次;单次1秒"},
			Breakers: []string{BreakerStock}, NoBreaker: Text{"chores that read the issued count pass it", "剩余量由后台读取,不经过熔断"},
			WayOut: Text{"take without reading; grant greetings instead of coupons", "不读直接扣减;改发祝福语"}, Isolation: redisIsolation()},
	}
}

// weakStores are our other weak stores.
func weakStores() []Dependency {
	return []Dependency{
		{Name: "backlog", Strength: weak, Limit: Text{redisLimits().EN + "; a full backlog refuses pushes", redisLimits().ZH + ";压单满则拒绝"}, Breakers: []string{BreakerBacklog},
			NoBreaker: Text{"posters pass it: they pause by themselves", "入账任务不经过熔断,自带休息"},
			WayOut:    Text{"compensation posts from the order of record", "以订单为准,由补偿入账"}, Isolation: Text{"shards, each posted by one instance; forced posting bypasses it", "按分片,每片一个实例入账;强制入账绕过压单"}},
		{Name: "redis", Strength: weak, Limit: redisLimits(), Breakers: []string{BreakerTokens, BreakerBacklog, BreakerStock},
			WayOut: Text{"post to the ledger before answering", "同步入账"}, Isolation: Text{"roles (tokens, locks, totals, switches) can each have separate endpoints", "按用途(令牌、锁、总额、开关)可各用独立端点"}},
		{Name: "client tokens", Strength: weak, Limit: Text{"256 tokens per request", "每请求256个令牌"}, NoBreaker: Text{"they are opened in the process, without a call", "进程内解密,不访问外部"},
			WayOut: Text{"trust only the server's copies", "只信服务端副本"}, Isolation: Text{"each token is refused individually, with its reason", "逐个令牌拒绝并说明原因"}},
		{Name: "running total", Strength: weak, Limit: Text{"one write and one read per second and instance; 1 s per call", "每实例每秒一写一读;单次1秒"}, NoBreaker: onlyChores(),
			WayOut: Text{"read the backup; repair from the ledger", "读备库,事后按账本修复"}, Isolation: redisIsolation()},
		{Name: "limit counters", Strength: weak, Limit: Text{"permits are leased in batches; 1 s per call", "批量租用许可;单次1秒"}, NoBreaker: Text{"the limiter pauses by itself and uses its share meanwhile", "限流器自带休息,期间按单机份额"},
			WayOut: Text{"limit by each instance's share", "退化为单机限流"}, Isolation: redisIsolation()},
		{Name: "wallet page", Strength: weak, Limit: Text{"short pages; 4,096 concurrent requests", "短页;同时4,096个请求"}, NoBreaker: Text{"its sources have breakers", "各来源自有熔断"},
			WayOut: Text{"omit a source and report it", "缺哪个来源就提示哪个"}, Isolation: Text{"each source fails independently", "各来源独立降级"}},
	}
}

// externalSystems are the systems of other companies.
func externalSystems() []Dependency {
	separate := Text{"64 concurrent calls to each, without waiting", "每个系统同时最多64个调用,不排队等待"}
	var awards []string
	for a := wallet.Cash + 1; a.Valid(); a++ {
		awards = append(awards, a.String())
	}
	return []Dependency{
		{Name: "reward systems", Strength: weak, Limit: Text{"a rate per type over all instances; 2 s per call", "各类型自有速率,全实例合计;单次2秒"}, Breakers: awards,
			WayOut: Text{"the reward is recorded as issued and settled later", "先落单,稍后补发"}, Isolation: Text{separate.EN + "; separate connections", separate.ZH + ";连接独立"}},
		{Name: "bank", Strength: weak, Limit: Text{"limits.withdrawals_per_s at the ingress; the request's deadline", "入口limits.withdrawals_per_s;不超过请求时限"}, Breakers: []string{BreakerBank},
			WayOut: Text{"the money is held and paid later", "先冻结,稍后打款"}, Isolation: separate},
	}
}

// Texts that several dependencies share: those stored in the ledger database, those in Redis, and those that only chores call.

func sqlLimits() Text {
	return Text{"per shard 16 connections, 8,192 waiting writes and 8,192 waiting reads; 5 s per statement and at most the request's deadline", "每分片16个连接,写等待8,192、读等待8,192;单条语句5秒且不超过请求时限"}
}

func redisLimits() Text {
	return Text{"one pipelined connection per node, 500 commands per round trip; 1 s per call", "每节点一个流水线连接,每次往返500条命令;单次1秒"}
}

func sqlIsolation() Text {
	return Text{"each shard has separate connections and a separate queue; reads do not wait for writes", "每分片连接和队列独立,读不排在写后面"}
}

func redisIsolation() Text {
	return Text{"a separate endpoint, which the configuration can separate from the others", "独立端点,可按配置与其他用途分开部署"}
}

func onlyChores() Text {
	return Text{"only chores call it, and they retry in their next round", "仅后台任务访问,失败等下一轮"}
}
