package plot

import (
	"cmp"
	"html/template"
	"math"
	"slices"
	"strconv"

	"hongbao/reports"
	"hongbao/reports/text"
)

// The sizes of the drawings: the whole calendar over the page's width, the peak in half of it.
func wholeSize() plotSize { return plotSize{1040, 190} }
func peakSize() plotSize  { return plotSize{520, 210} }

// Chart is one quantity: over the whole run, and around the peak window when there is one.
type Chart struct {
	Title text.Text
	Whole template.HTML
	Peak  template.HTML
}

// quantity is a column of the series that the page knows how to name.
type quantity struct {
	column string
	title  text.Text
	unit   unit
}

func quantities() []quantity {
	return []quantity{
		{"offered_per_s", text.Text{EN: "Offered grants a second", ZH: "每秒请求的发奖"}, plain},
		{"posted_per_s", text.Text{EN: "Posted to the ledger a second", ZH: "每秒入账"}, plain},
		{"backlog", text.Text{EN: "Backlog: postings held", ZH: "压单笔数"}, plain},
		{"visible_wait_max_ms", text.Text{EN: "Longest wait until the wallet page shows a grant", ZH: "钱包页显示前的最长等待"}, milliseconds},
		{"budget_spent_fen", text.Text{EN: "Budget spent", ZH: "已用预算"}, fen},
	}
}

// Charts draws every column that a run has: the known ones first, then others under their own name.
func Charts(r *reports.Record) ([]Chart, error) {
	whole := newTimeline(r.Runs, math.MinInt64, math.MaxInt64)
	if len(whole) == 0 {
		return nil, nil
	}
	bands := Bands(r)
	peak := newTimeline(r.Runs, 0, 0)
	if i := slices.IndexFunc(bands, func(b band) bool { return b.Peak }); i >= 0 {
		peak = newTimeline(r.Runs, bands[i].from-(bands[i].to-bands[i].from)/6, calmAfter(r, bands[i]))
	}
	var out []Chart
	for _, q := range columns(r) {
		d := drawing{line: whole, windows: bands, runs: r.Runs, column: q.column, unit: q.unit, size: wholeSize()}
		c := Chart{Title: q.title}
		var err error
		if c.Whole, err = d.svg(q.title.EN); err != nil {
			return nil, err
		}
		if len(peak) > 0 {
			d.line, d.size = peak, peakSize()
			if c.Peak, err = d.svg(q.title.EN + ", peak window"); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// columns lists what the runs' series hold.
func columns(r *reports.Record) []quantity {
	var out []quantity
	has := func(column string) bool {
		return slices.ContainsFunc(r.Runs, func(run reports.Run) bool { return slices.Contains(run.Series.Columns, column) })
	}
	for _, q := range quantities() {
		if has(q.column) {
			out = append(out, q)
		}
	}
	for _, run := range r.Runs {
		for _, column := range run.Series.Columns {
			if !slices.ContainsFunc(out, func(q quantity) bool { return q.column == column }) {
				out = append(out, quantity{column, text.Same(text.Quote(column)), plain})
			}
		}
	}
	return out[:min(len(out), reports.MaxColumns)]
}

// Calendar returns the windows of the first run that has any; all strategies replay one calendar.
func Calendar(r *reports.Record) []reports.WindowStat {
	for _, run := range r.Runs {
		if len(run.Windows) > 0 {
			return run.Windows
		}
	}
	return nil
}

// Bands numbers the windows as the calendar's table does. Of the peak windows only the one with the highest rate
// stays marked.
func Bands(r *reports.Record) []band {
	ws := Calendar(r)
	top := -1
	for i, w := range ws {
		if w.Peak && (top < 0 || w.PeakTPS > ws[top].PeakTPS) {
			top = i
		}
	}
	out := make([]band, len(ws))
	for i, w := range ws {
		n := strconv.Itoa(i + 1)
		out[i] = band{w.Start.Unix(), w.End.Unix(), n + " " + text.Quote(w.Name), n, i == top}
	}
	slices.SortStableFunc(out, func(a, b band) int { return cmp.Compare(a.from, b.from) })
	return out
}

// calmLengths bounds the picture of the peak, in lengths of its window: a backlog that stays longer is another story.
const calmLengths = 6

// calmAfter returns when, after the window, every run's backlog had gone and a little beyond.
func calmAfter(r *reports.Record, w band) int64 {
	length := max(1, w.to-w.from)
	calm := w.to
	for i := range r.Runs {
		s := &r.Runs[i].Series
		j := slices.Index(s.Columns, "backlog")
		if j < 0 {
			continue
		}
		for k, t := range s.Times {
			if t < w.to {
				continue
			}
			if calm = max(calm, min(t, w.to+calmLengths*length)); s.Values[j][k] == 0 {
				break
			}
		}
	}
	return calm + (calm-w.from)/12
}
