package render

import (
	"cmp"
	"strconv"
	"time"

	"hongbao/reports"
	"hongbao/reports/plot"
	"hongbao/reports/text"
)

// loadView holds the results of a load run for the page, the summary and the terminal.
type loadView struct {
	*reports.Load
	Label      string // name of the run among its repeats
	Short      string // the same for the head of a column
	Operations []operationRow
	Facts      []fact
	Health     []fact
	Audited    []fact
	Plots      []plot.SecondsPlot // only on the page
}

// fact is a named value.
type fact struct {
	Name  text.Text
	Value text.Text
	Bad   bool
}

// operationRow is one kind of operation.
type operationRow struct {
	reports.Operation
	Cells []cell // in the order of quantiles; Full is the uncorrected value
}

// quantiles returns the heads of operationRow.Cells.
func quantiles() []string { return []string{"p50", "p90", "p99", "p99.9", "max"} }

func loadViews(r *reports.Record) []loadView {
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

// SizeText returns the scale of a simulation, or the requested load and its target.
func (v view) SizeText() string {
	if len(v.Real) == 0 {
		return "scale " + v.Size.String()
	}
	l := v.Real[0]
	size := text.Significant(l.PeakPerS) + "/s for " + text.Seconds(l.DurationS).EN + " at " + text.Quote(l.Target)
	if n := len(v.Real); n > 1 {
		size += ", " + text.Count(int64(n)) + " times"
	}
	return size
}

// latencyCells returns the quantiles of the corrected latency, each with the uncorrected one below it.
func latencyCells(corrected, uncorrected reports.Latency) []cell {
	a, b := quantilesOf(corrected), quantilesOf(uncorrected)
	cells := make([]cell, len(a))
	for i := range a {
		cells[i] = cell{Value: text.Same("–"), Full: text.Same("–")}
		if corrected.Samples > 0 {
			cells[i].Value = text.Micros(a[i])
		}
		if uncorrected.Samples > 0 {
			cells[i].Full = text.Micros(b[i])
		}
	}
	return cells
}

func quantilesOf(l reports.Latency) []int64 {
	return []int64{l.P50US, l.P90US, l.P99US, l.P999US, l.MaxUS}
}

func yesNo(yes bool) text.Text {
	if yes {
		return text.Text{EN: "yes", ZH: "是"}
	}
	return text.Text{EN: "no", ZH: "否"}
}

func loadFacts(l *reports.Load) []fact {
	out := []fact{
		{Name: text.Text{EN: "Target", ZH: "目标"}, Value: text.Same(text.Quote(l.Target))},
		{Name: text.Text{EN: "Window", ZH: "窗口"}, Value: text.Same(text.Quote(l.Window))},
		{Name: text.Text{EN: "Requested load", ZH: "请求负载"}, Value: text.Textf("%s grants per second at the peak, for %s", "峰值每秒 %s 次发奖，持续 %s", text.Significant(l.PeakPerS), text.Seconds(l.DurationS))},
		{Name: text.Text{EN: "Driver", ZH: "发压工具"}, Value: text.Same(text.Quote(l.Driver))},
		{Name: text.Text{EN: "Load-test mark", ZH: "压测标记"}, Value: yesNo(l.Shadow)},
	}
	if !l.StartedAt.IsZero() {
		out = append(out, fact{Name: text.Text{EN: "Started (UTC)", ZH: "开始 (UTC)"}, Value: text.Same(l.StartedAt.UTC().Format(time.DateTime))})
	}
	return out
}

// generatorFacts returns the facts about the load generator.
func generatorFacts(g *reports.Generator) []fact {
	state := fact{Name: text.Text{EN: "On schedule", ZH: "按计划发送"}, Value: yesNo(!g.Saturated), Bad: g.Saturated}
	if why := text.Quote(g.Why); g.Saturated && why != "" {
		state.Value = text.Textf("no: %s", "否：%s", why)
	}
	return []fact{
		state,
		{Name: text.Text{EN: "Lateness of sends, p50 · p99 · longest", ZH: "发送滞后 p50 · p99 · 最长"},
			Value: text.Textf("%s · %s · %s", "%s · %s · %s", text.Micros(g.LatenessP50US), text.Micros(g.LatenessP99US), text.Micros(g.LatenessMaxUS))},
		{Name: text.Text{EN: "Attackers · most busy workers", ZH: "发压器 · 工作协程峰值"}, Value: text.Same(text.Count(int64(g.Attackers)) + " · " + text.Count(int64(g.Workers)))},
		{Name: text.Text{EN: "CPU time", ZH: "CPU 时间"}, Value: text.Textf("%s s, %s cores", "%s 秒，%s 核", text.Significant(g.CPUS), text.Significant(g.CPUCores))},
		{Name: text.Text{EN: "Garbage-collection pauses", ZH: "垃圾回收暂停"}, Value: text.Micros(int64(min(g.GCPauseMS, reports.MaxUnixS) * 1000))},
		{Name: text.Text{EN: "Drift of the wall clock", ZH: "系统时钟偏移"}, Value: text.Textf("%s ms", "%s 毫秒", text.Figure(g.ClockJumpMS))},
	}
}

// auditFacts returns the facts about the audit of the money.
func auditFacts(a *reports.Audit) []fact {
	if a.Over == "" {
		return []fact{{Name: text.Text{EN: "Audit", ZH: "审计"}, Value: text.Text{EN: "not done", ZH: "未进行"}, Bad: true}}
	}
	out := []fact{
		{Name: text.Text{EN: "Data sources", ZH: "数据来源"}, Value: text.Same(text.Quote(a.Over))},
		{Name: text.Text{EN: "People whose wallet pages were read", ZH: "已读取钱包页的用户"}, Value: text.Textf("%s of %s", "%s / %s", text.Count(a.PeopleRead), text.Count(a.People))},
	}
	for _, unseen := range a.Unseen {
		out = append(out, fact{Name: text.Text{EN: "Not checked without access to the stores", ZH: "无法访问存储，未检查"}, Value: text.Same(text.Quote(unseen))})
	}
	drained := fact{Name: text.Text{EN: "Drained", ZH: "积压清空"}, Value: text.Textf("%s after the load", "压测结束后 %s", text.Seconds(a.DrainedS))}
	if !a.Drained {
		drained = fact{Name: drained.Name, Value: text.Textf("not within %s", "%s 内未清空", text.Seconds(a.DrainedS)), Bad: true}
	}
	out = append(out, drained)
	if a.LiveBefore != nil && a.LiveAfter != nil {
		f := fact{Name: text.Text{EN: "Production data", ZH: "生产数据"}, Value: text.Textf("unchanged: %s", "未改变：%s", holdingsText(a.LiveAfter))}
		if *a.LiveBefore != *a.LiveAfter {
			f.Value, f.Bad = text.Textf("%s before, %s after", "之前 %s，之后 %s", holdingsText(a.LiveBefore), holdingsText(a.LiveAfter)), true
		}
		out = append(out, f)
	}
	if a.ShadowBefore != nil && a.ShadowAfter != nil {
		f := fact{Name: text.Text{EN: "Load-test data", ZH: "压测数据"}, Value: text.Textf("cleaned up: %s", "已清理：%s", holdingsText(a.ShadowBefore))}
		if *a.ShadowAfter != (reports.Holdings{}) {
			f.Value, f.Bad = text.Textf("left after the clean-up: %s", "清理后仍有：%s", holdingsText(a.ShadowAfter)), true
		}
		out = append(out, f)
	}
	return out
}

func holdingsText(h *reports.Holdings) text.Text {
	return text.Textf("%s orders, %s entries, %s reserved", "订单 %s，分录 %s，预留 %s", text.Count(h.Orders), text.Count(h.Entries), text.Money(h.ReservedFen))
}

// thresholdRow is one threshold with its results in all repeats.
type thresholdRow struct {
	reports.Threshold
	Condition text.Text
	By        []thresholdCell
}

type thresholdCell struct {
	reports.Threshold
	Known bool      // the run has the threshold
	Value text.Text // "12.3 ms ≤ 200 ms"
}

// thresholdRows returns a row for each threshold, with the worst result of all runs.
func thresholdRows(r *reports.Record) []thresholdRow {
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
				rows = append(rows, thresholdRow{Threshold: t, Condition: statementText(&t), By: make([]thresholdCell, len(r.Runs))})
			}
			rows[k].By[i] = thresholdCell{t, true, comparisonText(&t)}
			rows[k].Result = reports.Combine(rows[k].Result, t.Result)
			rows[k].Why = cmp.Or(rows[k].Why, t.Why)
		}
	}
	return rows
}

// comparisonText formats the measured value, the operator and the limit.
func comparisonText(t *reports.Threshold) text.Text {
	limit := amountText(t, t.Limit)
	if t.Samples == 0 {
		return text.Textf("? %s %s", "? %s %s", text.Quote(t.Operator), limit)
	}
	operator := text.Quote(t.Operator)
	if t.Measured > t.Limit {
		operator = ">"
	}
	return text.Textf("%s %s %s", "%s %s %s", amountText(t, t.Measured), operator, limit)
}

func amountText(t *reports.Threshold, x float64) text.Text {
	switch t.Unit {
	case "ms":
		return text.Textf("%s ms", "%s 毫秒", text.Figure(x))
	case "s":
		if x < 1 {
			return text.Seconds(x)
		}
		return text.Textf("%s s", "%s 秒", text.Figure(x))
	}
	return text.Same(strconv.FormatFloat(x, 'g', 3, 64))
}

// statementText returns the condition of a threshold in words.
func statementText(t *reports.Threshold) text.Text {
	en := cmp.Or(text.Quote(t.Statement), text.Quote(t.Name))
	zh := map[string]string{
		"max_ms": "最长延迟", "error_ratio": "错误比例", "refused_ratio": "拒绝比例",
		"drained_within_s": "积压清空时间", "visible_wait_p99_ms": "可见等待 p99", "p999_ms": "延迟 p99.9",
		"p50_ms": "延迟 p50", "p90_ms": "延迟 p90", "p99_ms": "延迟 p99",
	}[t.Measure]
	if zh == "" {
		return text.Same(en)
	}
	if t.Operation != "" {
		zh = text.Quote(t.Operation) + " " + zh
	}
	if t.Second != "" {
		zh += "（最忙一秒）"
	}
	if t.Window != "" {
		zh += "（" + text.Quote(t.Window) + "）"
	}
	return text.Text{EN: en, ZH: zh + " ≤ " + amountText(t, t.Limit).ZH}
}
