package render

import (
	"hongbao/reports/text"
)

// meaning says in words what a check of the oracle looks at. A check it does not know stands by its name alone.
func meaning(check string) text.Text {
	switch check {
	case "order-once":
		return text.Text{EN: "An order number is granted once, with the content that was asked for, to its owner.", ZH: "一个订单号只发一次奖，内容与请求一致，归属正确。"}
	case "no-over-issuance":
		return text.Text{EN: "No stage grants more than its budget, and no grant is above the cap.", ZH: "任何阶段不超预算，任何单笔不超上限。"}
	case "budget-accuracy":
		return text.Text{EN: "What the budget counts as spent is what was granted.", ZH: "预算记录的花费等于实际发放。"}
	case "nothing-lost":
		return text.Text{EN: "Every acknowledged grant reaches the ledger, once.", ZH: "每笔已确认的发奖都入账，且只入账一次。"}
	case "zero-sum":
		return text.Text{EN: "All accounts of the ledger sum to zero.", ZH: "账本所有账户之和为零。"}
	case "user-view":
		return text.Text{EN: "The wallet page shows what is due: nothing missing, nothing twice.", ZH: "钱包页所示即应得：不缺，不重。"}
	case "withdraw-whole":
		return text.Text{EN: "A withdrawal posts what is due first, and pays out once what was asked.", ZH: "提现前先入账应得部分，按请求金额只付一次。"}
	case "phase-isolation":
		return text.Text{EN: "What is granted in one stage stays in that stage.", ZH: "一个阶段的奖励只属于该阶段。"}
	case "state-machine":
		return text.Text{EN: "The state of a token only moves forward.", ZH: "令牌状态只向前推进。"}
	case "reward-once":
		return text.Text{EN: "A reward besides cash exists, is what its scene gives, and was issued once by the system behind it.", ZH: "非现金奖励真实存在、符合场景配置，下游只发放一次。"}
	case "stock-never-over":
		return text.Text{EN: "No more coupons are out than there are, and each that is out is counted.", ZH: "券不超发，计数与已发一致。"}
	case "reward-use-once":
		return text.Text{EN: "A reward is used by its owner, once, in whichever app.", ZH: "奖励只由本人核销一次，任一 App 均可。"}
	case "packet-exact":
		return text.Text{EN: "Each share of a packet is opened once by the one it is for, or goes back.", ZH: "红包的每一份由收的人拆开一次，否则退回。"}
	case "switch-promise":
		return text.Text{EN: "While a switch is on it stops what it says, and no more; afterwards all comes back.", ZH: "开关只停它声明的部分，关闭后全部恢复。"}
	case "reconciled":
		return text.Text{EN: "Reconciliation finds no difference that is left open.", ZH: "对账没有遗留差异。"}
	case "production-untouched":
		return text.Text{EN: "Production holds after the load what it held before.", ZH: "压测前后生产数据不变。"}
	case "load-cleaned-up":
		return text.Text{EN: "Nothing that was marked as load test is left.", ZH: "带压测标记的数据全部清理。"}
	}
	return text.Text{}
}
