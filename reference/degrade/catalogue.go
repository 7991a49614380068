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
	Does       Text   // what the service does differently while it is on
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
			Does:    Text{"Believes no token that a client sends; the server's own copies go on.", "不再相信客户端带来的令牌,服务端副本照常。"},
			Notice:  Text{"Nothing, while the server's copies are there. Else money that is not posted yet is not shown.", "服务端副本在时无感知;否则未入账的钱暂不显示。"},
			Promise: "no client token is accepted; what was granted is posted all the same"},
		{Name: wallet.SwitchTotalsBackup, Dependency: "running total",
			Does:    Text{"Reads the running total from its backup.", "累计发放总额改读备库。"},
			Notice:  Text{"Nothing.", "无感知。"},
			Promise: "the total is read and never steps back"},
		{Name: wallet.SwitchSkipTokens, Dependency: "token store",
			Does:    Text{"Keeps no token on the server and marks none: a grant holds its posting alone.", "服务端不再保存和更新令牌,发放只压单。"},
			Notice:  Text{"Who changes the phone or the app sees new money only once it is posted.", "换设备或换端的用户,新钱入账后才可见。"},
			Promise: "no call reaches the token lists for a grant or a posting; every grant is posted once"},
		{Name: wallet.SwitchLastResort, Dependency: "redis",
			Does:    Text{"Grants with the service and the books alone: each grant is posted before it is answered.", "只依赖服务和数据库:发放同步入账后才应答。"},
			Notice:  Text{"Winning takes longer, and in a peak some are asked to try again.", "领奖变慢,高峰时部分用户需重试。"},
			Promise: "grants are posted at once while everything but the books is down; no money is lost or doubled"},
		{Name: wallet.SwitchHoldPosting, Dependency: "ledger",
			Does:    Text{"Posts nothing from the backlog. Forced posting goes on.", "暂停压单入账,强制入账照常。"},
			Notice:  Text{"Nothing with tokens. Without them new money comes later.", "有令牌时无感知;否则新钱晚到。"},
			Promise: "the backlog posts nothing while it is on, and everything once it is off"},
		{Name: wallet.SwitchStopCash, Dependency: "ledger",
			Does:    Text{"Grants no new cash. Repeats of what is on record are answered.", "停止发放新的现金,已落单的重试照常应答。"},
			Notice:  Text{"No cash is won; the app says to try again later.", "暂时领不到现金,提示稍后再试。"},
			Promise: "no new cash order is recorded; what was acknowledged stays"},
		{Name: wallet.SwitchPauseCompensate, Dependency: "ledger",
			Does:    Text{"Leaves stuck orders alone.", "暂停补偿卡单。"},
			Notice:  Text{"Few people wait longer for money that got stuck.", "少数卡单用户到账更晚。"},
			Promise: "compensation posts nothing while it is on, and all that is stuck once it is off"},
	}
}

func rewardSwitches() []Entry {
	return []Entry{
		{Name: wallet.SwitchGreetOnly, Dependency: "coupon stock",
			Does:    Text{"Grants a greeting in place of every coupon.", "所有券改发祝福语。"},
			Notice:  Text{"Greetings instead of coupons.", "领到祝福语而不是券。"},
			Promise: "no coupon is issued while it is on"},
		{Name: wallet.SwitchHoldDownstreams, Dependency: "reward systems",
			Does:    Text{"Calls no reward system: rewards stay issued until it is off.", "不调用奖励下游,奖励停留在已发状态。"},
			Notice:  Text{"New rewards show as on their way.", "新奖励显示为发放中。"},
			Promise: "no downstream is called; each reward is settled once it is off"},
		{Name: wallet.SwitchStopUse, Dependency: "reward systems",
			Does:    Text{"Uses no rewards.", "停止核销奖励。"},
			Notice:  Text{"Coupons cannot be used; the app says to try again later.", "券暂时不能使用,提示稍后再试。"},
			Promise: "no reward is used while it is on"},
		{Name: wallet.SwitchStopPackets, Dependency: "ledger",
			Does:    Text{"Sends no packets between users. Those that were sent can be opened, and go back when their time is over.", "停止用户间发红包,已发出的可拆、到期退回。"},
			Notice:  Text{"No new packets to friends.", "暂时不能给好友发红包。"},
			Promise: "no packet is sent while it is on; those sent come to their end"},
	}
}

func withdrawSwitches() []Entry {
	return []Entry{
		{Name: wallet.SwitchStopWithdrawals, Dependency: "bank",
			Does:    Text{"Begins no withdrawal. Those on record go on.", "不受理新提现,已受理的继续。"},
			Notice:  Text{"Withdrawing is not possible for the moment; the balance stays.", "暂时不能提现,余额不变。"},
			Promise: "no withdrawal is recorded while it is on; those on record are finished"},
		{Name: wallet.SwitchSkipForcedPost, Dependency: "ledger",
			Does:    Text{"The withdraw page shows what is posted, and posts nothing itself.", "提现页只看已入账部分,不再强制入账。"},
			Notice:  Text{"Money that was just won can be withdrawn a little later.", "刚领的钱稍后才能提现。"},
			Promise: "nobody's posting overtakes the backlog; nobody withdraws what is not posted"},
		{Name: wallet.SwitchHoldPayouts, Dependency: "bank",
			Does:    Text{"Holds the money of withdrawals, and calls no bank.", "提现只冻结,不调用银行。"},
			Notice:  Text{"Withdrawals show as on their way for longer.", "提现处理中的时间变长。"},
			Promise: "the bank is not called; each held withdrawal is paid once it is off"},
	}
}

func pageSwitches() []Entry {
	left := func(en, zh string) Text {
		return Text{"The page says that " + en + " missing for the moment.", "页面提示暂不显示" + zh + "。"}
	}
	return []Entry{
		{Name: wallet.SwitchShortPages, Dependency: "wallet page",
			Does:    Text{"Cuts pages to a few lines.", "页面只返回少量明细。"},
			Notice:  Text{"Shorter lists; the rest comes with more pages.", "明细变短,其余翻页可见。"},
			Promise: "no page has more lines than the settings say; nothing is skipped over pages"},
		{Name: wallet.SwitchPageNoTokens, Dependency: "token store",
			Does: Text{"Leaves out what is promised by tokens.", "页面不合并令牌。"}, Notice: left("money that is not posted yet is", "未入账的钱"),
			Promise: "pages call no token store, and name what is missing"},
		{Name: wallet.SwitchPageNoLedger, Dependency: "ledger",
			Does: Text{"Leaves out what is posted.", "页面不读账本。"}, Notice: left("posted money is", "已入账的钱"),
			Promise: "pages call no ledger, and name what is missing"},
		{Name: wallet.SwitchPageNoPayouts, Dependency: "wallet page",
			Does: Text{"Leaves out withdrawals.", "页面不读提现。"}, Notice: left("withdrawals are", "提现记录"),
			Promise: "pages read no withdrawals, and name what is missing"},
		{Name: wallet.SwitchPageNoPackets, Dependency: "wallet page",
			Does: Text{"Leaves out packets between users.", "页面不读红包收发。"}, Notice: left("packets are", "红包收发记录"),
			Promise: "pages read no packets, and name what is missing"},
		{Name: wallet.SwitchPageNoRewards, Dependency: "wallet page",
			Does: Text{"Leaves out coupons and pendants.", "页面不读券和挂件。"}, Notice: left("coupons and pendants are", "券和挂件"),
			Promise: "pages read no rewards, and name what is missing"},
	}
}

func passiveSwitches() []Entry {
	return []Entry{
		{Name: wallet.SwitchLocalConfig, Passive: true, Dependency: "config centre",
			Does:    Text{"Goes on with the settings that were read last.", "配置中心不可用时沿用本地最后一份配置。"},
			Notice:  Text{"Nothing; changes of settings come later.", "无感知,配置变更晚生效。"},
			Promise: "the service goes on, also through a restart, and takes new settings once it is off"},
		{Name: wallet.SwitchSkipLocks, Passive: true, Dependency: "locks",
			Does:    Text{"Does its chores without asking who else does them.", "跳过分布式锁,各实例直接执行。"},
			Notice:  Text{"Nothing.", "无感知。"},
			Promise: "postings and chores go on; nothing is done twice"},
		{Name: wallet.SwitchSkipStockRead, Passive: true, Dependency: "coupon stock",
			Does:    Text{"Takes coupons without looking at what is left.", "发券前不读剩余库存,直接扣减。"},
			Notice:  Text{"Coupons go on below the threshold, until none is left.", "低于阈值仍继续发券,直到发完。"},
			Promise: "never more coupons than there are"},
		{Name: wallet.SwitchLocalLimits, Passive: true, Dependency: "limit counters",
			Does:    Text{"Limits by this instance's share instead of a common count.", "分布式限流退化为单机限流。"},
			Notice:  Text{"Nothing, or more people are asked to try again.", "无感知,或更多用户被要求重试。"},
			Promise: "the limit is kept in sum over the instances"},
		{Name: wallet.SwitchBreakBank, Passive: true, Dependency: "bank",
			Does:    Text{"Asks the bank only now and then, while it fails.", "银行故障时熔断,只做少量探测。"},
			Notice:  Text{"Withdrawals show as on their way for longer.", "提现处理中的时间变长。"},
			Promise: "few calls reach a bank that fails; each held withdrawal is paid once it is well"},
		{Name: wallet.SwitchBreakDownstream, Passive: true, Dependency: "reward systems",
			Does:    Text{"Asks a reward system only now and then, while it fails.", "奖励下游故障时熔断,只做少量探测。"},
			Notice:  Text{"New rewards show as on their way.", "新奖励显示为发放中。"},
			Promise: "few calls reach a system that fails; each reward is settled once it is well"},
	}
}
