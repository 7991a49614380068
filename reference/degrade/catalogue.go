package degrade

import "hongbao/reference/wallet"

// Text is a sentence in English and in Chinese.
type Text struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// Entry describes a switch to an operator.
type Entry struct {
	Name       wallet.Switch
	Passive    bool   // goes on when its dependency fails and off when that recovers; operators can turn it on too
	Dependency string // the name in Dependencies that it degrades
	Does       Text   // how the service behaves while it is on
	Notice     Text   // what users notice of it
	Promise    string // what its drill checks: what must hold while it is on, and afterwards
}

// Catalogue returns the 26 switches (D3): first those of the cash path, then of rewards, of withdrawing, of the wallet page,
// and last the passive ones.
func Catalogue() []Entry {
	out := cashSwitches()
	out = append(out, rewardSwitches()...)
	out = append(out, withdrawSwitches()...)
	out = append(out, pageSwitches()...)
	return append(out, passiveSwitches()...)
}

// EntryOf returns the entry of a switch; false: the catalogue has none.
func EntryOf(name wallet.Switch) (Entry, bool) {
	for _, e := range Catalogue() {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

func cashSwitches() []Entry {
	return []Entry{
		{Name: wallet.SwitchDistrustTokens, Dependency: "client tokens",
			Does:    Text{"Rejects every token that a client sends. The server's own copies are still used.", "不再相信客户端带来的令牌,服务端副本照常。"},
			Notice:  Text{"Nothing while the server has its copies. Otherwise money that is not posted yet is not shown.", "服务端副本在时无感知;否则未入账的钱暂不显示。"},
			Promise: "no client token is accepted; every grant is still posted"},
		{Name: wallet.SwitchTotalsBackup, Dependency: "running total",
			Does:    Text{"Reads the running total from its backup.", "累计发放总额改读备库。"},
			Notice:  Text{"Nothing.", "无感知。"},
			Promise: "the total is readable and never decreases"},
		{Name: wallet.SwitchSkipTokens, Dependency: "token store",
			Does:    Text{"Stores and updates no tokens on the server. A grant only pushes its posting to the backlog.", "服务端不再保存和更新令牌,发放只压单。"},
			Notice:  Text{"After a change of phone or app, new money appears once it is posted.", "换设备或换端的用户,新钱入账后才可见。"},
			Promise: "no call reaches the token lists for a grant or a posting; every grant is posted once"},
		{Name: wallet.SwitchLastResort, Dependency: "redis",
			Does:    Text{"Grants with only the service and the ledger database: each grant is posted before it is answered.", "只依赖服务和数据库:发放同步入账后才应答。"},
			Notice:  Text{"Winning takes longer. At a peak some users must try again.", "领奖变慢,高峰时部分用户需重试。"},
			Promise: "grants are posted at once while everything except the ledger database is down; no money is lost or doubled"},
		{Name: wallet.SwitchHoldPosting, Dependency: "ledger",
			Does:    Text{"Posts nothing from the backlog. Forced posting continues.", "暂停压单入账,强制入账照常。"},
			Notice:  Text{"Nothing if there are tokens. Otherwise new money appears later.", "有令牌时无感知;否则新钱晚到。"},
			Promise: "the backlog posts nothing while it is on, and everything once it is off"},
		{Name: wallet.SwitchStopCash, Dependency: "ledger",
			Does:    Text{"Grants no new cash. Repeats of recorded orders are answered.", "停止发放新的现金,已落单的重试照常应答。"},
			Notice:  Text{"No cash can be won. The app asks users to try again later.", "暂时领不到现金,提示稍后再试。"},
			Promise: "no new cash order is recorded; acknowledged grants stay"},
		{Name: wallet.SwitchPauseCompensate, Dependency: "ledger",
			Does:    Text{"Does not process stuck orders.", "暂停补偿卡单。"},
			Notice:  Text{"A few users with stuck orders wait longer for their money.", "少数卡单用户到账更晚。"},
			Promise: "compensation posts nothing while it is on, and all stuck orders once it is off"},
	}
}

func rewardSwitches() []Entry {
	return []Entry{
		{Name: wallet.SwitchGreetOnly, Dependency: "coupon stock",
			Does:    Text{"Grants a greeting instead of every coupon.", "所有券改发祝福语。"},
			Notice:  Text{"Greetings instead of coupons.", "领到祝福语而不是券。"},
			Promise: "no coupon is issued while it is on"},
		{Name: wallet.SwitchHoldDownstreams, Dependency: "reward systems",
			Does:    Text{"Calls no reward system: rewards stay issued until it is off.", "不调用奖励下游,奖励停留在已发状态。"},
			Notice:  Text{"New rewards are shown as pending.", "新奖励显示为发放中。"},
			Promise: "no downstream is called; each reward is settled once it is off"},
		{Name: wallet.SwitchStopUse, Dependency: "reward systems",
			Does:    Text{"Refuses the use of rewards.", "停止核销奖励。"},
			Notice:  Text{"Coupons cannot be used. The app asks users to try again later.", "券暂时不能使用,提示稍后再试。"},
			Promise: "no reward is used while it is on"},
		{Name: wallet.SwitchStopPackets, Dependency: "ledger",
			Does:    Text{"Sends no packets between users. Sent packets can be opened, and are refunded when they expire.", "停止用户间发红包,已发出的可拆、到期退回。"},
			Notice:  Text{"No new packets to friends.", "暂时不能给好友发红包。"},
			Promise: "no packet is sent while it is on; packets sent before are opened or refunded"},
	}
}

func withdrawSwitches() []Entry {
	return []Entry{
		{Name: wallet.SwitchStopWithdrawals, Dependency: "bank",
			Does:    Text{"Starts no withdrawal. Recorded withdrawals continue.", "不受理新提现,已受理的继续。"},
			Notice:  Text{"Withdrawing is temporarily not possible. The balance does not change.", "暂时不能提现,余额不变。"},
			Promise: "no withdrawal is recorded while it is on; recorded ones are finished"},
		{Name: wallet.SwitchSkipForcedPost, Dependency: "ledger",
			Does:    Text{"The withdraw page shows only posted money and does not force postings.", "提现页只看已入账部分,不再强制入账。"},
			Notice:  Text{"Money that was just won can be withdrawn later.", "刚领的钱稍后才能提现。"},
			Promise: "no posting overtakes the backlog; no money is withdrawn that is not posted"},
		{Name: wallet.SwitchHoldPayouts, Dependency: "bank",
			Does:    Text{"Holds the money of withdrawals and does not call the bank.", "提现只冻结,不调用银行。"},
			Notice:  Text{"Withdrawals are shown as pending for longer.", "提现处理中的时间变长。"},
			Promise: "the bank is not called; each held withdrawal is paid once it is off"},
	}
}

func pageSwitches() []Entry {
	left := func(en, zh string) Text {
		return Text{"The page reports that " + en + " temporarily missing.", "页面提示暂不显示" + zh + "。"}
	}
	return []Entry{
		{Name: wallet.SwitchShortPages, Dependency: "wallet page",
			Does:    Text{"Limits pages to a few lines.", "页面只返回少量明细。"},
			Notice:  Text{"Shorter lists. The rest is on further pages.", "明细变短,其余翻页可见。"},
			Promise: "no page has more lines than the setting allows; no line is skipped between pages"},
		{Name: wallet.SwitchPageNoTokens, Dependency: "token store",
			Does: Text{"Omits money that only tokens show.", "页面不合并令牌。"}, Notice: left("money that is not posted yet is", "未入账的钱"),
			Promise: "pages do not call the token store, and report it as missing"},
		{Name: wallet.SwitchPageNoLedger, Dependency: "ledger",
			Does: Text{"Omits posted money.", "页面不读账本。"}, Notice: left("posted money is", "已入账的钱"),
			Promise: "pages do not call the ledger, and report it as missing"},
		{Name: wallet.SwitchPageNoPayouts, Dependency: "wallet page",
			Does: Text{"Omits withdrawals.", "页面不读提现。"}, Notice: left("withdrawals are", "提现记录"),
			Promise: "pages read no withdrawals, and report them as missing"},
		{Name: wallet.SwitchPageNoPackets, Dependency: "wallet page",
			Does: Text{"Omits packets between users.", "页面不读红包收发。"}, Notice: left("packets are", "红包收发记录"),
			Promise: "pages read no packets, and report them as missing"},
		{Name: wallet.SwitchPageNoRewards, Dependency: "wallet page",
			Does: Text{"Omits coupons and pendants.", "页面不读券和挂件。"}, Notice: left("coupons and pendants are", "券和挂件"),
			Promise: "pages read no rewards, and report them as missing"},
	}
}

func passiveSwitches() []Entry {
	return []Entry{
		{Name: wallet.SwitchLocalConfig, Passive: true, Dependency: "config centre",
			Does:    Text{"Uses the settings that were read last.", "配置中心不可用时沿用本地最后一份配置。"},
			Notice:  Text{"Nothing. Changes of settings take effect later.", "无感知,配置变更晚生效。"},
			Promise: "the service continues, also after a restart, and applies new settings once it is off"},
		{Name: wallet.SwitchSkipLocks, Passive: true, Dependency: "locks",
			Does:    Text{"Every instance does the chores, without the lock.", "跳过分布式锁,各实例直接执行。"},
			Notice:  Text{"Nothing.", "无感知。"},
			Promise: "postings and chores continue; nothing is done twice"},
		{Name: wallet.SwitchSkipStockRead, Passive: true, Dependency: "coupon stock",
			Does:    Text{"Takes coupons without reading how many are left.", "发券前不读剩余库存,直接扣减。"},
			Notice:  Text{"Coupons are granted below the threshold too, until none is left.", "低于阈值仍继续发券,直到发完。"},
			Promise: "never more coupons are granted than there are"},
		{Name: wallet.SwitchLocalLimits, Passive: true, Dependency: "limit counters",
			Does:    Text{"Limits each instance by its share instead of a shared counter.", "分布式限流退化为单机限流。"},
			Notice:  Text{"Nothing, or more users must try again.", "无感知,或更多用户被要求重试。"},
			Promise: "the sum over all instances stays within the limit"},
		{Name: wallet.SwitchBreakBank, Passive: true, Dependency: "bank",
			Does:    Text{"Sends only a few probes to the bank while it fails.", "银行故障时熔断,只做少量探测。"},
			Notice:  Text{"Withdrawals are shown as pending for longer.", "提现处理中的时间变长。"},
			Promise: "few calls reach a failing bank; each held withdrawal is paid once it has recovered"},
		{Name: wallet.SwitchBreakDownstream, Passive: true, Dependency: "reward systems",
			Does:    Text{"Sends only a few probes to a reward system while it fails.", "奖励下游故障时熔断,只做少量探测。"},
			Notice:  Text{"New rewards are shown as pending.", "新奖励显示为发放中。"},
			Promise: "few calls reach a failing system; each reward is settled once it has recovered"},
	}
}
