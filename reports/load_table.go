package reports

import (
	"strings"
	"unicode/utf8"
)

// load writes what a run in real time adds to the terminal's tables.
func (t *table) load(v view) {
	if len(v.Real) == 0 && v.FindMax == nil {
		return
	}
	t.thresholds(v)
	if len(v.Real) > 0 { // the page has the other repeats
		l := v.Real[0]
		t.operations(v, l)
		t.facts("GENERATOR", l.Health)
		t.facts("AUDIT", l.Audited)
	}
	if v.FindMax != nil {
		t.findMax(v.FindMax)
	}
	if len(v.Readings) > 0 {
		t.line("")
	}
	for _, s := range v.Readings {
		t.wrap("  - ", s.EN)
	}
}

func (t *table) thresholds(v view) {
	if len(v.Thresholds) == 0 {
		return
	}
	const nameWidth = 56
	t.line("")
	t.line(t.paint(bold, "THRESHOLDS"))
	for _, row := range v.Thresholds {
		name := "  " + t.verdict(row.Result, mark(row.Result)) + " " + pad(row.Says.EN, nameWidth)
		var measured []string
		for _, c := range row.By {
			if c.Known {
				measured = append(measured, c.Measured(len(row.By) == 1))
			}
		}
		t.line(name + clip(strings.Join(measured, " · "), tableWidth-nameWidth-4))
		if why := quote(row.Why); why != "" {
			t.wrap("      ", why)
		}
	}
}

// Measured is what stands before the operator and, where there is room, the limit that was missed.
func (c thresholdCell) Measured(room bool) string {
	if c.Samples == 0 {
		return "nothing measured"
	}
	text := amountText(&c.Threshold, c.Threshold.Measured).EN
	if c.Result == Fail && room {
		text += " > " + amountText(&c.Threshold, c.Limit).EN
	}
	return text
}

// operations writes the latencies and the accounts of one run.
func (t *table) operations(v view, l loadView) {
	of := ""
	if len(v.Real) > 1 {
		of = "  " + quote(l.Label) + ", the first of " + count(int64(len(v.Real)))
	}
	t.line("")
	t.line(t.paint(bold, "LATENCY"+of) + t.paint(dim, "  from the moment an operation was due; in brackets: from its send"))
	const nameWidth, width = 12, 17
	head := pad("", nameWidth)
	for _, q := range quantiles() {
		head += padLeft(q, width)
	}
	t.line(t.paint(dim, head))
	for _, o := range l.Operations {
		line := pad("  "+quote(o.Name), nameWidth)
		for _, c := range o.Cells {
			text := c.Value.EN + " (" + strings.TrimSuffix(c.Full.EN, " ms") + ")"
			if utf8.RuneCountInString(text) >= width {
				text = c.Value.EN
			}
			line += padLeft(text, width)
		}
		t.line(line)
	}
	t.line("")
	t.line(t.paint(bold, "OPERATIONS") + t.paint(dim, "  scheduled = sent + unsent; sent = ok + refused + failed + in flight"))
	t.accountsHead(11)
	for _, o := range l.Operations {
		t.account(o.Name, 11, o.Offered)
	}
}

func (t *table) facts(title string, fs []fact) {
	t.line("")
	t.line(t.paint(bold, title))
	for _, f := range fs {
		lead := "  " + pad(f.Name.EN, 46)
		if f.Bad {
			lead = "! " + pad(f.Name.EN, 46)
		}
		t.wrap(lead, f.Value.EN)
	}
}

func (t *table) findMax(f *FindMax) {
	t.line("")
	t.line(t.paint(bold, "FIND-MAX"))
	t.line(t.paint(dim, padLeft("a second", 14)+padLeft("ok a second", 14)+padLeft("grant p99", 12)+padLeft("cores", 8)))
	for _, s := range f.Steps {
		line := "  " + t.verdict(s.Result, mark(s.Result)) + padLeft(significant(s.RatePerS), 11) + padLeft(significant(s.OKPerS), 14) + padLeft(micros(s.P99US).EN, 12) + padLeft(coresOf(&s), 8)
		t.line(line + "  " + clip(quote(s.Why), tableWidth-51))
	}
}

// coresOf is what the target had in use, where that is known.
func coresOf(s *Step) string {
	if s.TargetCores == 0 {
		return "–"
	}
	return significant(s.TargetCores)
}
