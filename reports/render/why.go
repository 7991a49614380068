package render

import (
	"hongbao/reports"
	"hongbao/reports/text"
)

// headline returns how many checks held and how many thresholds were met.
func headline(r *reports.Record) text.Text {
	var evaluations, violations int64
	held := 0
	for _, c := range r.Checks {
		evaluations += c.Evaluations
		violations += c.Violations
		if c.Result == reports.Pass {
			held++
		}
	}
	t := text.Textf("%s of %s checks held, evaluated %s times, with %s violations.",
		"%[2]s 项检查中 %[1]s 项成立，共评估 %[3]s 次，违反 %[4]s 次。",
		text.Count(int64(held)), text.Count(int64(len(r.Checks))), text.Count(evaluations), text.Count(violations))
	more := thresholdHeadline(r)
	return text.Text{EN: t.EN + more.EN, ZH: t.ZH + more.ZH}
}

// Doubts returns why the verdict of r is not pass. It is empty for a pass and never empty otherwise.
func Doubts(r *reports.Record) []text.Text {
	if r.Verdict == reports.Pass {
		return nil
	}
	var out []text.Text
	say := func(t text.Text) { out = append(out, t) }
	if r.Interrupted {
		say(text.Text{EN: "The run was interrupted. The rest of the scenario was not checked, and all figures cover only the part that ran.",
			ZH: "运行被中断：其余部分未检查，所有数字只涵盖已运行的部分。"})
	}
	for _, run := range r.Runs {
		if run.Interrupted {
			say(text.Textf("Strategy %s was interrupted before its end.", "策略 %s 未运行到结束。", text.Quote(run.Label())))
		}
	}
	violated, never, undecided := byOutcome(r.Checks)
	if len(violated) > 0 {
		say(text.Textf("Violated: %s.", "被违反：%s。", text.Names(violated)))
	}
	if len(never) > 0 {
		say(text.Textf("Never evaluated and therefore unknown: %s.", "从未评估，因此未知：%s。", text.Names(never)))
	}
	if len(undecided) > 0 {
		say(text.Textf("Evaluated but not decided: %s.", "已评估但无法判定：%s。", text.Names(undecided)))
	}
	for _, s := range r.Studies {
		if broken, never, undecided := byOutcome(s.Checks); s.Verdict != reports.Pass {
			say(text.Textf("Checks of the study \"%s\" that did not pass: %s.", "对比“%s”中未通过的检查项：%s。", translated(s.Title, s.TitleZH), text.Names(append(append(broken, never...), undecided...))))
		}
	}
	if len(r.Checks) == 0 {
		say(text.Text{EN: "The record has no checks.", ZH: "没有任何检查。"})
	}
	if r.Kind == "load" {
		out = append(out, loadRunDoubts(r)...)
	} else {
		for _, l := range loadRows(r) {
			out = append(out, loadDoubts(l)...)
		}
	}
	if len(out) == 0 {
		say(text.Text{EN: "The checks held, but the run missed a threshold or one of its strategies gave no verdict.",
			ZH: "检查均成立，但运行未达到某个阈值，或某个策略没有结论。"})
	}
	return out
}

// loadDoubts returns why the load of a simulation was not offered as planned.
func loadDoubts(l loadRow) []text.Text {
	var out []text.Text
	of := text.Text{}
	if l.Strategy != "" {
		of = text.Textf(" (%s)", "（%s）", text.Quote(l.Strategy))
	}
	if l.Unsent > 0 {
		out = append(out, text.Textf("The load was not offered as planned%s: %s of %s scheduled grants were never sent.",
			"负载未按计划发出%s：计划 %[3]s 次发奖中有 %[2]s 次从未发送。", of, text.Count(l.Unsent), text.Count(l.Scheduled)))
	}
	if l.InFlight > 0 {
		out = append(out, text.Textf("When the run ended%s, %s grants were still without an answer.", "运行结束时%s，仍有 %s 次发奖没有结果。", of, text.Count(l.InFlight)))
	}
	if !l.Planned() || !l.Answered() {
		out = append(out, text.Textf("The counts of the offered load do not add up%s.", "负载计数前后不符%s。", of))
	}
	return out
}

// byOutcome returns the names of the checks that did not pass, by their result.
func byOutcome(cs []reports.Check) (violated, never, undecided []text.Text) {
	for _, c := range cs {
		switch {
		case c.Result == reports.Fail:
			violated = append(violated, text.Same(text.Quote(c.Name)))
		case c.Result == reports.Unknown && c.Evaluations == 0:
			never = append(never, text.Same(text.Quote(c.Name)))
		case c.Result == reports.Unknown:
			undecided = append(undecided, text.Same(text.Quote(c.Name)))
		}
	}
	return violated, never, undecided
}

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
