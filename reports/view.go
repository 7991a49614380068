package reports

import (
	"cmp"
	"fmt"
	"slices"
)

// view is a record made ready to be read. The page, the summary and the terminal all show it, so that they cannot
// disagree; it holds nothing that is not computed from the record.
type view struct {
	*Record
	Size     scale
	Headline Text   // what the verdict rests on
	Doubts   []Text // why the verdict is not pass; empty when it is
	Rows     []row  // the comparison of the strategies
	Readings []Text // what the comparison says, in sentences
	Checks   []checkRow
	Loads    []loadRow

	// Of runs in real time; empty for a simulation.
	Real       []loadView
	Thresholds []thresholdRow

	Compared []studyView
}

// newView prepares r, which Validate has accepted.
func newView(r *Record) view {
	v := view{Record: r, Size: scale{r.Scenario.ScaleNum, r.Scenario.ScaleDen}}
	v.Checks = checkRows(r)
	v.Headline = headline(r)
	v.Doubts = doubts(r)
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
func (s scale) Times() string { return significant(float64(s.Den) / float64(s.Num)) }

// Full returns n at the festival's size. It is for reading, hence rounded.
func (s scale) Full(n int64) Text { return compact(float64(n) * float64(s.Den) / float64(s.Num)) }

// String prints the scale as scenario files and flags write it.
func (s scale) String() string { return fmt.Sprintf("%d/%d", s.Num, s.Den) }

// cell is one figure of a table.
type cell struct {
	Value Text
	Full  Text // the same at the festival's size; empty where that is no other figure
	Bad   bool // must not be so
}

// row is one figure over all strategies.
type row struct {
	Group Text // set on the first row of a group
	Name  Text
	Cells []cell // one a run, in order of the record's
}

// comparisonRows builds the strategy table: what people see, what it costs, and what became of the money.
func comparisonRows(r *Record, size scale) []row {
	if len(r.Runs) == 0 || r.Kind == "load" {
		return nil
	}
	wait := func(ms func(Comparison) int64) func(Comparison) cell {
		return func(c Comparison) cell { return cell{Value: duration(ms(c))} }
	}
	scaled := func(n func(Comparison) int64) func(Comparison) cell {
		return func(c Comparison) cell { return size.Cell(n(c)) }
	}
	lines := []struct {
		group, name Text
		cell        func(Comparison) cell
		atEnd       bool // known only once the run has come to its end
	}{
		{Text{"What people see", "用户感受"}, Text{"visible wait, half of the grants", "可见等待，中位数 (p50)"},
			wait(func(c Comparison) int64 { return c.VisibleWaitP50MS }), true},
		{Text{}, Text{"visible wait, 99 of 100 grants", "可见等待，p99"}, wait(func(c Comparison) int64 { return c.VisibleWaitP99MS }), true},
		{Text{}, Text{"visible wait, longest", "可见等待，最长"}, wait(func(c Comparison) int64 { return c.VisibleWaitMaxMS }), true},
		{Text{}, Text{"grants refused", "被拒绝的发奖"}, scaled(func(c Comparison) int64 { return c.Refused }), false},
		{Text{"What it takes", "系统代价"}, Text{"offered at the peak, a second", "峰值请求（每秒）"},
			scaled(func(c Comparison) int64 { return c.OfferedPeakTPS }), false},
		{Text{}, Text{"posted at the peak, a second", "峰值入账（每秒）"}, scaled(func(c Comparison) int64 { return c.PostedPeakTPS }), false},
		{Text{}, Text{"ledger instances used", "使用的账本实例"}, func(c Comparison) cell { return cell{Value: same(count(c.LedgerInstancesUsed))} }, false},
		{Text{}, Text{"ledger instances to refuse nobody", "无人被拒所需账本实例"},
			func(c Comparison) cell { return cell{Value: same(count(c.LedgerInstancesNeeded))} }, false},
		{Text{}, Text{"backlog at its peak", "压单峰值"}, scaled(func(c Comparison) int64 { return c.BacklogPeak }), false},
		{Text{}, Text{"posting delay, longest", "入账延迟，最长"}, wait(func(c Comparison) int64 { return c.PostingDelayMaxMS }), true},
		{Text{"The money", "资金"}, Text{"lost or doubled", "资金差错"}, func(c Comparison) cell {
			return cell{Value: same(money(c.MoneyDifferenceFen)), Bad: c.MoneyDifferenceFen != 0}
		}, true},
	}
	rows := make([]row, len(lines))
	for i, l := range lines {
		rows[i] = row{Group: l.group, Name: l.name}
		for _, run := range r.Runs {
			c := l.cell(run.Comparison)
			if run.Interrupted && l.atEnd {
				c = cell{Value: Text{"not known", "未知"}}
			}
			rows[i].Cells = append(rows[i].Cells, c)
		}
	}
	return rows
}

// Cell returns a rate or a count, with the festival's beside it where the run was smaller.
func (s scale) Cell(n int64) cell {
	c := cell{Value: same(count(n))}
	if !s.Whole() && n != 0 {
		c.Full = s.Full(n)
	}
	return c
}

// checkRow is one check over all strategies.
type checkRow struct {
	Check
	By []Verdict // one a run; "" where the run does not have the check
}

// checkRows puts what needs attention first.
func checkRows(r *Record) []checkRow {
	rows := make([]checkRow, len(r.Checks))
	for i, c := range r.Checks {
		c.First, c.Worst = quote(c.First), quote(c.Worst)
		rows[i] = checkRow{Check: c, By: make([]Verdict, len(r.Runs))}
		for j := range r.Runs {
			for _, own := range r.Runs[j].Checks {
				if own.Name == c.Name {
					rows[i].By[j] = own.Result
				}
			}
		}
	}
	rank := map[Verdict]int{Fail: 0, Unknown: 1, Pass: 2}
	slices.SortStableFunc(rows, func(a, b checkRow) int { return cmp.Compare(rank[a.Result], rank[b.Result]) })
	return rows
}

// loadRow is the accounting of one run's offered load.
type loadRow struct {
	Strategy string
	Offered
}

func loadRows(r *Record) []loadRow {
	if len(r.Runs) == 0 {
		return []loadRow{{Offered: r.Offered}}
	}
	rows := make([]loadRow, len(r.Runs))
	for i, run := range r.Runs {
		rows[i] = loadRow{run.Label(), run.Offered}
	}
	return rows
}

// Planned says whether Scheduled = Sent + Unsent.
func (o Offered) Planned() bool { return o.Scheduled-o.Sent == o.Unsent }

// Answered says whether Sent = OK + Refused + Failed + InFlight.
func (o Offered) Answered() bool { return o.Sent-o.OK-o.Refused == o.Failed+o.InFlight }
