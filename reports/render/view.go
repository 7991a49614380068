package render

import (
	"cmp"
	"fmt"
	"slices"

	"hongbao/reports"
	"hongbao/reports/text"
)

// view is a record prepared for reading. The page, the summary and the terminal all show it, so that they agree. It is computed
// only from the record.
type view struct {
	*reports.Record
	Size     scale
	Headline text.Text   // summary of the checks and thresholds
	Doubts   []text.Text // why the verdict is not pass; empty for a pass
	Rows     []row       // the comparison of the strategies
	Readings []text.Text // sentences about the figures
	Checks   []checkRow
	Loads    []loadRow

	// Only for a load; empty for a simulation.
	Real       []loadView
	Thresholds []thresholdRow

	Compared []studyView // the studies
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

// scale is the ratio Num/Den of the run's size to the full festival.
type scale struct{ Num, Den int64 }

// Whole reports whether the run was at full scale.
func (s scale) Whole() bool { return s.Num == s.Den }

// Times returns the factor from the run to full scale.
func (s scale) Times() string { return text.Significant(float64(s.Den) / float64(s.Num)) }

// Full returns n at full scale, rounded for reading.
func (s scale) Full(n int64) text.Text {
	return text.Compact(float64(n) * float64(s.Den) / float64(s.Num))
}

// String returns the scale as in scenario files and flags.
func (s scale) String() string { return fmt.Sprintf("%d/%d", s.Num, s.Den) }

// cell is one figure of a table.
type cell struct {
	Value text.Text
	Full  text.Text // the value at full scale; empty if it is the same
	Bad   bool      // the value is a fault
}

// row is one figure of all strategies.
type row struct {
	Group text.Text // set on the first row of a group
	Name  text.Text
	Cells []cell // one per run, in the order of the record
}

// comparisonRows returns the table of the strategies: user experience, cost and money.
func comparisonRows(r *reports.Record, size scale) []row {
	if len(r.Runs) == 0 || r.Kind == "load" {
		return nil
	}
	lines := []struct {
		group, name text.Text
		atEnd       bool // unknown if the run was interrupted
	}{
		{text.Text{EN: "User experience", ZH: "用户体验"}, text.Text{EN: "visible wait, median (p50)", ZH: "可见等待，中位数 (p50)"}, true},
		{text.Text{}, text.Text{EN: "visible wait, p99", ZH: "可见等待，p99"}, true},
		{text.Text{}, text.Text{EN: "visible wait, longest", ZH: "可见等待，最长"}, true},
		{text.Text{}, text.Text{EN: "grants refused", ZH: "被拒绝的发奖"}, false},
		{text.Text{EN: "System cost", ZH: "系统代价"}, text.Text{EN: "offered at the peak, per second", ZH: "峰值请求（每秒）"}, false},
		{text.Text{}, text.Text{EN: "posted at the peak, per second", ZH: "峰值入账（每秒）"}, false},
		{text.Text{}, text.Text{EN: "ledger instances used", ZH: "使用的账本实例"}, false},
		{text.Text{}, text.Text{EN: "ledger instances for no refusals", ZH: "无拒绝所需账本实例"}, false},
		{text.Text{}, text.Text{EN: "peak backlog", ZH: "压单峰值"}, false},
		{text.Text{}, text.Text{EN: "posting delay, longest", ZH: "入账延迟，最长"}, true},
		{text.Text{EN: "Money", ZH: "资金"}, text.Text{EN: "lost or doubled", ZH: "资金差错"}, true},
	}
	rows := make([]row, len(lines))
	for i, l := range lines {
		rows[i] = row{Group: l.group, Name: l.name}
	}
	for _, run := range r.Runs {
		for i, c := range comparisonCells(&run.Comparison, size) {
			if run.Interrupted && lines[i].atEnd {
				c = cell{Value: text.Text{EN: "unknown", ZH: "未知"}}
			}
			rows[i].Cells = append(rows[i].Cells, c)
		}
	}
	return rows
}

// comparisonCells returns the figures of one strategy, in the order of the rows of comparisonRows.
func comparisonCells(c *reports.Comparison, size scale) []cell {
	wait := func(ms int64) cell { return cell{Value: text.Duration(ms)} }
	instances := func(n int64) cell { return cell{Value: text.Same(text.Count(n))} }
	money := cell{Value: text.Same(text.Money(c.MoneyDifferenceFen)), Bad: c.MoneyDifferenceFen != 0}
	return []cell{wait(c.VisibleWaitP50MS), wait(c.VisibleWaitP99MS), wait(c.VisibleWaitMaxMS), size.Cell(c.Refused),
		size.Cell(c.OfferedPeakTPS), size.Cell(c.PostedPeakTPS), instances(c.LedgerInstancesUsed), instances(c.LedgerInstancesNeeded),
		size.Cell(c.BacklogPeak), wait(c.PostingDelayMaxMS), money}
}

// Cell returns a rate or a count, with its value at full scale if the scale is not 1.
func (s scale) Cell(n int64) cell {
	c := cell{Value: text.Same(text.Count(n))}
	if !s.Whole() && n != 0 {
		c.Full = s.Full(n)
	}
	return c
}

// checkRow is one check with its results in all runs.
type checkRow struct {
	reports.Check
	By []reports.Verdict // one per run; "" if the run does not have the check
}

// checkRows returns the failed checks first, then the unknown ones.
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

// loadRow holds the counts of the offered load of one run.
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
