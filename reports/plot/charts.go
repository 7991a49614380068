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

// Chart shows one quantity over the whole run and around the peak window. Peak is empty if there is no peak window.
type Chart struct {
	Title text.Text
	Whole template.HTML
	Peak  template.HTML
}

// quantity is a column of the series with its title and unit.
type quantity struct {
	column string
	title  text.Text
	unit   unit
}

func quantities() []quantity {
	return []quantity{
		{"offered_per_s", text.Text{EN: "Offered grants per second", ZH: "每秒请求发奖数"}, plain},
		{"posted_per_s", text.Text{EN: "Postings to the ledger per second", ZH: "每秒入账笔数"}, plain},
		{"backlog", text.Text{EN: "Backlog: held postings", ZH: "压单笔数"}, plain},
		{"visible_wait_max_ms", text.Text{EN: "Longest wait until the wallet page shows a grant", ZH: "钱包页显示前的最长等待"}, milliseconds},
		{"budget_spent_fen", text.Text{EN: "Budget spent", ZH: "已用预算"}, fen},
	}
}

// Charts draws each column of the series of r: the known ones first, then the others under their own names.
func Charts(r *reports.Record) ([]Chart, error) {
	whole := newTimeline(r.Runs, math.MinInt64, math.MaxInt64)
	if len(whole) == 0 {
		return nil, nil
	}
	windows := bands(r)
	peak := newTimeline(r.Runs, 0, 0)
	if i := slices.IndexFunc(windows, func(b band) bool { return b.peak }); i >= 0 {
		peak = newTimeline(r.Runs, windows[i].from-(windows[i].to-windows[i].from)/6, backlogCleared(r, windows[i]))
	}
	var out []Chart
	for _, q := range columns(r) {
		// The plot of the whole calendar has the width of the page, that of the peak window half of it.
		d := drawing{line: whole, windows: windows, runs: r.Runs, column: q.column, unit: q.unit, size: plotSize{1040, 190}}
		c := Chart{Title: q.title}
		var err error
		if c.Whole, err = d.svg(q.title.EN); err != nil {
			return nil, err
		}
		if len(peak) > 0 {
			d.line, d.size = peak, plotSize{520, 210}
			if c.Peak, err = d.svg(q.title.EN + ", peak window"); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// columns returns the columns of the series of all runs.
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

// PeakName returns the number and the name of the peak window that Charts shows, or "" if there is none.
func PeakName(r *reports.Record) string {
	for _, b := range bands(r) {
		if b.peak {
			return b.label
		}
	}
	return ""
}

// bands returns the windows of the calendar, numbered as in the calendar's table. Only the peak window with the highest rate
// counts as the peak.
func bands(r *reports.Record) []band {
	ws := r.Calendar()
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

// maxClearLengths bounds the time after the peak window that its plot shows, in lengths of the window.
const maxClearLengths = 6

// backlogCleared returns the time after the window at which the backlogs of all runs were empty, plus a margin.
func backlogCleared(r *reports.Record, w band) int64 {
	length := max(1, w.to-w.from)
	cleared := w.to
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
			if cleared = max(cleared, min(t, w.to+maxClearLengths*length)); s.Values[j][k] == 0 {
				break
			}
		}
	}
	return cleared + (cleared-w.from)/12
}
