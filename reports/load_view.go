package reports

import (
	"strconv"
	"time"
)

// loadView is what a run in real time adds to the page, the summary and the terminal.
type loadView struct {
	*Load
	Label      string // of the run among its repeats
	Short      string // the same in the head of a column
	Operations []operationRow
	Facts      []fact
	Health     []fact
	Audited    []fact
	Plots      []secondsPlot // on the page alone
}

// fact is a name and what stands beside it.
type fact struct {
	Name  Text
	Value Text
	Bad   bool
}

// operationRow is one kind of operation.
type operationRow struct {
	Operation
	Cells []cell // by quantiles; Full holds the uncorrected figure
}

// quantiles heads the cells of an operation.
func quantiles() []string { return []string{"p50", "p90", "p99", "p99.9", "max"} }

func loadViews(r *Record) []loadView {
	var out []loadView
	for i := range r.Runs {
		l := r.Runs[i].Load
		if l == nil {
			continue
		}
		v := loadView{Load: l, Label: r.Runs[i].Label(), Short: r.Runs[i].Short(), Facts: loadFacts(l), Health: generatorFacts(&l.Generator), Audited: auditFacts(&l.Audit)}
		for _, o := range l.Operations {
			v.Operations = append(v.Operations, operationRow{o, latencyCells(o.Corrected, o.Uncorrected)})
		}
		out = append(out, v)
	}
	return out
}

// sizeWords says how large the run was: its scale, or for one in real time what was asked of whom.
func (v view) sizeWords() string {
	if len(v.Real) == 0 {
		return "scale " + v.Size.String()
	}
	l := v.Real[0]
	size := significant(l.PeakPerS) + "/s for " + seconds(l.DurationS).EN + " at " + quote(l.Target)
	if n := len(v.Real); n > 1 {
		size += ", " + count(int64(n)) + " times"
	}
	return size
}

// latencyCells puts the uncorrected figure below the corrected one, and marks what a naive tool would have hidden.
func latencyCells(corrected, uncorrected Latency) []cell {
	a, b := quantilesOf(corrected), quantilesOf(uncorrected)
	cells := make([]cell, len(a))
	for i := range a {
		cells[i] = cell{Value: same("–"), Full: same("–")}
		if corrected.Samples > 0 {
			cells[i].Value = micros(a[i])
		}
		if uncorrected.Samples > 0 {
			cells[i].Full = micros(b[i])
		}
	}
	return cells
}

func quantilesOf(l Latency) []int64 { return []int64{l.P50US, l.P90US, l.P99US, l.P999US, l.MaxUS} }

// micros formats microseconds with three digits.
func micros(us int64) Text {
	switch {
	case us < 1000:
		return textf("%d µs", "%d 微秒", us)
	case us < 999_500:
		return textf("%s ms", "%s 毫秒", significant(float64(us)/1000))
	case us < 59_950_000:
		return textf("%s s", "%s 秒", significant(float64(us)/1e6))
	}
	return duration(us / 1000)
}

// seconds formats a time in seconds.
func seconds(s float64) Text { return micros(int64(min(s, maxUnixS) * 1e6)) }

func yesNo(yes bool) Text {
	if yes {
		return Text{"yes", "是"}
	}
	return Text{"no", "否"}
}

func loadFacts(l *Load) []fact {
	out := []fact{
		{Name: Text{"Target", "目标"}, Value: same(quote(l.Target))},
		{Name: Text{"Window", "窗口"}, Value: same(quote(l.Window))},
		{Name: Text{"Asked for", "要求"}, Value: textf("%s grants a second at the peak, for %s", "峰值每秒 %s 次发奖，持续 %s", significant(l.PeakPerS), seconds(l.DurationS))},
		{Name: Text{"Driver", "驱动"}, Value: same(quote(l.Driver))},
		{Name: Text{"Marked as load test", "带压测标记"}, Value: yesNo(l.Marked)},
	}
	if !l.StartedAt.IsZero() {
		out = append(out, fact{Name: Text{"Started (UTC)", "开始 (UTC)"}, Value: same(l.StartedAt.UTC().Format(time.DateTime))})
	}
	return out
}

// generatorFacts says how the generator did.
func generatorFacts(g *Generator) []fact {
	state := fact{Name: Text{"Kept up", "跟上计划"}, Value: yesNo(!g.Saturated), Bad: g.Saturated}
	if why := quote(g.Why); g.Saturated && why != "" {
		state.Value = textf("no: %s", "否：%s", why)
	}
	return []fact{
		state,
		{Name: Text{"Sends after their moment, p50 · p99 · longest", "发送延后 p50 · p99 · 最长"},
			Value: textf("%s · %s · %s", "%s · %s · %s", micros(g.LatenessP50US), micros(g.LatenessP99US), micros(g.LatenessMaxUS))},
		{Name: Text{"Attackers · workers at most", "发压器 · 最多工作协程"}, Value: same(count(int64(g.Attackers)) + " · " + count(int64(g.Workers)))},
		{Name: Text{"Processor time", "处理器时间"}, Value: textf("%s s, %s cores", "%s 秒，%s 核", significant(g.CPUS), significant(g.CPUCores))},
		{Name: Text{"Pauses for garbage", "垃圾回收暂停"}, Value: micros(int64(min(g.GCPauseMS, maxUnixS) * 1000))},
		{Name: Text{"Clock jumped by", "时钟跳变"}, Value: textf("%s ms", "%s 毫秒", figure(g.ClockJumpMS))},
	}
}

// auditFacts says how the money was judged.
func auditFacts(a *Audit) []fact {
	if a.Over == "" {
		return []fact{{Name: Text{"Audit", "审计"}, Value: Text{"there was none", "未进行"}, Bad: true}}
	}
	out := []fact{
		{Name: Text{"Judged over", "审计途径"}, Value: same(quote(a.Over))},
		{Name: Text{"People whose pages were read", "读取钱包页的用户"}, Value: textf("%s of %s", "%[2]s 中的 %[1]s", count(a.PeopleRead), count(a.People))},
	}
	for _, what := range a.Unseen {
		out = append(out, fact{Name: Text{"Not known from outside", "无法从外部得知"}, Value: same(quote(what))})
	}
	drained := fact{Name: Text{"Drained", "积压清空"}, Value: textf("%s after the load", "压测结束后 %s", seconds(a.DrainedS))}
	if !a.Drained {
		drained = fact{Name: drained.Name, Value: textf("not within %s", "%s 内未清空", seconds(a.DrainedS)), Bad: true}
	}
	out = append(out, drained)
	if a.LiveBefore != nil && a.LiveAfter != nil {
		f := fact{Name: Text{"Production data", "生产数据"}, Value: textf("untouched: %s", "未被触及：%s", holdingsText(a.LiveAfter))}
		if *a.LiveBefore != *a.LiveAfter {
			f.Value, f.Bad = textf("%s before, %s after", "之前 %s，之后 %s", holdingsText(a.LiveBefore), holdingsText(a.LiveAfter)), true
		}
		out = append(out, f)
	}
	if a.MarkedBefore != nil && a.MarkedAfter != nil {
		f := fact{Name: Text{"Load-test data", "压测数据"}, Value: textf("cleaned up: %s", "已清理：%s", holdingsText(a.MarkedBefore))}
		if *a.MarkedAfter != (Holdings{}) {
			f.Value, f.Bad = textf("left after the clean-up: %s", "清理后仍有：%s", holdingsText(a.MarkedAfter)), true
		}
		out = append(out, f)
	}
	return out
}

func holdingsText(h *Holdings) Text {
	return textf("%s orders, %s entries, %s reserved", "订单 %s，分录 %s，预留 %s", count(h.Orders), count(h.Entries), money(h.ReservedFen))
}

// thresholdRow is one threshold over all repeats.
type thresholdRow struct {
	Threshold
	Says Text
	By   []thresholdCell
}

type thresholdCell struct {
	Threshold
	Known bool // the run has it
	Value Text // "12.3 ms ≤ 200 ms"
}

// thresholdRows has a row for each name, in the order of the first run that has it, with the worst result of all.
func thresholdRows(r *Record) []thresholdRow {
	var rows []thresholdRow
	at := map[string]int{}
	for i := range r.Runs {
		if r.Runs[i].Load == nil {
			continue
		}
		for _, t := range r.Runs[i].Load.Thresholds {
			k, seen := at[t.Name]
			if !seen {
				k = len(rows)
				at[t.Name] = k
				rows = append(rows, thresholdRow{Threshold: t, Says: statementText(&t), By: make([]thresholdCell, len(r.Runs))})
			}
			rows[k].By[i] = thresholdCell{t, true, comparisonText(&t)}
			rows[k].Result = Combine(rows[k].Result, t.Result)
			if rows[k].Why == "" {
				rows[k].Why = t.Why
			}
		}
	}
	return rows
}

// comparisonText prints the operator between its operands.
func comparisonText(t *Threshold) Text {
	limit := amountText(t, t.Limit)
	if t.Samples == 0 {
		return textf("? %s %s", "? %s %s", quote(t.Operator), limit)
	}
	operator := quote(t.Operator)
	if t.Measured > t.Limit {
		operator = ">"
	}
	return textf("%s %s %s", "%s %s %s", amountText(t, t.Measured), operator, limit)
}

func amountText(t *Threshold, x float64) Text {
	switch t.Unit {
	case "ms":
		return textf("%s ms", "%s 毫秒", figure(x))
	case "s":
		if x < 1 {
			return seconds(x)
		}
		return textf("%s s", "%s 秒", figure(x))
	}
	return same(strconv.FormatFloat(x, 'g', 3, 64))
}

// statementText is the demand in words, without its limit.
func statementText(t *Threshold) Text {
	en := quote(t.Statement)
	if en == "" {
		en = quote(t.Name)
	}
	names := map[string]Text{
		"max_ms": {"", "最长延迟"}, "error_ratio": {"", "错误比例"}, "refused_ratio": {"", "拒绝比例"},
		"drained_within_s": {"", "积压清空时间"}, "visible_wait_p99_ms": {"", "可见等待 p99"}, "p999_ms": {"", "延迟 p99.9"},
		"p50_ms": {"", "延迟 p50"}, "p90_ms": {"", "延迟 p90"}, "p99_ms": {"", "延迟 p99"},
	}
	zh := names[t.Measure].ZH
	if zh == "" {
		return same(en)
	}
	if t.Operation != "" {
		zh = quote(t.Operation) + " " + zh
	}
	if t.Second != "" {
		zh += "（最忙一秒）"
	}
	if t.Window != "" {
		zh += "（" + quote(t.Window) + "）"
	}
	return Text{en, zh + " ≤ " + amountText(t, t.Limit).ZH}
}
