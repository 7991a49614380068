package render

import (
	"strings"
	"unicode/utf8"

	"hongbao/reports"
	"hongbao/reports/terminal"
	"hongbao/reports/text"
)

// load writes the results of a load run.
func (t *table) load(v view) {
	if len(v.Real) == 0 && v.FindMax == nil {
		return
	}
	t.thresholds(v)
	if len(v.Real) > 0 { // the page shows all repeats
		l := v.Real[0]
		t.operations(v, l)
		t.facts("GENERATOR", l.Health)
		t.facts("AUDIT", l.Audited)
	}
	if v.FindMax != nil {
		t.findMax(v.FindMax)
	}
	if len(v.Readings) > 0 {
		t.Line("")
	}
	for _, s := range v.Readings {
		t.Wrap("  - ", s.EN)
	}
}

func (t *table) thresholds(v view) {
	if len(v.Thresholds) == 0 {
		return
	}
	const nameWidth = 56
	t.Section("THRESHOLDS", "")
	for _, row := range v.Thresholds {
		name := "  " + t.Verdict(row.Result, terminal.Mark(row.Result)) + " " + terminal.Pad(row.Condition.EN, nameWidth)
		var measured []string
		for _, c := range row.By {
			if c.Known {
				measured = append(measured, c.measuredText(len(row.By) == 1))
			}
		}
		t.Line(name + text.Clip(strings.Join(measured, " · "), terminal.Width-nameWidth-4))
		if why := text.Quote(row.Why); why != "" {
			t.Wrap("      ", why)
		}
	}
}

// measuredText returns the measured value and, if there is room for it, the limit that was missed.
func (c thresholdCell) measuredText(room bool) string {
	if c.Samples == 0 {
		return "no samples"
	}
	out := amountText(&c.Threshold, c.Measured).EN
	if c.Result == reports.Fail && room {
		out += " > " + amountText(&c.Threshold, c.Limit).EN
	}
	return out
}

// operations writes the latencies and the counts of one run.
func (t *table) operations(v view, l loadView) {
	of := ""
	if len(v.Real) > 1 {
		of = "  " + text.Quote(l.Label) + ", the first of " + text.Count(int64(len(v.Real)))
	}
	t.Section("LATENCY"+of, "  from the due time of an operation; in brackets: from its send")
	const nameWidth, width = 12, 17
	t.Line(t.Paint(terminal.Dim, terminal.Row("", nameWidth, quantiles(), width)))
	for _, o := range l.Operations {
		var cells []string
		for _, c := range o.Cells {
			both := c.Value.EN + " (" + strings.TrimSuffix(c.Full.EN, " ms") + ")"
			if utf8.RuneCountInString(both) >= width {
				both = c.Value.EN
			}
			cells = append(cells, both)
		}
		t.Line(terminal.Row("  "+text.Quote(o.Name), nameWidth, cells, width))
	}
	t.Section("OPERATIONS", "  scheduled = sent + unsent; sent = ok + refused + failed + in flight")
	t.countsHead(11)
	for _, o := range l.Operations {
		t.counts(o.Name, 11, o.Offered)
	}
}

func (t *table) facts(title string, fs []fact) {
	t.Section(title, "")
	for _, f := range fs {
		lead := "  " + terminal.Pad(f.Name.EN, 46)
		if f.Bad {
			lead = "! " + terminal.Pad(f.Name.EN, 46)
		}
		t.Wrap(lead, f.Value.EN)
	}
}

func (t *table) findMax(f *reports.FindMax) {
	t.Section("FIND-MAX", "")
	t.Line(t.Paint(terminal.Dim, terminal.PadLeft("grants/s", 14)+terminal.PadLeft("ok/s", 14)+terminal.PadLeft("grant p99", 12)+terminal.PadLeft("cores", 8)))
	for _, s := range f.Steps {
		line := "  " + t.Verdict(s.Result, terminal.Mark(s.Result)) + terminal.PadLeft(text.Significant(s.RatePerS), 11) + terminal.PadLeft(text.Significant(s.OKPerS), 14) + terminal.PadLeft(text.Micros(s.P99US).EN, 12) + terminal.PadLeft(coresOf(s), 8)
		t.Line(line + "  " + text.Clip(text.Quote(s.Why), terminal.Width-51))
	}
}

// coresOf returns the number of cores in use by the target, or a dash if it is unknown.
func coresOf(s reports.Step) string {
	if s.TargetCores == 0 {
		return "–"
	}
	return text.Significant(s.TargetCores)
}
