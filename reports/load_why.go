package reports

// thresholdHeadline says how many thresholds were met, over all repeats; empty when there is none.
func thresholdHeadline(r *Record) Text {
	rows := thresholdRows(r)
	if len(rows) == 0 {
		return Text{}
	}
	met := 0
	for _, row := range rows {
		if row.Result == Pass {
			met++
		}
	}
	return textf(" %s of %s thresholds met.", "%[2]s 项阈值中 %[1]s 项达标。", count(int64(met)), count(int64(len(rows))))
}

// realDoubts lists why a run in real time did not pass: the load, then missed thresholds, then unknown ones.
func realDoubts(r *Record) []Text {
	var out []Text
	several := len(r.Runs) > 1
	for i := range r.Runs {
		run := &r.Runs[i]
		if run.Load == nil {
			continue
		}
		for _, d := range run.Load.Doubts() {
			if several {
				d = textf("%s: %s", "%s：%s", quote(run.Label()), d)
			}
			out = append(out, d)
		}
	}
	offered := len(out) == 0
	var missed, unknown, missedZH, unknownZH []string
	for _, row := range thresholdRows(r) {
		switch {
		case row.Result == Fail:
			missed, missedZH = append(missed, row.Says.EN), append(missedZH, row.Says.ZH)
		case row.Result == Unknown:
			why := quote(row.Why)
			if why != "" {
				why = " (" + why + ")"
			}
			unknown, unknownZH = append(unknown, row.Says.EN+why), append(unknownZH, row.Says.ZH+why)
		}
	}
	if len(missed) > 0 {
		out = append(out, textf("Thresholds missed: %s.", "未达标的阈值：%s。", Text{names(missed).EN, names(missedZH).ZH}))
	}
	if len(unknown) > 0 && offered { // otherwise the load is the reason, and has been said
		out = append(out, textf("Thresholds that could not be judged: %s.", "无法判定的阈值：%s。", Text{names(unknown).EN, names(unknownZH).ZH}))
	}
	if len(r.Runs) == 0 {
		out = append(out, Text{"There was no run at all.", "没有任何运行。"})
	}
	return out
}

// hidden is how much larger, in percent, a corrected p99 must be than the uncorrected one to be worth a sentence.
const hidden = 150

// loadReadings says in sentences what the figures of the first run show.
func loadReadings(r *Record) []Text {
	var out []Text
	if len(r.Runs) > 0 && r.Runs[0].Load != nil {
		for _, o := range r.Runs[0].Load.Operations {
			if b := o.Busiest; b != nil && b.Corrected.Samples > 0 && o.Name == "grant" {
				out = append(out, textf("In the busiest second %s grants were due; 99 in 100 of them had their end within %s of that moment.",
					"最忙的一秒有 %s 次发奖到期；其中 99%% 在到期后 %s内完成。", count(b.Offered), micros(b.Corrected.P99US)))
			}
			if c, u := o.Corrected, o.Uncorrected; u.Samples > 0 && c.P99US/hidden > u.P99US/100 {
				out = append(out, textf("Operation %s took %s (p99) from the moment it was due; counted from the send it would have looked like %s.",
					"操作 %s 从到期起算 p99 为 %s；若从发送起算，看上去只有 %s。", quote(o.Name), micros(c.P99US), micros(u.P99US)))
			}
		}
	}
	if f := r.FindMax; f != nil {
		out = append(out, findMaxReading(f))
	}
	return out
}

// findMaxReading says in a sentence what the search found.
func findMaxReading(f *FindMax) Text {
	if f.KneePerS == 0 {
		return Text{"No rate that was tried held.", "尝试过的速率均未通过。"}
	}
	t := textf("The highest rate that held was %s grants a second", "通过的最高速率为每秒 %s 次发奖", significant(f.KneePerS))
	if f.PerCorePerS > 0 {
		t = textf("%s, %s for each core in use", "%s，每个使用中的核 %s", t, significant(f.PerCorePerS))
	}
	if by := quote(f.LimitedBy); by != "" {
		t = textf("%s. What gave way first: %s", "%s。最先到极限的是：%s", t, by)
	}
	if f.ByGenerator {
		t = textf("%s. That is the generator, so the target may hold more", "%s。这是发压端，目标可能承受更多", t)
	}
	return textf("%s.", "%s。", t)
}
