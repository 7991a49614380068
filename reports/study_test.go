package reports

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// compared is a record with a study in it.
func compared(v Verdict) *Record {
	r := passed()
	c := Check{Name: "ours-never-over", Spec: []string{"C5"}, Result: v, Evaluations: 7}
	if v == Fail {
		c.Violations, c.First = 1, "3 coupons were issued beyond the stock"
	}
	r.Studies = []Study{{Name: "coupons", Title: "Coupons compared", TitleZH: "券对比", Spec: []string{"C5"},
		Columns: []StudyColumn{{"over_issued", "Over-issued", "超发"}, {"calls_per_coupon", "Calls a coupon", "每张券调用"}},
		Designs: []StudyDesign{{"source", "The source's", "原方案", []float64{5_847, 1.3279}}, {"ours", "Ours", "本实现", []float64{0, 0.0151}}},
		Checks:  []Check{c}, Verdict: v, Notes: []string{"What is compared has a load of its own."}}}
	Summarise(r)
	return r
}

// TestStudiesAreShown wants every rendering to have the figures, the checks and the notes.
func TestStudiesAreShown(t *testing.T) {
	for _, v := range []Verdict{Pass, Fail, Unknown} {
		r := compared(v)
		require.Equal(t, v, r.Verdict, "a study counts towards the verdict")
		require.Equal(t, v == Fail, r.Violated())
		require.NoError(t, r.Validate())
		var table, page, summary, junit bytes.Buffer
		require.NoError(t, Table(&table, r, false))
		require.NoError(t, HTML(&page, r))
		require.NoError(t, Markdown(&summary, r))
		require.NoError(t, JUnit(&junit, r))
		for name, text := range map[string]string{"table": table.String(), "page": page.String(), "summary": summary.String()} {
			for _, want := range []string{"Over-issued", "5,847", "1.33", "0.0151", "never", "What is compared has a load of its own."} {
				require.Contains(t, text, want, name)
			}
			if v == Fail {
				require.Contains(t, text, "3 coupons were issued beyond the stock", name)
			}
		}
		require.Contains(t, page.String(), "券对比")
		require.Contains(t, junit.String(), `name="study coupons"`)
		if v != Pass {
			require.Contains(t, table.String(), "did not come out as it must")
		}
	}
}

// TestStudiesAreValidated wants a study that cannot be shown, or claims too much, refused.
func TestStudiesAreValidated(t *testing.T) {
	for why, spoil := range map[string]func(*Record){
		"a figure too few":               func(r *Record) { r.Studies[0].Designs[0].Values = []float64{1} },
		"no number":                      func(r *Record) { r.Studies[0].Designs[0].Values[0] = math.NaN() },
		"nothing compared":               func(r *Record) { r.Studies[0].Designs = nil },
		"too many":                       func(r *Record) { r.Studies = make([]Study, MaxStudies+1) },
		"pass without its check":         func(r *Record) { r.Studies[0].Checks[0].Evaluations = 0 },
		"pass over a study that is none": func(r *Record) { r.Studies[0].Verdict = Unknown },
	} {
		r := compared(Pass)
		spoil(r)
		require.ErrorIs(t, r.Validate(), ErrRecord, why)
	}
}
