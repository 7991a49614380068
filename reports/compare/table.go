package compare

import (
	"cmp"
	"encoding/json"
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
func JSON(w io.Writer, d *Diff) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(d)
}

// Table writes d for a terminal, at most 100 columns wide, with what moved first.
func Table(w io.Writer, d *Diff, colour bool) error {
	t := terminal.New(colour)
	word := map[reports.Verdict]string{reports.Pass: "NO REGRESSION", reports.Fail: "REGRESSION", reports.Unknown: "UNKNOWN"}[d.Result]
	t.Line(t.Verdict(d.Result, terminal.Mark(d.Result)+" "+word) + "  " + t.Paint(terminal.Bold, text.Clip(text.Quote(d.Scenario), terminal.Width-20)))
	for _, why := range d.Why {
		t.Wrap("  ! ", why)
	}
	t.Line("")
	t.Wrap("  ", fmt.Sprintf("base %s, %s · candidate %s, %s", text.OrDash(text.ShortCommit(d.Base.Commit)), runs(d.Base.Runs), text.OrDash(text.ShortCommit(d.Candidate.Commit)), runs(d.Candidate.Runs)))
	t.Wrap("  ", fmt.Sprintf("Changes of %s and more count. The intervals hold together with %s%% confidence.", text.Percent(d.MinChange), text.Figure(d.Confidence*100)))
	if text := d.pairsText(); text != "" {
		t.Wrap("  ", text)
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

// pairsText says what a comparison in pairs rests on, and how much it can tell; "" for any other.
func (d *Diff) pairsText() string {
	if d.Pairs == 0 {
		return ""
	}
	text := fmt.Sprintf("Compared in pairs, over %s that both sides played.", text.Rounds(d.Pairs))
	for _, r := range d.Rows {
		if r.Name == Deciding && r.Known {
			text += fmt.Sprintf(" %s decides, and is known to within a factor of %s.", r.Name, strconv.FormatFloat(min(r.High/r.By, beyond), 'f', 3, 64))
		}
	}
	return text
}

// write adds the row.
func (r DiffRow) write(t *terminal.Writer) {
	style := map[Change]string{Worse: terminal.Bold + terminal.Red, Better: terminal.Bold + terminal.Green, Noisy: terminal.Yellow, Same: terminal.Dim}[r.Change]
	sign := map[Change]string{Worse: "✗", Better: "↑", Noisy: "?", Same: "="}[r.Change]
	interval := "not known"
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

// beyond is a ratio that stands for one to nothing.
const beyond = 1e6

// amount prints a change: a ratio as percent, a share's as points of percent.
func (r DiffRow) amount(x float64) string {
	if r.Share {
		return signed(x*100, 2) + " pp"
	}
	switch {
	case x >= beyond:
		return "from none"
	case x <= 1/beyond:
		return "to none"
	case x > 10: // percent of thousands are not read
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

// value prints a figure by the unit at the end of its name.
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

func runs(n int) string {
	if n == 1 {
		return "1 run"
	}
	return text.Count(int64(n)) + " runs"
}
