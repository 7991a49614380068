package reports

import "strings"

// maxNamed bounds how many checks one sentence names; the table below it has them all.
const maxNamed = 5

// headline says what the verdict rests on.
func headline(r *Record) Text {
	var evaluations, violations int64
	held := 0
	for _, c := range r.Checks {
		evaluations += c.Evaluations
		violations += c.Violations
		if c.Result == Pass {
			held++
		}
	}
	t := textf("%s of %s checks held, evaluated %s times, with %s violations.",
		"%[2]s 项检查中 %[1]s 项成立，共评估 %[3]s 次，违反 %[4]s 次。",
		count(int64(held)), count(int64(len(r.Checks))), count(evaluations), count(violations))
	more := thresholdHeadline(r)
	return Text{t.EN + more.EN, t.ZH + more.ZH}
}

// doubts lists why a verdict is not pass. For a pass it is empty; otherwise it never is.
func doubts(r *Record) []Text {
	if r.Verdict == Pass {
		return nil
	}
	var out []Text
	say := func(t Text) { out = append(out, t) }
	if r.Interrupted {
		say(Text{"The run was interrupted. What would have come later was never looked at, and all figures are of the part that ran.",
			"运行被中断：之后的部分从未检查，所有数字只涵盖已运行的部分。"})
	}
	for _, run := range r.Runs {
		if run.Interrupted {
			say(textf("Strategy %s was interrupted before its end.", "策略 %s 未运行到结束。", quote(run.Label())))
		}
	}
	violated, never, undecided := byOutcome(r.Checks)
	if len(violated) > 0 {
		say(textf("Violated: %s.", "被违反：%s。", names(violated)))
	}
	if len(never) > 0 {
		say(textf("Never evaluated, hence unknown: %s.", "从未评估，因此未知：%s。", names(never)))
	}
	if len(undecided) > 0 {
		say(textf("Evaluated but not decided: %s.", "已评估但无法判定：%s。", names(undecided)))
	}
	for _, s := range r.Studies {
		if broken, never, undecided := byOutcome(s.Checks); s.Verdict != Pass {
			say(textf("The comparison %s did not come out as it must: %s.", "对比 %s 未得到应有的结果：%s。", translated(s.Title, s.TitleZH), names(append(append(broken, never...), undecided...))))
		}
	}
	if len(r.Checks) == 0 {
		say(Text{"There was no check at all.", "没有任何检查。"})
	}
	if r.Kind == "load" {
		out = append(out, realDoubts(r)...)
	} else {
		for _, l := range loadRows(r) {
			out = append(out, loadDoubts(l)...)
		}
	}
	if len(out) == 0 {
		say(Text{"The checks held, but the run missed a threshold or one of its strategies gave no verdict.",
			"检查均成立，但运行未达到某个阈值，或某个策略没有结论。"})
	}
	return out
}

// loadDoubts says where a run's load was not offered as planned.
func loadDoubts(l loadRow) []Text {
	var out []Text
	of := Text{}
	if l.Strategy != "" {
		of = textf(" (%s)", "（%s）", quote(l.Strategy))
	}
	if l.Unsent > 0 {
		out = append(out, textf("The load was not offered as planned%s: %s of %s scheduled grants were never sent.",
			"负载未按计划发出%s：计划 %[3]s 次发奖中有 %[2]s 次从未发送。", of, count(l.Unsent), count(l.Scheduled)))
	}
	if l.InFlight > 0 {
		out = append(out, textf("When the run ended%s, %s grants were still without an answer.", "运行结束时%s，仍有 %s 次发奖没有结果。", of, count(l.InFlight)))
	}
	if !l.Planned() || !l.Answered() {
		out = append(out, textf("The accounting of the offered load does not add up%s.", "负载账目不平%s。", of))
	}
	return out
}

// byOutcome sorts the names of checks that did not pass.
func byOutcome(cs []Check) (violated, never, undecided []string) {
	for _, c := range cs {
		switch {
		case c.Result == Fail:
			violated = append(violated, quote(c.Name))
		case c.Result == Unknown && c.Evaluations == 0:
			never = append(never, quote(c.Name))
		case c.Result == Unknown:
			undecided = append(undecided, quote(c.Name))
		}
	}
	return violated, never, undecided
}

func names(ns []string) Text {
	if len(ns) <= maxNamed {
		return Text{strings.Join(ns, ", "), strings.Join(ns, "、")}
	}
	more := count(int64(len(ns) - maxNamed))
	return textf("%s and %s more", "%s 等另外 %s 项", Text{strings.Join(ns[:maxNamed], ", "), strings.Join(ns[:maxNamed], "、")}, more)
}
