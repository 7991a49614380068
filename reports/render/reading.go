package render

import (
	"strconv"

	"hongbao/reports"
	"hongbao/reports/text"
)

// readings says in sentences what the comparison shows. Each is computed from the record and left out where the
// record does not hold both sides of it. Half a run says nothing.
func readings(r *reports.Record, size scale) []text.Text {
	if r.Interrupted {
		return nil
	}
	if r.Kind == "load" {
		return loadReadings(r)
	}
	sync, async, token := comparisonOf(r, "sync"), comparisonOf(r, "async"), comparisonOf(r, "token")
	var out []text.Text
	if token != nil && sync != nil {
		out = append(out, readInstances(token, sync)...)
	}
	if sync != nil && sync.Refused > 0 {
		out = append(out, text.Textf("With %s instances, sync turned %s grants away.", "只有 %s 个实例时，sync 拒绝了 %s次发奖。",
			text.Count(sync.LedgerInstancesUsed), size.said(sync.Refused)))
	}
	out = append(out, readWaits(token, async)...)
	if token != nil && token.BacklogPeak > 0 {
		out = append(out, text.Textf("Behind the tokens up to %s postings were held; the last of them reached the ledger %s after its grant.",
			"令牌背后最多压单 %s笔；最慢的一笔在发奖 %s后入账。", size.said(token.BacklogPeak), text.Duration(token.PostingDelayMaxMS)))
	}
	return append(out, readMoney(r)...)
}

// readInstances compares what the ledger must be to refuse nobody.
func readInstances(token, sync *reports.Comparison) []text.Text {
	a, b := token.LedgerInstancesNeeded, sync.LedgerInstancesNeeded
	switch {
	case a == 0 || b == 0:
		return nil
	case a == b:
		return []text.Text{text.Textf("Token and sync need the same %s ledger instances to refuse nobody.", "token 与 sync 同样需要 %s 个账本实例才能不拒绝任何人。", text.Count(a))}
	case a < b:
		return []text.Text{text.Textf("To refuse nobody, token needs %s ledger instances where sync needs %s: %s times fewer.",
			"要不拒绝任何人，token 需要 %s 个账本实例，sync 需要 %s 个：相差 %s 倍。", text.Count(a), text.Count(b), ratio(b, a))}
	default:
		return []text.Text{text.Textf("To refuse nobody, token needs %s ledger instances, more than the %s of sync.",
			"要不拒绝任何人，token 需要 %s 个账本实例，比 sync 的 %s 个还多。", text.Count(a), text.Count(b))}
	}
}

// readWaits compares how long people looked at a wallet without their money.
func readWaits(token, async *reports.Comparison) []text.Text {
	switch {
	case async != nil && token != nil && async.VisibleWaitMaxMS != token.VisibleWaitMaxMS:
		return []text.Text{text.Textf("Under async people waited up to %s to see their money; under token, %s.",
			"在 async 下，用户最长等待 %s才看到钱；在 token 下为 %s。", text.Duration(async.VisibleWaitMaxMS), text.Duration(token.VisibleWaitMaxMS))}
	case async != nil && async.VisibleWaitMaxMS > 0:
		return []text.Text{text.Textf("Under async people waited up to %s to see their money.", "在 async 下，用户最长等待 %s才看到钱。",
			text.Duration(async.VisibleWaitMaxMS))}
	}
	return nil
}

// readMoney says which strategies kept the money whole.
func readMoney(r *reports.Record) []text.Text {
	if len(r.Runs) == 0 {
		return nil
	}
	var out []text.Text
	for _, run := range r.Runs {
		if d := run.Comparison.MoneyDifferenceFen; d != 0 {
			out = append(out, text.Textf("Strategy %s lost or doubled %s.", "策略 %s 的资金差错为 %s。", text.Quote(run.Strategy), text.Money(d)))
		}
	}
	if len(out) == 0 {
		out = append(out, text.Text{EN: "What was acknowledged and what the ledger holds agree to the fen.", ZH: "已确认的发奖与账本分毫不差。"})
	}
	return out
}

func comparisonOf(r *reports.Record, strategy string) *reports.Comparison {
	for i := range r.Runs {
		if r.Runs[i].Strategy == strategy {
			return &r.Runs[i].Comparison
		}
	}
	return nil
}

// said returns a count as replayed and, where that differs, at the festival's size.
func (s scale) said(n int64) text.Text {
	if s.Whole() {
		return text.Same(text.Count(n))
	}
	return text.Textf("%s (%s at full scale)", "%s（全量 %s）", text.Count(n), s.Full(n))
}

// ratio formats a/b with one decimal.
func ratio(a, b int64) string {
	return text.TrimZeros(strconv.FormatFloat(float64(a)/float64(b), 'f', 1, 64))
}
