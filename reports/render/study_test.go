package render

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/recordtest"
)

// compared returns a record with a study whose check has result v.
func compared(v reports.Verdict) *reports.Record {
	r := recordtest.Passed()
	c := reports.Check{Name: "ours-never-over", Spec: []string{"C5"}, Result: v, Evaluations: 7}
	if v == reports.Fail {
		c.Violations, c.First = 1, "3 coupons were issued beyond the stock"
	}
	r.Studies = []reports.Study{{Name: "coupons", Title: "Coupons compared", TitleZH: "券对比", Spec: []string{"C5"},
		Columns: []reports.StudyColumn{{Name: "over_issued", Title: "Over-issued", TitleZH: "超发"}, {Name: "calls_per_coupon", Title: "Calls a coupon", TitleZH: "每张券调用"}},
		Designs: []reports.StudyDesign{{Name: "source", Title: "The source's", TitleZH: "原方案", Values: []float64{5_847, 1.3279}}, {Name: "ours", Title: "Ours", TitleZH: "本实现", Values: []float64{0, 0.0151}}},
		Checks:  []reports.Check{c}, Verdict: v, Notes: []string{"The compared designs have a separate load."}}}
	reports.Summarise(r)
	return r
}

// TestStudiesAreShown: every rendering has the figures, the checks and the notes of a study.
func TestStudiesAreShown(t *testing.T) {
	for _, v := range []reports.Verdict{reports.Pass, reports.Fail, reports.Unknown} {
		r := compared(v)
		require.Equal(t, v, r.Verdict, "a study counts towards the verdict")
		require.Equal(t, v == reports.Fail, r.Violated())
		require.NoError(t, r.Validate())
		var table, page, summary, junit bytes.Buffer
		require.NoError(t, Table(&table, r, false))
		require.NoError(t, writeHTML(&page, r))
		require.NoError(t, writeMarkdown(&summary, r))
		require.NoError(t, writeJUnit(&junit, r))
		for name, text := range map[string]string{"table": table.String(), "page": page.String(), "summary": summary.String()} {
			for _, want := range []string{"Over-issued", "5,847", "1.33", "0.0151", "never", "The compared designs have a separate load."} {
				require.Contains(t, text, want, name)
			}
			if v == reports.Fail {
				require.Contains(t, text, "3 coupons were issued beyond the stock", name)
			}
		}
		require.Contains(t, page.String(), "券对比")
		require.Contains(t, junit.String(), `name="study coupons"`)
		if v != reports.Pass {
			require.Contains(t, table.String(), "did not pass")
		}
	}
}

// TestStudiesAreValidated: an invalid study, or one whose verdict is better than its checks, gives an error.
func TestStudiesAreValidated(t *testing.T) {
	for why, spoil := range map[string]func(*reports.Record){
		"a missing figure": func(r *reports.Record) { r.Studies[0].Designs[0].Values = []float64{1} },
		"not a number":     func(r *reports.Record) { r.Studies[0].Designs[0].Values[0] = math.NaN() },
		"no designs":       func(r *reports.Record) { r.Studies[0].Designs = nil },
		"too many studies": func(r *reports.Record) { r.Studies = make([]reports.Study, reports.MaxStudies+1) },
		"pass with a check that was not evaluated": func(r *reports.Record) { r.Studies[0].Checks[0].Evaluations = 0 },
		"pass with an unknown study":               func(r *reports.Record) { r.Studies[0].Verdict = reports.Unknown },
	} {
		r := compared(reports.Pass)
		spoil(r)
		require.ErrorIs(t, r.Validate(), reports.ErrRecord, why)
	}
}
