package render

import (
	"hongbao/reports"
	"hongbao/reports/text"
)

// thresholdHeadline says how many thresholds were met, over all repeats; empty when there is none.
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

// realDoubts lists why a run in real time did not pass: the load, then missed thresholds, then unknown ones.
func realDoubts(r *reports.Record) []text.Text {
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
	offered := len(out) == 0
	var missed, unknown, missedZH, unknownZH []string
	for _, row := range thresholdRows(r) {
		switch {
		case row.Result == reports.Fail:
			missed, missedZH = append(missed, row.Says.EN), append(missedZH, row.Says.ZH)
		case row.Result == reports.Unknown:
			why := text.Quote(row.Why)
			if why != "" {
				why = " (" + why + ")"
			}
			unknown, unknownZH = append(unknown, row.Says.EN+why), append(unknownZH, row.Says.ZH+why)
		}
	}
	if len(missed) > 0 {
		out = append(out, text.Textf("Thresholds missed: %s.", "未达标的阈值：%s。", text.Text{EN: text.Names(missed).EN, ZH: text.Names(missedZH).ZH}))
	}
	if len(unknown) > 0 && offered { // otherwise the load is the reason, and has been said
		out = append(out, text.Textf("Thresholds that could not be judged: %s.", "无法判定的阈值：%s。", text.Text{EN: text.Names(unknown).EN, ZH: text.Names(unknownZH).ZH}))
	}
	if len(r.Runs) == 0 {
		out = append(out, text.Text{EN: "There was no run at all.", ZH: "没有任何运行。"})
	}
	return out
}

// hidden is how much larger, in percent, a corrected p99 must be than the uncorrected one to be worth a sentence.
const hidden = 150

// loadReadings says in sentences what the figures of the first run show.
func loadReadings(r *reports.Record) []text.Text {
	var out []text.Text
	if len(r.Runs) > 0 && r.Runs[0].Load != nil {
		for _, o := range r.Runs[0].Load.Operations {
			if b := o.Busiest; b != nil && b.Corrected.Samples > 0 && o.Name == "grant" {
				out = append(out, text.Textf("In the busiest second %s grants were due; 99 in 100 of them had their end within %s of that moment.",
					"最忙的一秒有 %s 次发奖到期；其中 99%% 在到期后 %s内完成。", text.Count(b.Offered), text.Micros(b.Corrected.P99US)))
			}
			if c, u := o.Corrected, o.Uncorrected; u.Samples > 0 && c.P99US/hidden > u.P99US/100 {
				out = append(out, text.Textf("Operation %s took %s (p99) from the moment it was due; counted from the send it would have looked like %s.",
					"操作 %s 从到期起算 p99 为 %s；若从发送起算，看上去只有 %s。", text.Quote(o.Name), text.Micros(c.P99US), text.Micros(u.P99US)))
			}
		}
	}
	if f := r.FindMax; f != nil {
		out = append(out, findMaxReading(f))
	}
	return out
}

// findMaxReading says in a sentence what the search found.
func findMaxReading(f *reports.FindMax) text.Text {
	if f.KneePerS == 0 {
		return text.Text{EN: "No rate that was tried held.", ZH: "尝试过的速率均未通过。"}
	}
	t := text.Textf("The highest rate that held was %s grants a second", "通过的最高速率为每秒 %s 次发奖", text.Significant(f.KneePerS))
	if f.PerCorePerS > 0 {
		t = text.Textf("%s, %s for each core in use", "%s，每个使用中的核 %s", t, text.Significant(f.PerCorePerS))
	}
	if by := text.Quote(f.LimitedBy); by != "" {
		t = text.Textf("%s. What gave way first: %s", "%s。最先到极限的是：%s", t, by)
	}
	if f.ByGenerator {
		t = text.Textf("%s. That is the generator, so the target may hold more", "%s。这是发压端，目标可能承受更多", t)
	}
	return text.Textf("%s.", "%s。", t)
}
