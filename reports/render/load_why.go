package render

import (
	"hongbao/reports"
	"hongbao/reports/text"
)

// thresholdHeadline returns how many thresholds were met in all repeats. It is empty if there are no thresholds.
func thresholdHeadline(r *reports.Record) text.Text {
	rows := thresholdRows(r)
	if len(rows) == 0 {
		return text.Text{}
	}
	met := 0
	for _, row := range rows {
		if row.Result == reports.Pass {
			met++
		}
	}
	return text.Textf(" %s of %s thresholds met.", "%[2]s 项阈值中 %[1]s 项达标。", text.Count(int64(met)), text.Count(int64(len(rows))))
}

// loadRunDoubts returns why a load run did not pass: the load itself, missed thresholds, unknown thresholds.
func loadRunDoubts(r *reports.Record) []text.Text {
	var out []text.Text
	several := len(r.Runs) > 1
	for i := range r.Runs {
		run := &r.Runs[i]
		if run.Load == nil {
			continue
		}
		for _, d := range run.Load.Doubts() {
			if several {
				d = text.Textf("%s: %s", "%s：%s", text.Quote(run.Label()), d)
			}
			out = append(out, d)
		}
	}
	asRequested := len(out) == 0
	var missed, unknown []text.Text
	for _, row := range thresholdRows(r) {
		switch {
		case row.Result == reports.Fail:
			missed = append(missed, row.Condition)
		case row.Result == reports.Unknown:
			why := text.Quote(row.Why)
			if why != "" {
				why = " (" + why + ")"
			}
			unknown = append(unknown, text.Textf("%s%s", "%s%s", row.Condition, why))
		}
	}
	if len(missed) > 0 {
		out = append(out, text.Textf("Thresholds missed: %s.", "未达标的阈值：%s。", text.Names(missed)))
	}
	if len(unknown) > 0 && asRequested { // otherwise the load is the reason and is in the list
		out = append(out, text.Textf("Thresholds without a result: %s.", "无法判定的阈值：%s。", text.Names(unknown)))
	}
	if len(r.Runs) == 0 {
		out = append(out, text.Text{EN: "The record has no runs.", ZH: "没有任何运行。"})
	}
	return out
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
