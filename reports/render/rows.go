package render

import (
	"cmp"
	"maps"
	"slices"

	"hongbao/reports"
	"hongbao/reports/text"
)

// windowRow is one window of the calendar, with the results of all runs.
type windowRow struct {
	N                 int
	Name, Play, Stage string
	When              string // in the festival's zone
	Peak              bool
	Offered, PeakTPS  cell
	By                []windowCell // one per run
}

// windowCell holds the results of one run in a window.
type windowCell struct {
	Refused, Failed int64
	Wait            text.Text
	Known           bool // the run reached this window
}

// Windows returns the rows of the calendar.
func (v view) Windows() []windowRow {
	var rows []windowRow
	for i, w := range v.Calendar() {
		from, to := w.Start.In(text.FestivalZone()), w.End.In(text.FestivalZone())
		end := "15:04"
		if from.YearDay() != to.YearDay() {
			end = "01-02 15:04"
		}
		row := windowRow{N: i + 1, Name: text.Quote(w.Name), Play: text.Quote(w.Play), Stage: text.Quote(w.Stage), Peak: w.Peak,
			When: from.Format("2006-01-02 15:04") + " – " + to.Format(end), Offered: v.Size.Cell(w.Offered), PeakTPS: v.Size.Cell(w.PeakTPS)}
		for _, run := range v.Runs {
			row.By = append(row.By, windowIn(run.Windows, w))
		}
		rows = append(rows, row)
	}
	return rows
}

func windowIn(ws []reports.WindowStat, like reports.WindowStat) windowCell {
	for _, w := range ws {
		if w.Name == like.Name && w.Start.Equal(like.Start) {
			return windowCell{w.Refused, w.Failed, text.Duration(int64(min(w.WaitMaxS, reports.MaxUnixS) * 1000)), true}
		}
	}
	return windowCell{}
}

// countRow is one reason of refusal, with its count per run.
type countRow struct {
	Operation, Reason string
	By                []int64
}

// Refusals returns the refusals of all runs.
func (v view) Refusals() []countRow {
	by := map[[2]string][]int64{}
	for i, run := range v.Runs {
		for _, f := range run.Refusals {
			key := [2]string{text.Quote(f.Operation), text.Quote(f.Reason)}
			if by[key] == nil {
				by[key] = make([]int64, len(v.Runs))
			}
			by[key][i] += f.Count
		}
	}
	var rows []countRow
	for key, counts := range by {
		rows = append(rows, countRow{key[0], key[1], counts})
	}
	slices.SortFunc(rows, func(a, b countRow) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Reason, b.Reason))
	})
	return rows
}

// memoryRow is one part of the program, with its memory in each run.
type memoryRow struct {
	Part string
	By   []reports.Memory // Part is empty if the run does not have the part
}

// Memory returns the memory of all runs.
func (v view) Memory() []memoryRow {
	by := map[string][]reports.Memory{}
	for i, run := range v.Runs {
		for _, m := range run.Memory {
			if by[m.Part] == nil {
				by[m.Part] = make([]reports.Memory, len(v.Runs))
			}
			by[m.Part][i] = m
		}
	}
	var rows []memoryRow
	for _, part := range slices.Sorted(maps.Keys(by)) {
		rows = append(rows, memoryRow{text.Quote(part), by[part]})
	}
	return rows
}

// metricRow is one metric of the record or of its runs.
type metricRow struct {
	Name  string
	Whole *float64
	By    []*float64
}

// Figures returns the metrics of the record and of all runs.
func (v view) Figures() []metricRow {
	all := reports.Metrics{}
	maps.Copy(all, v.Metrics)
	for _, run := range v.Runs {
		maps.Copy(all, run.Metrics)
	}
	find := func(m reports.Metrics, name string) *float64 {
		if x, ok := m[name]; ok {
			return &x
		}
		return nil
	}
	var rows []metricRow
	for _, name := range slices.Sorted(maps.Keys(all)) {
		row := metricRow{Name: text.Quote(name), Whole: find(v.Metrics, name)}
		for _, run := range v.Runs {
			row.By = append(row.By, find(run.Metrics, name))
		}
		rows = append(rows, row)
	}
	return rows
}

// tokenSizes holds the encoded sizes of a token (T3), in bytes. Ratio is Protobuf / JSON.
type tokenSizes struct {
	Protobuf, JSON, Ratio, Sealed float64
	Known                         bool
}

// Tokens returns the sizes of a token.
func (v view) Tokens() tokenSizes {
	m := v.Metrics
	t := tokenSizes{Protobuf: m["token_protobuf_bytes"], JSON: m["token_json_bytes"], Ratio: m["token_protobuf_json_ratio"], Sealed: m["token_sealed_bytes"]}
	t.Known = t.Protobuf > 0 && t.JSON > 0
	if t.Known && t.Ratio == 0 {
		t.Ratio = t.Protobuf / t.JSON
	}
	return t
}
