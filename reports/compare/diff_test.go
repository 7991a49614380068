package compare

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reports"
	"hongbao/reports/recordtest"
	"hongbao/reports/terminal"
)

// defaultMinChange is the smallest change that counts by default: 5%.
const defaultMinChange = 0.05

// TestStudentQuantile compares the quantile with the tables of textbooks.
func TestStudentQuantile(t *testing.T) {
	for _, c := range []struct{ tail, freedom, want float64 }{
		{0.25, 1, 1}, {0.25, 8, 0.7064}, {0.025, 1, 12.706}, {0.025, 2, 4.303}, {0.025, 8, 2.306}, {0.005, 4, 4.604}, {0.0005, 8, 5.041}, {0.0005, 20, 3.850}, {0.025, 1000, 1.962},
	} {
		require.InEpsilon(t, c.want, studentQuantile(c.tail, c.freedom), 0.0005, c)
	}
}

// bench is a model of a load that is measured repeatedly: each figure has a typical value and its own noise.
type bench struct {
	figures []Figure
	typical []float64
	noise   []float64 // standard deviation of logarithms
}

// usual returns a load with three kinds of operations, whose figures have noise from low to high.
func usual(low, high float64) *bench {
	b := new(bench)
	add := func(f Figure, typical float64) {
		b.figures, b.typical = append(b.figures, f), append(b.typical, typical)
	}
	for i, operation := range []string{"grant", "page", "withdraw"} {
		add(Figure{Name: operation + " p50_us", Better: lower, Floor: floorUS}, 2_000+float64(i)*700)
		add(Figure{Name: operation + " p99_us", Better: lower, Floor: floorUS}, 15_000+float64(i)*9_000)
	}
	add(Figure{Name: "cpu_us_per_operation", Better: lower, Floor: floorCPUUS}, 240)
	add(Figure{Name: "drained_s", Better: lower, Floor: floorDrainS}, 4)
	add(Figure{Name: "ok_per_s", Better: higher}, 5_120)
	add(Figure{Name: "error_ratio", Better: lower, Floor: floorShare, Share: true}, 0.004)
	for i := range b.figures {
		b.noise = append(b.noise, low+(high-low)*float64(i)/float64(len(b.figures)-1))
	}
	return b
}

// measured draws n runs of one side. A share of the runs, neighbour, is slower by half, as if another program used the machine.
// slower multiplies the figures for which lower is better.
func (b *bench) measured(r *rand.Rand, n int, neighbour, slower float64) *Baseline {
	out := &Baseline{Schema: baselineSchema, Kind: "load", Scenario: "rain", Commit: "3fc25ea", Runs: n}
	out.Figures = append(out.Figures, b.figures...)
	for i := range out.Figures {
		out.Figures[i].Values = nil
	}
	for range n {
		load := 1.0
		if r.Float64() < neighbour {
			load = 1.5
		}
		for i := range out.Figures {
			f := &out.Figures[i]
			x := math.Exp(r.NormFloat64() * b.noise[i])
			if f.Better == lower {
				x *= load * slower
			}
			f.Values = append(f.Values, b.typical[i]*x)
		}
	}
	return out
}

// TestSameBuildDoesNotAlarm compares a build with itself many times: fewer than 1 in 100 comparisons may show a regression in
// any figure. The seed is fixed, so the test is deterministic.
func TestSameBuildDoesNotAlarm(t *testing.T) {
	const times = 1_000
	for _, c := range []struct {
		why       string
		repeats   int
		low, high float64
		neighbour float64
	}{
		{"little noise, so that a small difference could be significant", 5, 0.01, 0.03, 0},
		{"noise as on a shared machine", 5, 0.03, 0.10, 0},
		{"with another program in one run of ten", 5, 0.03, 0.10, 0.1},
		{"few repeats", 3, 0.03, 0.10, 0},
		{"two repeats, the fewest", 2, 0.03, 0.10, 0},
		{"many repeats", 15, 0.03, 0.10, 0},
		{"single runs, for which only doubling counts", 1, 0.03, 0.10, 0.1},
	} {
		t.Run(c.why, func(t *testing.T) {
			r, b, alarms := rand.New(rand.NewPCG(7, 11)), usual(c.low, c.high), 0
			for range times {
				d, err := Compare(b.measured(r, c.repeats, c.neighbour, 1), b.measured(r, c.repeats, c.neighbour, 1), defaultMinChange, false)
				require.NoError(t, err)
				if d.Result != reports.Pass {
					alarms++
				}
			}
			t.Logf("%d alarms in %d", alarms, times)
			require.Less(t, alarms, times/100)
		})
	}
}

// TestSlowdownIsFlagged compares with a build that is slower by a tenth: with noise of 2% and five repeats it is nearly always
// worse. A build that is faster by as much is nearly always better and never worse.
func TestSlowdownIsFlagged(t *testing.T) {
	const times = 500
	r, b, flagged, better := rand.New(rand.NewPCG(7, 11)), usual(0.02, 0.02), 0, 0
	for range times {
		d, err := Compare(b.measured(r, 5, 0, 1), b.measured(r, 5, 0, 1.1), defaultMinChange, false)
		require.NoError(t, err)
		if d.Result == reports.Fail {
			flagged++
		}
		d, err = Compare(b.measured(r, 5, 0, 1.1), b.measured(r, 5, 0, 1), defaultMinChange, false)
		require.NoError(t, err)
		for _, row := range d.Rows {
			if row.Change == Better {
				better++
				break
			}
		}
		require.Equal(t, reports.Pass, d.Result)
	}
	t.Logf("%d slowdowns flagged, %d speed-ups seen, of %d", flagged, better, times)
	require.Greater(t, flagged, times*99/100)
	require.Greater(t, better, times*99/100)
}

// TestIntervalHoldsTheTruth: the interval of a ratio contains the true ratio about as often as its confidence says.
func TestIntervalHoldsTheTruth(t *testing.T) {
	r, missed := rand.New(rand.NewPCG(3, 5)), 0
	const times, tail = 4_000, 0.05
	for range times {
		draw := func(typical, noise float64, n int) (xs []float64) {
			for range n {
				xs = append(xs, typical*math.Exp(r.NormFloat64()*noise))
			}
			return xs
		}
		by := criteria{tail: tail}.ratio(draw(100, 0.05, 5), draw(130, 0.15, 4))
		if by.low > 1.3 || by.high < 1.3 {
			missed++
		}
	}
	require.InDelta(t, 2*tail, float64(missed)/times, 0.02)
}

// TestCompareFigure: each kind of change of a figure.
func TestCompareFigure(t *testing.T) {
	latency := Figure{Name: "grant p99_us", Better: lower, Floor: floorUS}
	rate := Figure{Name: "ok_per_s", Better: higher}
	share := Figure{Name: "error_ratio", Better: lower, Share: true, Floor: floorShare}
	exact := Figure{Name: "token refused", Better: lower, Exact: true}
	around := func(x float64) []float64 { return []float64{x * 0.98, x * 0.99, x, x * 1.01, x * 1.02} }
	for _, c := range []struct {
		why             string
		f               Figure
		base, candidate []float64
		want            Change
	}{
		{"slower", latency, around(10_000), around(12_000), Worse},
		{"faster", latency, around(12_000), around(10_000), Better},
		{"fewer operations per second", rate, around(5_000), around(4_000), Worse},
		{"more operations per second", rate, around(4_000), around(5_000), Better},
		{"the same", latency, around(10_000), around(10_010), Same},
		{"significantly slower, but below the smallest change that counts", latency, []float64{10_000, 10_001, 10_002}, []float64{10_300, 10_301, 10_302}, Same},
		{"slower by less than the floor", latency, around(20), around(90), Same},
		{"slower by less than the floor, from above the floor", latency, around(110), around(190), Same},
		{"too noisy", latency, []float64{5_000, 20_000, 9_000}, []float64{7_000, 26_000, 14_000}, Noisy},
		{"single runs that did not double", latency, []float64{10_000}, []float64{15_000}, Noisy},
		{"single runs that doubled", latency, []float64{10_000}, []float64{20_001}, Worse},
		{"single runs that halved", rate, []float64{5_000}, []float64{2_400}, Worse},
		{"one run against many", latency, around(10_000), []float64{15_000}, Noisy},
		{"no operations any more", rate, around(5_000), []float64{0, 0, 0, 0, 0}, Worse},
		{"new errors", share, []float64{0, 0, 0}, []float64{0.01, 0.0101, 0.0102}, Worse},
		{"errors below the floor", share, []float64{0, 0, 0}, []float64{0.0004, 0.00041, 0.00042}, Same},
		{"errors in a single run", share, []float64{0}, []float64{0.02}, Worse},
		{"fewer errors", share, []float64{0.05, 0.051, 0.052}, []float64{0.001, 0.002, 0.003}, Better},
		{"no errors", share, []float64{0, 0, 0}, []float64{0, 0, 0}, Same},
		{"a simulation has no noise", exact, []float64{100}, []float64{106}, Worse},
		{"a simulation with a change too small to count", exact, []float64{100}, []float64{104}, Same},
		{"from zero to one", exact, []float64{0}, []float64{1}, Worse},
		{"zero", exact, []float64{0}, []float64{0}, Same},
	} {
		row := compareFigure(&c.f, c.base, c.candidate, criteria{tail: 0.001, minChange: defaultMinChange})
		require.Equal(t, c.want, row.Change, "%s: %+v", c.why, row)
	}
}

// TestCompareMirrors: if the sides are exchanged, worse becomes better and better becomes worse; a side compared with itself is
// never worse.
func TestCompareMirrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Figure{Better: rapid.SampledFrom([]string{lower, higher}).Draw(t, "better"), Share: rapid.Bool().Draw(t, "share"), Floor: 0.001}
		values := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 8)
		a, b := values.Draw(t, "a"), values.Draw(t, "b")
		with := criteria{tail: 0.001, minChange: 0.05}
		if n := min(len(a), len(b)); rapid.Bool().Draw(t, "in pairs") {
			a, b, with.paired = a[:n], b[:n], true
		}
		there, back := compareFigure(&f, a, b, with), compareFigure(&f, b, a, with)
		mirror := map[Change]Change{Worse: Better, Better: Worse, Same: Same, Noisy: Noisy}
		require.Equal(t, mirror[there.Change], back.Change, "%+v %+v", there, back)
		require.NotContains(t, []Change{Worse, Better}, compareFigure(&f, a, a, with).Change)
		require.True(t, there.Low <= there.By && there.By <= there.High)
	})
}

// TestTinyShares: squares of the smallest differences are zero, but the interval still contains the estimate.
func TestTinyShares(t *testing.T) {
	f := Figure{Better: lower, Share: true}
	row := compareFigure(&f, []float64{4e-81, 4e-81}, []float64{4e-81, 2e-81}, criteria{tail: 0.001, minChange: 0.05})
	require.LessOrEqual(t, row.Low, row.By)
	require.LessOrEqual(t, row.By, row.High)
}

// TestCompareRefuses: sides with different settings are not compared unless that is allowed; a simulation and a load never are.
func TestCompareRefuses(t *testing.T) {
	base, err := BaselineOf(recordtest.Missed())
	require.NoError(t, err)
	for _, c := range []struct {
		why    string
		change func(*reports.Record)
		says   string
	}{
		{"another scenario", func(r *reports.Record) { r.Scenario.Name = "snow" }, "scenario: rain-peak and snow"},
		{"another file", func(r *reports.Record) { r.Scenario.SHA256 = "00" }, "sha256"},
		{"another peak", func(r *reports.Record) { r.Runs[0].Load.PeakPerS = 4000 }, "peak_per_s: 3,000 and 4,000"},
		{"another length", func(r *reports.Record) { r.Runs[0].Load.DurationS = 21 }, "duration_s: 20 and 21"},
		{"another window", func(r *reports.Record) { r.Runs[0].Load.Window = "Fireworks" }, "window"},
		{"another strategy", func(r *reports.Record) { r.Runs[0].Strategy = "sync" }, "strategy"},
		{"another target", func(r *reports.Record) { r.Runs[0].Load.Target = "https://example.com" }, "embedded: true and false"},
		{"another Go", func(r *reports.Record) { r.Environment.Go = "go1.27" }, "go: go1.26.0 and go1.27"},
		{"another machine", func(r *reports.Record) { r.Environment.CPUs = 64 }, "processors"},
		{"another architecture", func(r *reports.Record) { r.Environment.Arch = "arm64" }, "os/arch"},
	} {
		r := recordtest.Missed()
		c.change(r)
		candidate, err := BaselineOf(r)
		require.NoError(t, err)
		_, err = Compare(base, candidate, defaultMinChange, false)
		require.ErrorIs(t, err, ErrDifferent, c.why)
		require.ErrorContains(t, err, c.says, c.why)
		d, err := Compare(base, candidate, defaultMinChange, true)
		require.NoError(t, err, c.why)
		require.Contains(t, strings.Join(d.Notes, "\n"), c.says)
	}
	simulation, err := BaselineOf(recordtest.Passed())
	require.NoError(t, err)
	_, err = Compare(base, simulation, defaultMinChange, true)
	require.ErrorIs(t, err, ErrDifferent)
	_, err = BaselineOf(recordtest.Interrupted())
	require.ErrorIs(t, err, errBaseline)
	_, err = BaselineOf(&reports.Record{Kind: "load"})
	require.ErrorIs(t, err, errBaseline)
}

// saturated returns a record of a saturated generator with the target of the other records.
func saturated() *reports.Record {
	r := recordtest.Saturated()
	r.Runs[0].Load.Target = "embedded"
	return r
}

// TestCompareResults: the result of comparing two records.
func TestCompareResults(t *testing.T) {
	for _, c := range []struct {
		why             string
		base, candidate func() *reports.Record
		want            reports.Verdict
		says            string
	}{
		{"a load and itself", recordtest.Missed, recordtest.Missed, reports.Pass, ""},
		{"a simulation and itself", recordtest.Passed, recordtest.Passed, reports.Pass, ""},
		{"a saturated generator", recordtest.Loaded, saturated, reports.Unknown, "are unreliable"},
		{"an unreliable base", saturated, recordtest.Loaded, reports.Unknown, "of the base are unreliable"},
		{"a check that fails now", recordtest.Passed, func() *reports.Record {
			r := recordtest.Passed()
			r.Verdict, r.Checks[0].Result = reports.Fail, reports.Fail
			return r
		}, reports.Fail, "check the ledger sums to zero changed from pass to fail"},
		{"a missing check", recordtest.Passed, func() *reports.Record {
			r := recordtest.Passed()
			r.Checks = r.Checks[1:]
			return r
		}, reports.Unknown, "changed from pass to unknown"},
		{"a strategy that refuses more", recordtest.Passed, func() *reports.Record {
			r := recordtest.Passed()
			r.Commit, r.Digest = "another", "another"
			r.Runs[0].Comparison.Refused *= 2
			return r
		}, reports.Fail, "worse: sync refused +100.0%"},
		{"one commit, one seed, two digests", recordtest.Passed, func() *reports.Record {
			r := recordtest.Passed()
			r.Digest = "another"
			return r
		}, reports.Fail, "not deterministic"},
		{"another commit may have another digest", recordtest.Passed, func() *reports.Record {
			r := recordtest.Passed()
			r.Commit, r.Digest = "another", "another"
			return r
		}, reports.Pass, ""},
	} {
		base, err := BaselineOf(c.base())
		require.NoError(t, err, c.why)
		candidate, err := BaselineOf(c.candidate())
		require.NoError(t, err, c.why)
		d, err := Compare(base, candidate, defaultMinChange, false)
		require.NoError(t, err, c.why)
		require.Equal(t, c.want, d.Result, "%s: %v", c.why, d.Why)
		require.Contains(t, strings.Join(d.Why, "\n"), c.says, c.why)
		require.Equal(t, c.want == reports.Pass, len(d.Why) == 0, c.why)

		var plain, colour, asJSON bytes.Buffer
		require.NoError(t, Table(&plain, d, false))
		require.NoError(t, Table(&colour, d, true))
		require.NotContains(t, plain.String(), "\x1b")
		require.NotEqual(t, plain.String(), colour.String())
		for line := range strings.Lines(plain.String()) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), terminal.Width, line)
		}
		require.NoError(t, JSON(&asJSON, d))
		require.True(t, json.Valid(asJSON.Bytes()))
	}
}

// TestDiffTable compares the table of a regression with its golden file.
func TestDiffTable(t *testing.T) {
	r, b := rand.New(rand.NewPCG(7, 11)), usual(0.02, 0.02)
	b.noise[5] = 0.6 // withdraw p99
	candidate := b.measured(r, 5, 0, 1.12)
	candidate.Commit = "d21d11b0b3d4ede55a954b6b7b1b3e0fd30ea060"
	candidate.Checks = []Outcome{{"order-once", reports.Fail}}
	d, err := Compare(b.measured(r, 5, 0, 1), candidate, defaultMinChange, false)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, Table(&out, d, false))
	recordtest.Golden(t, "diff.txt", out.Bytes())
}
