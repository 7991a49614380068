package cmd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/render"
)

// fakeLoads replaces real loads: each load writes the record that the test specifies.
type fakeLoads struct {
	t       *testing.T
	mu      sync.Mutex
	clock   time.Time
	started []string                                            // build and round, in order of the starts
	script  func(side string, round int, r *reports.Record) int // changes the record, returns the exit code
	before  func(side string, round int)                        // called at the start of each load, unless nil
}

// load implements buildComparison.load.
func (s *fakeLoads) load(_ context.Context, _ string, _ []string, dir string) loadResult {
	side, round := filepath.Base(dir), 0 // 0: the warm-up
	if _, err := fmt.Sscanf(side, "%d", &round); err == nil {
		side = filepath.Base(filepath.Dir(dir))
	}
	if s.before != nil {
		s.before(side, round)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = append(s.started, fmt.Sprintf("%s %d", side, round))
	s.clock = s.clock.Add(time.Second)
	r, err := reports.Read("reports/render/testdata/loaded.json")
	require.NoError(s.t, err)
	r.Runs = r.Runs[:1]
	r.Runs[0].Repeat = 0
	r.Runs[0].Load.StartedAt = s.clock
	r.Runs[0].Load.Generator.CPUS *= 1 + float64(round%3)/100 // some noise, the same for both builds
	code := exitPass
	if s.script != nil {
		code = s.script(side, round, r)
	}
	reports.Summarise(r)
	if code != exitInternal && code != exitUsage {
		require.NoError(s.t, render.Write(dir, r))
	}
	return loadResult{code: code, stderrTail: "hongbao: message of the load"}
}

// comparisonOf returns a comparison with fake loads, and the buffer of its progress lines.
func comparisonOf(t *testing.T, s *fakeLoads, f compareFlags) (*buildComparison, *bytes.Buffer) {
	build := filepath.Join(t.TempDir(), "build")
	require.NoError(t, os.WriteFile(build, []byte("never started"), 0o700))
	f.base, f.candidate, f.out = build, build, filepath.Join(t.TempDir(), "out")
	if f.rounds == 0 {
		f.rounds = defaultRounds
	}
	s.t, s.clock = t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	lines := new(bytes.Buffer)
	c, err := newBuildComparison(&f, []string{"scenario.yaml"}, lines)
	require.NoError(t, err)
	c.load = s.load
	return c, lines
}

// underOffered changes the record to a load that was not offered as planned, and returns its exit code.
func underOffered(r *reports.Record) int {
	o := &r.Runs[0].Load.Operations[0]
	lost := o.OK / 2
	o.OK, o.Sent, o.Unsent = o.OK-lost, o.Sent-lost, o.Unsent+lost
	r.Runs[0].Offered = o.Offered
	reports.Conclude(&r.Runs[0])
	return exitUnknown
}

// offeredLate changes the record to a load that was offered late, and returns its exit code.
func offeredLate(r *reports.Record) int {
	r.Runs[0].Load.Generator.Saturated, r.Runs[0].Load.Generator.Why = true, "it was not scheduled"
	reports.Conclude(&r.Runs[0])
	return exitUnknown
}

// comparisonCase is one case of TestContest.
type comparisonCase struct {
	why    string
	script func(side string, round int, r *reports.Record) int // of fakeLoads
	code   int
	rounds int
	want   string
}

func comparisonCases() []comparisonCase {
	return []comparisonCase{
		{"a build against itself", nil, exitPass, 7, "NO REGRESSION"},
		{"a candidate that needs 10% more CPU time", func(side string, _ int, r *reports.Record) int {
			if side == candidateDir {
				r.Runs[0].Load.Generator.CPUS *= 1.1
			}
			return exitPass
		}, exitRegression, 7, "worse: cpu_us_per_operation +10.0%"},
		{"a candidate that needs less CPU time", func(side string, _ int, r *reports.Record) int {
			if side == candidateDir {
				r.Runs[0].Load.Generator.CPUS /= 1.1
			}
			return exitPass
		}, exitPass, 7, "better cpu_us_per_operation"},
		{"missed thresholds do not matter for the comparison", func(string, int, *reports.Record) int { return exitMissed }, exitPass, 7, "NO REGRESSION"},
		{"two invalid rounds are repeated", func(side string, round int, r *reports.Record) int {
			if round == 2 && side == baseDir || round == 5 && side == candidateDir {
				return underOffered(r)
			}
			return exitPass
		}, exitPass, 9, "round 05 is excluded: the load of the candidate was not offered as requested"},
		{"a load that is never offered as planned", func(_ string, _ int, r *reports.Record) int { return underOffered(r) },
			exitUnknown, 14, "in only 0 of 14 rounds"},
		{"a generator that is late in some rounds: their CPU time still counts", func(side string, round int, r *reports.Record) int {
			if round%2 == 0 {
				return offeredLate(r)
			}
			return exitPass
		}, exitPass, 7, "the latencies of 3 rounds are excluded"},
		{"metrics too noisy to decide", func(side string, round int, r *reports.Record) int {
			if side == candidateDir && round%2 == 0 {
				r.Runs[0].Load.Generator.CPUS *= []float64{1.5, 1 / 1.5}[round/2%2]
			}
			return exitPass
		}, exitUnknown, 14, "could hide a slowdown of 10%"},
		{"metrics that are precise enough after doubling the rounds", func(side string, round int, r *reports.Record) int {
			if side == candidateDir && round == 3 {
				r.Runs[0].Load.Generator.CPUS *= 1.2
			}
			return exitPass
		}, exitPass, 14, "noise could hide a slowdown of 10%: doubling the number of rounds"},
		{"a violated invariant", func(side string, round int, r *reports.Record) int {
			if side != candidateDir || round != 2 {
				return exitPass
			}
			r.Runs[0].Checks[0].Result, r.Runs[0].Checks[0].Violations = reports.Fail, 1
			reports.Conclude(&r.Runs[0])
			return exitViolation
		}, exitRegression, 2, "changed from pass to fail"},
		{"a load that fails", func(side string, round int, _ *reports.Record) int {
			if side == baseDir && round == 3 {
				return exitInternal
			}
			return exitPass
		}, exitUnknown, 3, "the base's load failed: exit code 1: hongbao: message of the load"},
		{"wrong flags", func(string, int, *reports.Record) int { return exitUsage }, exitUsage, 0, "load: message of the load"},
	}
}

// TestContest plays rounds of all kinds and checks the exit code, the output, and the number of rounds on disk.
func TestContest(t *testing.T) {
	for _, c := range comparisonCases() {
		t.Run(c.why, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			comparison, lines := comparisonOf(t, &fakeLoads{script: c.script}, compareFlags{minChange: "5%"})
			var out bytes.Buffer
			cmd := compareCommand()
			cmd.SetOut(&out)
			cmd.SetContext(t.Context())
			err := comparison.compare(cmd, compareFlags{minChange: "5%"})
			text := lines.String() + out.String()
			code := exitPass
			if err != nil {
				known := false
				code, known = exitCode(err)
				require.True(t, known)
				text += err.Error()
			}
			require.Equal(t, c.code, code, text)
			require.Contains(t, strings.Join(strings.Fields(text), " "), c.want)
			if c.rounds > 0 {
				require.NoDirExists(t, filepath.Join(comparison.dir, warmUpDir))
			}
			rounds, err := filepath.Glob(filepath.Join(comparison.dir, candidateDir, "*", reports.RecordFile))
			require.NoError(t, err)
			require.Len(t, rounds, c.rounds)
			left, err := filepath.Glob(filepath.Join(os.TempDir(), "hongbao-compare-*"))
			require.NoError(t, err)
			require.Empty(t, left, "the copies of the builds are removed")
		})
	}
}

// TestContestInterrupted: complete rounds are compared, the incomplete round is put aside, and the exit code is that of an
// interrupt.
func TestContestInterrupted(t *testing.T) {
	for _, c := range []struct {
		why   string
		in    int // round that is interrupted
		want  string
		aside bool
	}{
		{"with enough rounds to compare", 4, "interrupted after 3 rounds: only these were compared", true},
		{"with too few rounds", 2, "too few to compare", true},
		{"in the warm-up", 0, "too few to compare", false},
	} {
		t.Run(c.why, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := &fakeLoads{before: func(_ string, round int) {
				if round == c.in {
					cancel()
				}
			}}
			comparison, _ := comparisonOf(t, s, compareFlags{minChange: "5%"})
			var out bytes.Buffer
			cmd := compareCommand()
			cmd.SetOut(&out)
			cmd.SetContext(ctx)
			err := comparison.compare(cmd, compareFlags{minChange: "5%"})
			require.ErrorContains(t, err, c.want)
			code, _ := exitCode(err)
			require.Equal(t, exitInterrupted, code)
			if c.in > 2 {
				require.Contains(t, out.String(), "over 3 rounds")
			} else {
				require.Empty(t, out.String())
			}
			if c.aside {
				require.DirExists(t, filepath.Join(comparison.dir, interruptedDir, fmt.Sprintf("base-%02d", c.in)))
				require.NoDirExists(t, filepath.Join(comparison.dir, baseDir, fmt.Sprintf("%02d", c.in)))
			}
		})
	}
}

// TestContestOrder: the loads of a round run at the same time, or with --turns in alternating order.
func TestContestOrder(t *testing.T) {
	s := &fakeLoads{}
	c, _ := comparisonOf(t, s, compareFlags{turns: true, rounds: 3, minChange: "5%"})
	_, err := c.play(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"candidate 0", "base 0", "base 1", "candidate 1", "candidate 2", "base 2", "base 3", "candidate 3"}, s.started)

	meet := make(chan struct{})
	s = &fakeLoads{before: func(side string, _ int) { // each load waits for the other
		if side == baseDir {
			meet <- struct{}{}
		} else {
			<-meet
		}
	}}
	c, _ = comparisonOf(t, s, compareFlags{rounds: 3, minChange: "5%"})
	_, err = c.play(t.Context())
	require.NoError(t, err)
	require.Len(t, s.started, 8)
}
