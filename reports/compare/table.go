package compare

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"hongbao/reports"
	"hongbao/reports/terminal"
	"hongbao/reports/text"
)

// JSON writes d as JSON.
func JSON(w io.Writer, d *Diff) error { return reports.EncodeJSON(w, d) }

// Table writes d for a terminal, at most 100 columns wide. Changed figures come first.
func Table(w io.Writer, d *Diff, colour bool) error {
	t := terminal.New(colour)
	word := map[reports.Verdict]string{reports.Pass: "NO REGRESSION", reports.Fail: "REGRESSION", reports.Unknown: "UNKNOWN"}[d.Result]
	t.Line(t.Verdict(d.Result, terminal.Mark(d.Result)+" "+word) + "  " + t.Paint(terminal.Bold, text.Clip(text.Quote(d.Scenario), terminal.Width-20)))
	for _, why := range d.Why {
		t.Wrap("  ! ", why)
	}
	t.Line("")
	t.Wrap("  ", fmt.Sprintf("base %s, %s · candidate %s, %s", text.OrDash(text.ShortCommit(d.Base.Commit)), counted(d.Base.Runs, "run"), text.OrDash(text.ShortCommit(d.Candidate.Commit)), counted(d.Candidate.Runs, "run")))
	t.Wrap("  ", fmt.Sprintf("Changes of %s or more count. All intervals hold together with %s%% confidence.", text.Percent(d.MinChange), text.Figure(d.Confidence*100)))
	if s := d.pairsText(); s != "" {
		t.Wrap("  ", s)
	}
	t.Line("")
	t.Line(t.Paint(terminal.Bold, terminal.Pad("FIGURE", 41)+terminal.PadLeft("base", 12)+terminal.PadLeft("candidate", 13)+terminal.PadLeft("change", 11)+terminal.PadLeft("interval", 22)))
	rows := slices.Clone(d.Rows)
	rank := map[Change]int{Worse: 0, Better: 1, Noisy: 2, Same: 3}
	slices.SortStableFunc(rows, func(a, b DiffRow) int { return cmp.Compare(rank[a.Change], rank[b.Change]) })
	for _, r := range rows {
		r.write(&t)
	}
	for _, c := range d.Checks {
		t.Line("  " + t.Verdict(c.Candidate, terminal.Mark(c.Candidate)) + " " + terminal.Pad("check "+text.Quote(c.Name), 40) + text.OrDash(string(c.Base)) + " → " + string(c.Candidate))
	}
	if len(d.Notes) > 0 {
		t.Line("")
	}
	for _, n := range d.Notes {
		t.Wrap("  - ", n)
	}
	_, err := io.WriteString(w, t.Text())
	return err
}

// pairsText describes the pairs of a comparison in pairs and the accuracy of its deciding figure. It is "" for other comparisons.
func (d *Diff) pairsText() string {
	if d.Pairs == 0 {
		return ""
	}
	out := fmt.Sprintf("Compared in pairs, over %s of both sides.", counted(d.Pairs, "round"))
	for _, r := range d.Rows {
		if r.Name == Deciding && r.Known {
			out += fmt.Sprintf(" %s is the deciding figure, known to within a factor of %s.", r.Name, strconv.FormatFloat(min(r.High/r.By, maxShownRatio), 'f', 3, 64))
		}
	}
	return out
}

// write adds the row to t.
func (r DiffRow) write(t *terminal.Writer) {
	style := map[Change]string{Worse: terminal.Bold + terminal.Red, Better: terminal.Bold + terminal.Green, Noisy: terminal.Yellow, Same: terminal.Dim}[r.Change]
	sign := map[Change]string{Worse: "✗", Better: "↑", Noisy: "?", Same: "="}[r.Change]
	interval := "unknown"
	switch {
	case r.Known && r.Low == r.High:
		interval = "exact"
	case r.Known:
		interval = r.amount(r.Low) + " … " + r.amount(r.High)
	}
	line := terminal.Pad(fmt.Sprintf("%s %-6s %s", sign, r.Change, text.Quote(r.Name)), 39) + terminal.PadLeft(r.value(r.Base), 12) + terminal.PadLeft(r.value(r.Candidate), 13) +
		terminal.PadLeft(r.amount(r.By), 11) + terminal.PadLeft(interval, 22)
	t.Line("  " + t.Paint(style, line))
}

// maxShownRatio is the largest shown ratio. A larger one means that the base is zero.
const maxShownRatio = 1e6

// amount formats a change: a ratio in percent, a difference of shares in percentage points (pp).
func (r DiffRow) amount(x float64) string {
	if r.Share {
		return signed(x*100, 2) + " pp"
	}
	switch {
	case x >= maxShownRatio:
		return "from zero"
	case x <= 1/maxShownRatio:
		return "to zero"
	case x > 10: // percentages above 1,000 are hard to read
		return "× " + text.Significant(x)
	}
	return signed((x-1)*100, 1) + "%"
}

func signed(x float64, digits int) string {
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if x >= 0 {
		s = "+" + s
	}
	return s
}

// value formats a figure according to the unit at the end of its name.
func (r DiffRow) value(x float64) string {
	switch {
	case r.Share:
		return text.Percent(x)
	case strings.HasSuffix(r.Name, "_us"), strings.HasSuffix(r.Name, "_us_per_operation"):
		return text.Micros(int64(min(x, 1e15))).EN
	case strings.HasSuffix(r.Name, "_per_s"):
		return text.Significant(x)
	case strings.HasSuffix(r.Name, "_s"):
		return text.Seconds(x).EN
	case strings.HasSuffix(r.Name, "_ms"):
		return text.Duration(int64(min(x, 1e15))).EN
	}
	return text.Figure(x)
}

// counted returns n with a noun in the singular or plural.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return text.Count(int64(n)) + " " + noun + "s"
}
