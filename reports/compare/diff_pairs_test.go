package compare

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/recordtest"
	"hongbao/reports/render"
)

// The measured spread of the ratio of a round, as a standard deviation of logarithms, for CPU time per operation and for
// latencies, with both sides running at the same time on two shared processors. docs/ci.md describes the measurement. If the
// sides run one after the other, the spreads are 0.19 and above 1.
const (
	pairedCPU     = 0.032
	pairedLatency = 0.35
)

// testRounds is the default number of rounds of hongbao compare.
const testRounds = 7

// rounds draws both sides of n rounds. A random disturbance of the machine multiplies the figures of both sides in a round.
// slower multiplies the figures of the candidate for which lower is better.
func (b *bench) rounds(r *rand.Rand, n int, slower float64) (base, candidate *Baseline) {
	side := func() *Baseline {
		s := b.measured(r, 1, 0, 1)
		for i := range s.Figures {
			s.Figures[i].Values = nil
		}
		s.Runs, s.Rounds = 0, nil
		return s
	}
	base, candidate = side(), side()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		machine := math.Exp(r.NormFloat64() * 0.2)
		at = at.Add(10 * time.Second)
		for _, s := range []struct {
			to     *Baseline
			slower float64
			after  time.Duration
		}{{base, 1, 0}, {candidate, slower, 3 * time.Millisecond}} {
			for k := range s.to.Figures {
				f := &s.to.Figures[k]
				x := math.Exp(r.NormFloat64() * b.noise[k] / math.Sqrt2) // per side, so the ratio has the spread noise[k]
				if f.Better == lower {
					x *= machine * s.slower
				}
				f.Values = append(f.Values, b.typical[k]*x)
			}
			s.to.Runs++
			s.to.Rounds = append(s.to.Rounds, Round{Name: fmt.Sprintf("%02d", i+1), At: at.Add(s.after)})
		}
	}
	return base, candidate
}

// inPairs returns a load with the measured noise of pairs, multiplied by factor.
func inPairs(factor float64) *bench {
	b := usual(0, 0)
	for i, f := range b.figures {
		switch {
		case f.Name == Deciding:
			b.noise[i] = pairedCPU * factor
		case strings.HasSuffix(f.Name, "_us"):
			b.noise[i] = pairedLatency * factor
		default:
			b.noise[i] = 0.01 * factor
		}
	}
	return b
}

// TestSameBuildInPairsDoesNotAlarm compares a build with itself in pairs: at most 1 in 100 comparisons may show a regression,
// with the measured noise, with less, with more, and with other numbers of rounds.
func TestSameBuildInPairsDoesNotAlarm(t *testing.T) {
	const times = 1_000
	for _, c := range []struct {
		why     string
		rounds  int
		factor  float64
		unknown int // at most this many comparisons cannot detect a slowdown of a tenth
	}{
		{"the measured noise", testRounds, 1, times * 3 / 100},
		{"a quiet machine", testRounds, 0.3, 0},
		{"twice the noise, which hides most changes", testRounds, 2, times},
		{"few rounds", 3, 1, times},
		{"many rounds", 10, 1, times / 100},
	} {
		t.Run(c.why, func(t *testing.T) {
			r, b, alarms, unknown := rand.New(rand.NewPCG(7, 13)), inPairs(c.factor), 0, 0
			for range times {
				base, candidate := b.rounds(r, c.rounds, 1)
				d, err := Compare(base, candidate, defaultMinChange, false)
				require.NoError(t, err)
				require.Equal(t, c.rounds, d.Pairs)
				switch d.Result {
				case reports.Fail:
					alarms++
				case reports.Unknown:
					unknown++
				}
			}
			t.Logf("%d alarms, %d unknown, of %d", alarms, unknown, times)
			require.LessOrEqual(t, alarms, times/100)
			require.LessOrEqual(t, unknown, c.unknown)
		})
	}
}

// TestPlantedTenthIsFlagged compares with a candidate that takes a tenth more CPU time: with the measured noise and the default
// number of rounds, more than 95 of 100 comparisons are regressions. Without pairs, the same figures rarely are.
func TestPlantedTenthIsFlagged(t *testing.T) {
	const times = 1_000
	r, b, flagged, whole, passed := rand.New(rand.NewPCG(7, 13)), inPairs(1), 0, 0, 0
	for range times {
		base, candidate := b.rounds(r, testRounds, 1.1)
		d, err := Compare(base, candidate, defaultMinChange, false)
		require.NoError(t, err)
		switch d.Result {
		case reports.Fail:
			flagged++
		case reports.Pass:
			passed++
		}
		base.Rounds, candidate.Rounds = nil, nil
		d, err = Compare(base, candidate, defaultMinChange, false)
		require.NoError(t, err)
		require.Zero(t, d.Pairs)
		if d.Result == reports.Fail {
			whole++
		}
	}
	t.Logf("%d flagged in pairs, %d without, %d passed, of %d", flagged, whole, passed, times)
	require.Greater(t, flagged, times*95/100)
	require.Less(t, whole, times*20/100)
	require.Zero(t, passed, "the others are unknown")
}

// TestSecondLook: if noise could hide a slowdown of a tenth, the same number of rounds is added once and all are compared
// together. A build compared with itself still shows a regression in at most 1 of 100 comparisons, and a slowdown of a tenth is
// found on machines that are too noisy for the first rounds alone.
func TestSecondLook(t *testing.T) {
	const times = 1_000
	for _, c := range []struct {
		why      string
		factor   float64 // of the measured noise
		slower   float64
		low, top int // bounds of the number of regressions
	}{
		{"one build", 1, 1, 0, times / 100},
		{"one build, twice the noise", 2, 1, 0, times / 100},
		{"a tenth, with the measured noise", 1, 1.1, times * 97 / 100, times},
		{"a tenth, twice the noise", 2, 1.1, times * 90 / 100, times},
	} {
		r, b, alarms := rand.New(rand.NewPCG(11, 13)), inPairs(c.factor), 0
		for range times {
			base, candidate := b.rounds(r, 2*testRounds, c.slower)
			first := [2]*Baseline{base.first(testRounds), candidate.first(testRounds)}
			d, err := Compare(first[0], first[1], defaultMinChange, false)
			require.NoError(t, err)
			if d.Blind {
				d, err = Compare(base, candidate, defaultMinChange, false)
				require.NoError(t, err)
			}
			if d.Result == reports.Fail {
				alarms++
			}
		}
		t.Logf("%s: %d alarms of %d", c.why, alarms, times)
		require.LessOrEqual(t, alarms, c.top, c.why)
		require.GreaterOrEqual(t, alarms, c.low, c.why)
	}
}

// first returns b with its first n rounds.
func (b *Baseline) first(n int) *Baseline {
	out := *b
	out.Runs, out.Rounds, out.Figures = n, b.Rounds[:n], append([]Figure{}, b.Figures...)
	for i := range out.Figures {
		out.Figures[i].Values = out.Figures[i].Values[:n]
	}
	return &out
}

// TestPairedIntervalHoldsTheTruth: the interval of paired values contains the true change about as often as its confidence says.
func TestPairedIntervalHoldsTheTruth(t *testing.T) {
	r, missed := rand.New(rand.NewPCG(3, 5)), 0
	const times, tail, truth = 4_000, 0.05, 1.07
	for range times {
		var a, b []float64
		for range testRounds {
			x := 100 * math.Exp(r.NormFloat64())
			a, b = append(a, x), append(b, x*truth*math.Exp(r.NormFloat64()*0.04))
		}
		if by := (criteria{tail: tail, paired: true}).ratio(a, b); by.low > truth || by.high < truth {
			missed++
		}
	}
	require.InDelta(t, 2*tail, float64(missed)/times, 0.02)
}

// byRounds returns both sides of n rounds with little noise. The candidate is slower by the factor times.
func byRounds(n int, times float64) (base, candidate *Baseline) {
	r := rand.New(rand.NewPCG(1, 2))
	return inPairs(0.2).rounds(r, n, times)
}

// TestPairs: which runs form pairs, and that excluded rounds are noted.
func TestPairs(t *testing.T) {
	for _, c := range []struct {
		why    string
		change func(base, candidate *Baseline)
		pairs  int
		says   string
	}{
		{"rounds", func(_, _ *Baseline) {}, 7, ""},
		{"rounds in another order", func(b, _ *Baseline) {
			last := b.Runs - 1
			b.Rounds[0], b.Rounds[last] = b.Rounds[last], b.Rounds[0]
			for _, f := range b.Figures {
				f.Values[0], f.Values[last] = f.Values[last], f.Values[0]
			}
		}, 7, ""},
		{"the candidate began first in one round", func(b, _ *Baseline) { b.Rounds[3].At = b.Rounds[3].At.Add(time.Second) }, 7, ""},
		{"one side after the other, with the same names", func(_, c *Baseline) {
			for i := range c.Rounds {
				c.Rounds[i].At = c.Rounds[i].At.Add(time.Hour)
			}
		}, 0, ""},
		{"other names", func(_, c *Baseline) {
			for i := range c.Rounds {
				c.Rounds[i].Name = "repeat " + c.Rounds[i].Name
			}
		}, 0, ""},
		{"no rounds", func(b, _ *Baseline) { b.Rounds = nil }, 0, ""},
		{"a round without a partner", func(_, c *Baseline) { c.Rounds[6].Name = "99" }, 6, "round 07 of the base has no partner"},
		{"an unreliable round", func(_, c *Baseline) { c.Rounds[2].Doubt, c.Doubt = "it stood still", "it stood still" }, 6,
			"round 03 is excluded: the load of the candidate was not offered as requested: it stood still"},
		{"rounds offered late, whose CPU time counts", func(b, c *Baseline) {
			for i := range 4 {
				b.Rounds[i].Late = true
			}
			c.Rounds[4].Late = true
		}, 7, "the latencies of 5 rounds are excluded"},
	} {
		base, candidate := byRounds(7, 1)
		for _, s := range []*Baseline{base, candidate} {
			s.Figures = append([]Figure{}, s.Figures...)
		}
		c.change(base, candidate)
		d, err := Compare(base, candidate, defaultMinChange, false)
		require.NoError(t, err, c.why)
		require.Equal(t, c.pairs, d.Pairs, c.why)
		require.Contains(t, strings.Join(d.Notes, "\n"), c.says, c.why)
		if c.pairs > 0 {
			require.Equal(t, reports.Pass, d.Result, "%s: %v", c.why, d.Why)
		}
	}
}

// TestLateRounds: the latencies of late rounds are excluded, and their other figures count. If too few rounds were on time, the
// comparison has no rows for latencies.
func TestLateRounds(t *testing.T) {
	base, candidate := byRounds(7, 1)
	for i := range 3 {
		base.Rounds[i].Late = true
		for _, f := range candidate.Figures {
			f.Values[i] *= 1.5
		}
	}
	d, err := Compare(base, candidate, defaultMinChange, false)
	require.NoError(t, err)
	for _, r := range d.Rows {
		if strings.HasSuffix(r.Name, "_us") {
			require.InDelta(t, 1, r.By, 0.2, r.Name)
		} else if r.Name == Deciding {
			require.InDelta(t, math.Pow(1.5, 3.0/7), r.By, 0.01)
		}
	}
	for i := range 6 {
		base.Rounds[i].Late = true
	}
	d, err = Compare(base, candidate, defaultMinChange, false)
	require.NoError(t, err)
	for _, r := range d.Rows {
		require.False(t, strings.HasSuffix(r.Name, "_us"), r.Name)
	}
	require.Contains(t, strings.Join(d.Notes, "\n"), "the latencies of 6 rounds are excluded")
}

// TestPairsInDoubt: with half of the rounds excluded the result is valid; with more it is unknown, whatever the other rounds
// show.
func TestPairsInDoubt(t *testing.T) {
	for _, c := range []struct {
		why    string
		rounds int
		doubts int
		want   reports.Verdict
	}{
		{"half of them", 10, 5, reports.Fail},
		{"more than half", 10, 6, reports.Unknown},
		{"all but one", 10, 9, reports.Unknown},
		{"all", 10, 10, reports.Unknown},
	} {
		base, candidate := byRounds(c.rounds, 1.5)
		for i := range c.doubts {
			base.Rounds[i].Doubt, base.Doubt = "late", "late"
		}
		d, err := Compare(base, candidate, defaultMinChange, false)
		require.NoError(t, err, c.why)
		require.Equal(t, c.want, d.Result, "%s: %v", c.why, d.Why)
		require.Equal(t, c.rounds-c.doubts, d.Pairs, c.why)
		require.NoError(t, Table(new(bytes.Buffer), d, false))
	}
}

// TestPairsTooNoisy: if noise could hide a slowdown of a tenth, the result is unknown and the reason says what to do.
func TestPairsTooNoisy(t *testing.T) {
	base, candidate := inPairs(6).rounds(rand.New(rand.NewPCG(5, 5)), testRounds, 1)
	d, err := Compare(base, candidate, defaultMinChange, false)
	require.NoError(t, err)
	require.Equal(t, reports.Unknown, d.Result)
	require.Contains(t, d.Why[0], "noise of cpu_us_per_operation could hide a slowdown of 10%")
	var out bytes.Buffer
	require.NoError(t, Table(&out, d, false))
	require.Contains(t, out.String(), "Compared in pairs, over 7 rounds of both sides. cpu_us_per_operation is the deciding figure")
	require.NoError(t, JSON(&out, d))
	d, err = Compare(base, candidate, 5, false)
	require.NoError(t, err)
	require.Equal(t, reports.Pass, d.Result, "noise cannot hide a change of more than six times")
}

// TestRoundsInFolders: folders with the same name on both sides are rounds if their loads began in that order. A baseline file
// keeps the rounds.
func TestRoundsInFolders(t *testing.T) {
	dir := t.TempDir()
	start := recordtest.Loaded().Runs[0].Load.StartedAt
	for i := range 3 {
		for k, side := range []string{"base", "candidate"} {
			r := recordtest.Loaded()
			r.Runs = r.Runs[:1]
			reports.Summarise(r)
			if i == 1 && side == "candidate" { // an excluded round with fewer evaluations
				r.Runs[0].Load.Operations[0].InFlight++
				r.Runs[0].Checks[0].Result, r.Runs[0].Checks[0].Evaluations = reports.Unknown, 0
				reports.Conclude(&r.Runs[0])
				reports.Summarise(r)
			}
			r.Runs[0].Load.StartedAt = start.Add(time.Duration(i)*time.Minute + time.Duration(k)*time.Second)
			require.NoError(t, render.Write(filepath.Join(dir, side, fmt.Sprintf("%02d", i+1)), r))
		}
	}
	base, err := ReadBaseline(filepath.Join(dir, "base"))
	require.NoError(t, err)
	candidate, err := ReadBaseline(filepath.Join(dir, "candidate"))
	require.NoError(t, err)
	require.Len(t, base.Rounds, 3)
	require.Equal(t, "02", base.Rounds[1].Name)
	file := filepath.Join(dir, "base.json")
	require.NoError(t, WriteBaseline(file, base))
	again, err := ReadBaseline(file)
	require.NoError(t, err)
	for _, b := range []*Baseline{base, again} {
		d, err := Compare(b, candidate, defaultMinChange, false)
		require.NoError(t, err)
		require.Equal(t, 2, d.Pairs)
		require.Empty(t, d.Checks)
	}
	again.Rounds = again.Rounds[:2]
	require.ErrorIs(t, again.validate(), errBaseline)
}
