package render

import (
	"cmp"
	"fmt"
	"slices"

	"hongbao/reports"
	"hongbao/reports/text"
)

// view is a record made ready to be read. The page, the summary and the terminal all show it, so that they cannot
// disagree; it holds nothing that is not computed from the record.
type view struct {
	*reports.Record
	Size     scale
	Headline text.Text   // what the verdict rests on
	Doubts   []text.Text // why the verdict is not pass; empty when it is
	Rows     []row       // the comparison of the strategies
	Readings []text.Text // what the comparison says, in sentences
	Checks   []checkRow
	Loads    []loadRow

	// Of runs in real time; empty for a simulation.
	Real       []loadView
	Thresholds []thresholdRow

	Compared []studyView
}

// newView prepares r, which Validate has accepted.
func newView(r *reports.Record) view {
	v := view{Record: r, Size: scale{r.Scenario.ScaleNum, r.Scenario.ScaleDen}}
	v.Checks = checkRows(r)
	v.Headline = headline(r)
	v.Doubts = Doubts(r)
	v.Rows = comparisonRows(r, v.Size)
	v.Readings = readings(r, v.Size)
	v.Loads = loadRows(r)
	v.Real, v.Thresholds = loadViews(r), thresholdRows(r)
	v.Compared = studyViews(r)
	return v
}

// scale is the size of the run against the festival's: Num in Den.
type scale struct{ Num, Den int64 }

// Whole says whether the run had the festival's size.
func (s scale) Whole() bool { return s.Num == s.Den }

// Times is the factor from the run to the festival's size.
func (s scale) Times() string { return text.Significant(float64(s.Den) / float64(s.Num)) }

// Full returns n at the festival's size. It is for reading, hence rounded.
func (s scale) Full(n int64) text.Text {
	return text.Compact(float64(n) * float64(s.Den) / float64(s.Num))
}

// String prints the scale as scenario files and flags write it.
func (s scale) String() string { return fmt.Sprintf("%d/%d", s.Num, s.Den) }

// cell is one figure of a table.
type cell struct {
	Value text.Text
	Full  text.Text // the same at the festival's size; empty where that is no other figure
	Bad   bool      // must not be so
}

// row is one figure over all strategies.
type row struct {
	Group text.Text // set on the first row of a group
	Name  text.Text
	Cells []cell // one a run, in order of the record's
}

// comparisonRows builds the strategy table: what people see, what it costs, and what became of the money.
func comparisonRows(r *reports.Record, size scale) []row {
	if len(r.Runs) == 0 || r.Kind == "load" {
		return nil
	}
	wait := func(ms func(reports.Comparison) int64) func(reports.Comparison) cell {
		return func(c reports.Comparison) cell { return cell{Value: text.Duration(ms(c))} }
	}
	scaled := func(n func(reports.Comparison) int64) func(reports.Comparison) cell {
		return func(c reports.Comparison) cell { return size.Cell(n(c)) }
	}
	lines := []struct {
		group, name text.Text
		cell        func(reports.Comparison) cell
		atEnd       bool // known only once the run has come to its end
	}{
		{text.Text{EN: "What people see", ZH: "用户感受"}, text.Text{EN: "visible wait, half of the grants", ZH: "可见等待，中位数 (p50)"},
			wait(func(c reports.Comparison) int64 { return c.VisibleWaitP50MS }), true},
		{text.Text{}, text.Text{EN: "visible wait, 99 of 100 grants", ZH: "可见等待，p99"}, wait(func(c reports.Comparison) int64 { return c.VisibleWaitP99MS }), true},
		{text.Text{}, text.Text{EN: "visible wait, longest", ZH: "可见等待，最长"}, wait(func(c reports.Comparison) int64 { return c.VisibleWaitMaxMS }), true},
		{text.Text{}, text.Text{EN: "grants refused", ZH: "被拒绝的发奖"}, scaled(func(c reports.Comparison) int64 { return c.Refused }), false},
		{text.Text{EN: "What it takes", ZH: "系统代价"}, text.Text{EN: "offered at the peak, a second", ZH: "峰值请求（每秒）"},
			scaled(func(c reports.Comparison) int64 { return c.OfferedPeakTPS }), false},
		{text.Text{}, text.Text{EN: "posted at the peak, a second", ZH: "峰值入账（每秒）"}, scaled(func(c reports.Comparison) int64 { return c.PostedPeakTPS }), false},
		{text.Text{}, text.Text{EN: "ledger instances used", ZH: "使用的账本实例"}, func(c reports.Comparison) cell { return cell{Value: text.Same(text.Count(c.LedgerInstancesUsed))} }, false},
		{text.Text{}, text.Text{EN: "ledger instances to refuse nobody", ZH: "无人被拒所需账本实例"},
			func(c reports.Comparison) cell { return cell{Value: text.Same(text.Count(c.LedgerInstancesNeeded))} }, false},
		{text.Text{}, text.Text{EN: "backlog at its peak", ZH: "压单峰值"}, scaled(func(c reports.Comparison) int64 { return c.BacklogPeak }), false},
		{text.Text{}, text.Text{EN: "posting delay, longest", ZH: "入账延迟，最长"}, wait(func(c reports.Comparison) int64 { return c.PostingDelayMaxMS }), true},
		{text.Text{EN: "The money", ZH: "资金"}, text.Text{EN: "lost or doubled", ZH: "资金差错"}, func(c reports.Comparison) cell {
			return cell{Value: text.Same(text.Money(c.MoneyDifferenceFen)), Bad: c.MoneyDifferenceFen != 0}
		}, true},
	}
	rows := make([]row, len(lines))
	for i, l := range lines {
		rows[i] = row{Group: l.group, Name: l.name}
		for _, run := range r.Runs {
			c := l.cell(run.Comparison)
			if run.Interrupted && l.atEnd {
				c = cell{Value: text.Text{EN: "not known", ZH: "未知"}}
			}
			rows[i].Cells = append(rows[i].Cells, c)
		}
	}
	return rows
}

// Cell returns a rate or a count, with the festival's beside it where the run was smaller.
func (s scale) Cell(n int64) cell {
	c := cell{Value: text.Same(text.Count(n))}
	if !s.Whole() && n != 0 {
		c.Full = s.Full(n)
	}
	return c
}

// checkRow is one check over all strategies.
type checkRow struct {
	reports.Check
	By []reports.Verdict // one a run; "" where the run does not have the check
}

// checkRows puts what needs attention first.
func checkRows(r *reports.Record) []checkRow {
	rows := make([]checkRow, len(r.Checks))
	for i, c := range r.Checks {
		c.First, c.Worst = text.Quote(c.First), text.Quote(c.Worst)
		rows[i] = checkRow{Check: c, By: make([]reports.Verdict, len(r.Runs))}
		for j := range r.Runs {
			for _, own := range r.Runs[j].Checks {
				if own.Name == c.Name {
					rows[i].By[j] = own.Result
				}
			}
		}
	}
	rank := map[reports.Verdict]int{reports.Fail: 0, reports.Unknown: 1, reports.Pass: 2}
	slices.SortStableFunc(rows, func(a, b checkRow) int { return cmp.Compare(rank[a.Result], rank[b.Result]) })
	return rows
}

// loadRow is the accounting of one run's offered load.
type loadRow struct {
	Strategy string
	reports.Offered
}

func loadRows(r *reports.Record) []loadRow {
	if len(r.Runs) == 0 {
		return []loadRow{{Offered: r.Offered}}
	}
	rows := make([]loadRow, len(r.Runs))
	for i, run := range r.Runs {
		rows[i] = loadRow{run.Label(), run.Offered}
	}
	return rows
}
