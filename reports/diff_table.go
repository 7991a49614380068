package reports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// DiffJSON writes d as JSON.
func DiffJSON(w io.Writer, d *Diff) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(d)
}

// DiffTable writes d for a terminal, at most 100 columns wide, with what moved first.
func DiffTable(w io.Writer, d *Diff, colour bool) error {
	t := newTerminal(colour)
	word := map[Verdict]string{Pass: "NO REGRESSION", Fail: "REGRESSION", Unknown: "UNKNOWN"}[d.Result]
	t.line(t.verdict(d.Result, mark(d.Result)+" "+word) + "  " + t.paint(bold, clip(quote(d.Scenario), tableWidth-20)))
	for _, why := range d.Why {
		t.wrap("  ! ", why)
	}
	t.line("")
	t.wrap("  ", fmt.Sprintf("base %s, %s · candidate %s, %s", orDash(shortCommit(d.Base.Commit)), runs(d.Base.Runs), orDash(shortCommit(d.Candidate.Commit)), runs(d.Candidate.Runs)))
	t.wrap("  ", fmt.Sprintf("Changes of %s and more count. The intervals hold together with %s%% confidence.", percent(d.MinChange), figure(d.Confidence*100)))
	if text := d.pairsText(); text != "" {
		t.wrap("  ", text)
	}
	t.line("")
	t.line(t.paint(bold, pad("FIGURE", 41)+padLeft("base", 12)+padLeft("candidate", 13)+padLeft("change", 11)+padLeft("interval", 22)))
	rows := slices.Clone(d.Rows)
	rank := map[Change]int{Worse: 0, Better: 1, Noisy: 2, Same: 3}
	slices.SortStableFunc(rows, func(a, b DiffRow) int { return cmp.Compare(rank[a.Change], rank[b.Change]) })
	for _, r := range rows {
		r.write(&t)
	}
	for _, c := range d.Checks {
		t.line("  " + t.verdict(c.Candidate, mark(c.Candidate)) + " " + pad("check "+quote(c.Name), 40) + orDash(string(c.Base)) + " → " + string(c.Candidate))
	}
	if len(d.Notes) > 0 {
		t.line("")
	}
	for _, n := range d.Notes {
		t.wrap("  - ", n)
	}
	_, err := io.WriteString(w, t.text())
	return err
}

// pairsText says what a comparison in pairs rests on, and how much it can tell; "" for any other.
func (d *Diff) pairsText() string {
	if d.Pairs == 0 {
		return ""
	}
	text := fmt.Sprintf("Compared in pairs, over %s that both sides played.", rounds(d.Pairs))
	for _, r := range d.Rows {
		if r.Name == Deciding && r.Known {
			text += fmt.Sprintf(" %s decides, and is known to within a factor of %s.", r.Name, strconv.FormatFloat(min(r.High/r.By, beyond), 'f', 3, 64))
		}
	}
	return text
}

func rounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return count(int64(n)) + " rounds"
}

// write adds the row.
func (r DiffRow) write(t *terminal) {
	style := map[Change]string{Worse: bold + red, Better: bold + green, Noisy: yellow, Same: dim}[r.Change]
	sign := map[Change]string{Worse: "✗", Better: "↑", Noisy: "?", Same: "="}[r.Change]
	interval := "not known"
	switch {
	case r.Known && r.Low == r.High:
		interval = "exact"
	case r.Known:
		interval = r.amount(r.Low) + " … " + r.amount(r.High)
	}
	line := pad(fmt.Sprintf("%s %-6s %s", sign, r.Change, quote(r.Name)), 39) + padLeft(r.value(r.Base), 12) + padLeft(r.value(r.Candidate), 13) +
		padLeft(r.amount(r.By), 11) + padLeft(interval, 22)
	t.line("  " + t.paint(style, line))
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
		return "× " + significant(x)
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
		return percent(x)
	case strings.HasSuffix(r.Name, "_us"), strings.HasSuffix(r.Name, "_us_per_operation"):
		return micros(int64(min(x, 1e15))).EN
	case strings.HasSuffix(r.Name, "_per_s"):
		return significant(x)
	case strings.HasSuffix(r.Name, "_s"):
		return seconds(x).EN
	case strings.HasSuffix(r.Name, "_ms"):
		return duration(int64(min(x, 1e15))).EN
	}
	return figure(x)
}

func percent(x float64) string { return trimZeros(strconv.FormatFloat(x*100, 'f', 2, 64)) + "%" }

func runs(n int) string {
	if n == 1 {
		return "1 run"
	}
	return count(int64(n)) + " runs"
}
