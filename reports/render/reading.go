package render

import (
	"strconv"

	"hongbao/reports"
	"hongbao/reports/text"
)

// readings returns sentences about the comparison of the strategies. A sentence is omitted if the record does not have its
// figures. An interrupted run has no readings.
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
		out = append(out, text.Textf("With %s ledger instances, sync refused %s grants.", "只有 %s 个账本实例时，sync 拒绝了 %s次发奖。",
			text.Count(sync.LedgerInstancesUsed), size.countText(sync.Refused)))
	}
	out = append(out, readWaits(token, async)...)
	if token != nil && token.BacklogPeak > 0 {
		out = append(out, text.Textf("With token, up to %s postings were held at once; the slowest reached the ledger %s after its grant.",
			"token 策略最多同时压单 %s笔；最慢的一笔在发奖 %s后入账。", size.countText(token.BacklogPeak), text.Duration(token.PostingDelayMaxMS)))
	}
	return append(out, readMoney(r)...)
}

// readInstances compares the ledger instances that token and sync need to refuse no grant.
func readInstances(token, sync *reports.Comparison) []text.Text {
	a, b := token.LedgerInstancesNeeded, sync.LedgerInstancesNeeded
	switch {
	case a == 0 || b == 0:
		return nil
	case a == b:
		return []text.Text{text.Textf("To refuse no grant, token and sync need the same %s ledger instances.", "要不拒绝任何发奖，token 与 sync 同样需要 %s 个账本实例。", text.Count(a))}
	case a < b:
		return []text.Text{text.Textf("To refuse no grant, token needs %s ledger instances; sync needs %s, which is %s times as many.",
			"要不拒绝任何发奖，token 需要 %s 个账本实例；sync 需要 %s 个，是前者的 %s 倍。", text.Count(a), text.Count(b), text.TrimZeros(strconv.FormatFloat(float64(b)/float64(a), 'f', 1, 64)))}
	default:
		return []text.Text{text.Textf("To refuse no grant, token needs %s ledger instances, more than sync with %s.",
			"要不拒绝任何发奖，token 需要 %s 个账本实例，多于 sync 的 %s 个。", text.Count(a), text.Count(b))}
	}
}

// readWaits compares the longest visible waits.
func readWaits(token, async *reports.Comparison) []text.Text {
	switch {
	case async != nil && token != nil && async.VisibleWaitMaxMS != token.VisibleWaitMaxMS:
		return []text.Text{text.Textf("With async, people waited up to %s until the wallet page showed a grant; with token, up to %s.",
			"async 策略下，用户最长等待 %s，钱包页才显示奖励；token 策略下最长为 %s。", text.Duration(async.VisibleWaitMaxMS), text.Duration(token.VisibleWaitMaxMS))}
	case async != nil && async.VisibleWaitMaxMS > 0:
		return []text.Text{text.Textf("With async, people waited up to %s until the wallet page showed a grant.", "async 策略下，用户最长等待 %s，钱包页才显示奖励。",
			text.Duration(async.VisibleWaitMaxMS))}
	}
	return nil
}

// readMoney reports the strategies that lost or doubled money.
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
		out = append(out, text.Text{EN: "The acknowledged grants and the ledger agree to the fen.", ZH: "已确认的发奖与账本分毫不差。"})
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

// countText returns a count as replayed and, if the scale is not 1, at full scale.
func (s scale) countText(n int64) text.Text {
	if s.Whole() {
		return text.Same(text.Count(n))
	}
	return text.Textf("%s (%s at full scale)", "%s（全量 %s）", text.Count(n), s.Full(n))
}

// minHiddenPercent is the smallest corrected p99, in percent of the uncorrected one, that is reported in a sentence.
const minHiddenPercent = 150

// loadReadings returns sentences about the figures of the first run.
func loadReadings(r *reports.Record) []text.Text {
	var out []text.Text
	if len(r.Runs) > 0 && r.Runs[0].Load != nil {
		for _, o := range r.Runs[0].Load.Operations {
			if b := o.Busiest; b != nil && b.Corrected.Samples > 0 && o.Name == "grant" {
				out = append(out, text.Textf("In the busiest second %s grants were due; 99%% of them ended within %s of their due time.",
					"最忙的一秒有 %s 次发奖到期；其中 99%% 在到期后 %s内结束。", text.Count(b.Offered), text.Micros(b.Corrected.P99US)))
			}
			if c, u := o.Corrected, o.Uncorrected; u.Samples > 0 && c.P99US/minHiddenPercent > u.P99US/100 {
				out = append(out, text.Textf("The p99 latency of operation %s was %s from the due time; from the send it was only %s.",
					"操作 %s 的 p99 延迟从到期起算为 %s，从发送起算仅为 %s。", text.Quote(o.Name), text.Micros(c.P99US), text.Micros(u.P99US)))
			}
		}
	}
	if f := r.FindMax; f != nil {
		out = append(out, findMaxReading(f))
	}
	return out
}

// findMaxReading returns a sentence about the result of the search.
func findMaxReading(f *reports.FindMax) text.Text {
	if f.KneePerS == 0 {
		return text.Text{EN: "No tested rate passed.", ZH: "测试过的速率均未通过。"}
	}
	t := text.Textf("The highest rate that passed was %s grants per second", "通过的最高速率为每秒 %s 次发奖", text.Significant(f.KneePerS))
	if f.PerCorePerS > 0 {
		t = text.Textf("%s, %s per core in use", "%s，每个使用中的核 %s 次", t, text.Significant(f.PerCorePerS))
	}
	if by := text.Quote(f.LimitedBy); by != "" {
		t = text.Textf("%s. The first limit reached: %s", "%s。最先达到的极限：%s", t, by)
	}
	if f.ByGenerator {
		t = text.Textf("%s. This limit is of the generator; the target may support a higher rate", "%s。这是发压端的极限，目标可能支持更高的速率", t)
	}
	return text.Textf("%s.", "%s。", t)
}
