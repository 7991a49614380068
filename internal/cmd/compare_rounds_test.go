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

// fakeLoads is a machine on which nothing is played: each load writes the record that a test wants.
type fakeLoads struct {
	t       *testing.T
	mu      sync.Mutex
	clock   time.Time
	started []string                                            // side and round, in order
	script  func(side string, round int, r *reports.Record) int // changes the record, returns the exit code
	before  func(side string, round int)                        // nil: nothing
}

// load is contest.load.
func (s *fakeLoads) load(_ context.Context, _ string, _ []string, dir string) loadResult {
	side, round := filepath.Base(dir), 0 // of the warm-up
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
	r.Runs[0].Load.Generator.CPUS *= 1 + float64(round%3)/100 // some noise, alike on both sides
	code := exitPass
	if s.script != nil {
		code = s.script(side, round, r)
	}
	reports.Summarise(r)
	if code != exitInternal && code != exitUsage {
		require.NoError(s.t, render.Write(dir, r))
	}
	return loadResult{code: code, stderrTail: "hongbao: these are its words"}
}

// comparisonOf returns a contest on the stage, and what it says.
func comparisonOf(t *testing.T, s *fakeLoads, f compareFlags) (*buildComparison, *bytes.Buffer) {
	build := filepath.Join(t.TempDir(), "build")
	require.NoError(t, os.WriteFile(build, []byte("never started"), 0o700))
	f.base, f.candidate, f.out = build, build, filepath.Join(t.TempDir(), "out")
	if f.rounds == 0 {
		f.rounds = defaultRounds
	}
	s.t, s.clock = t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	said := new(bytes.Buffer)
	c, err := newBuildComparison(&f, []string{"scenario.yaml"}, said)
	require.NoError(t, err)
	c.load = s.load
	return c, said
}

// underOffered makes a record's load one that was not offered as planned.
func underOffered(r *reports.Record) int {
	o := &r.Runs[0].Load.Operations[0]
	lost := o.OK / 2
	o.OK, o.Sent, o.Unsent = o.OK-lost, o.Sent-lost, o.Unsent+lost
	r.Runs[0].Offered = o.Offered
	reports.Conclude(&r.Runs[0])
	return exitUnknown
}

// offeredLate makes it one that was offered late.
func offeredLate(r *reports.Record) int {
	r.Runs[0].Load.Generator.Saturated, r.Runs[0].Load.Generator.Why = true, "it stood still"
	reports.Conclude(&r.Runs[0])
	return exitUnknown
}

// TestContest plays rounds of all kinds and wants the exit code, the words, and the number of rounds on disk.
func TestContest(t *testing.T) {
	type script = func(side string, round int, r *reports.Record) int
	for _, c := range []struct {
		why    string
		script script
		code   int
		rounds int
		says   string
	}{
		{"one build against itself", nil, exitPass, 7, "NO REGRESSION"},
		{"a candidate that takes a tenth more", func(side string, _ int, r *reports.Record) int {
			if side == candidateDir {
				r.Runs[0].Load.Generator.CPUS *= 1.1
			}
			return exitPass
		}, exitRegression, 7, "worse: cpu_us_per_operation +10.0%"},
		{"one that takes a tenth less", func(side string, _ int, r *reports.Record) int {
			if side == candidateDir {
				r.Runs[0].Load.Generator.CPUS /= 1.1
			}
			return exitPass
		}, exitPass, 7, "better cpu_us_per_operation"},
		{"thresholds missed are another step's business", func(string, int, *reports.Record) int { return exitMissed }, exitPass, 7, "NO REGRESSION"},
		{"two rounds in doubt are played again", func(side string, round int, r *reports.Record) int {
			if round == 2 && side == baseDir || round == 5 && side == candidateDir {
				return underOffered(r)
			}
			return exitPass
		}, exitPass, 9, "round 05 is left out: the candidate's load was not the one that was asked for"},
		{"a load that is never the one that was asked for", func(_ string, _ int, r *reports.Record) int { return underOffered(r) },
			exitUnknown, 14, "in 0 of 14 rounds only"},
		{"a generator that is late in some rounds, of which the cost still counts", func(side string, round int, r *reports.Record) int {
			if round%2 == 0 {
				return offeredLate(r)
			}
			return exitPass
		}, exitPass, 7, "of 3 rounds the latencies are left out"},
		{"figures that tell nothing", func(side string, round int, r *reports.Record) int {
			if side == candidateDir && round%2 == 0 {
				r.Runs[0].Load.Generator.CPUS *= []float64{1.5, 1 / 1.5}[round/2%2]
			}
			return exitPass
		}, exitUnknown, 14, "could hide a slowdown of 10%"},
		{"figures that tell more after as many rounds again", func(side string, round int, r *reports.Record) int {
			if side == candidateDir && round == 3 {
				r.Runs[0].Load.Generator.CPUS *= 1.2
			}
			return exitPass
		}, exitPass, 14, "noise could hide a slowdown of a tenth: as many rounds again"},
		{"money that is lost", func(side string, round int, r *reports.Record) int {
			if side != candidateDir || round != 2 {
				return exitPass
			}
			r.Runs[0].Checks[0].Result, r.Runs[0].Checks[0].Violations = reports.Fail, 1
			reports.Conclude(&r.Runs[0])
			return exitViolation
		}, exitRegression, 2, "is fail and was pass"},
		{"a load that breaks down", func(side string, round int, _ *reports.Record) int {
			if side == baseDir && round == 3 {
				return exitInternal
			}
			return exitPass
		}, exitUnknown, 3, "the base's load came to nothing: exit code 1: hongbao: these are its words"},
		{"wrong flags", func(string, int, *reports.Record) int { return exitUsage }, exitUsage, 0, "load: these are its words"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			contest, said := comparisonOf(t, &fakeLoads{script: c.script}, compareFlags{minChange: "5%"})
			var out bytes.Buffer
			cmd := compareCommand()
			cmd.SetOut(&out)
			cmd.SetContext(t.Context())
			err := contest.compare(cmd, compareFlags{minChange: "5%"})
			text := said.String() + out.String()
			code := exitPass
			if err != nil {
				known := false
				code, known = exitCode(err)
				require.True(t, known)
				text += err.Error()
			}
			require.Equal(t, c.code, code, text)
			require.Contains(t, strings.Join(strings.Fields(text), " "), c.says)
			if c.rounds > 0 {
				require.NoDirExists(t, filepath.Join(contest.dir, warmUpDir))
			}
			rounds, err := filepath.Glob(filepath.Join(contest.dir, candidateDir, "*", reports.RecordFile))
			require.NoError(t, err)
			require.Len(t, rounds, c.rounds)
			left, err := filepath.Glob(filepath.Join(os.TempDir(), "hongbao-compare-*"))
			require.NoError(t, err)
			require.Empty(t, left, "the copies of the builds are gone")
		})
	}
}

// TestContestInterrupted: what is complete is compared, what is not is put aside, and the exit code says that it was
// interrupted.
func TestContestInterrupted(t *testing.T) {
	for _, c := range []struct {
		why   string
		in    int // the round in which it is
		says  string
		aside bool
	}{
		{"with rounds to compare", 4, "interrupted after 3 rounds: that is what was compared", true},
		{"with too few", 2, "there is nothing to compare", true},
		{"in the warm-up", 0, "there is nothing to compare", false},
	} {
		t.Run(c.why, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := &fakeLoads{before: func(_ string, round int) {
				if round == c.in {
					cancel()
				}
			}}
			contest, _ := comparisonOf(t, s, compareFlags{minChange: "5%"})
			var out bytes.Buffer
			cmd := compareCommand()
			cmd.SetOut(&out)
			cmd.SetContext(ctx)
			err := contest.compare(cmd, compareFlags{minChange: "5%"})
			require.ErrorContains(t, err, c.says)
			require.ErrorIs(t, err, errInterrupted)
			if c.in > 2 {
				require.Contains(t, out.String(), "over 3 rounds")
			} else {
				require.Empty(t, out.String())
			}
			if c.aside {
				require.DirExists(t, filepath.Join(contest.dir, interruptedDir, fmt.Sprintf("base-%02d", c.in)))
				require.NoDirExists(t, filepath.Join(contest.dir, baseDir, fmt.Sprintf("%02d", c.in)))
			}
		})
	}
}

// TestContestOrder: at the same time unless by turns, and by turns nobody is always first.
func TestContestOrder(t *testing.T) {
	s := &fakeLoads{}
	c, _ := comparisonOf(t, s, compareFlags{turns: true, rounds: 3, minChange: "5%"})
	_, err := c.play(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"candidate 0", "base 0", "base 1", "candidate 1", "candidate 2", "base 2", "base 3", "candidate 3"}, s.started)

	meet := make(chan struct{})
	s = &fakeLoads{before: func(side string, _ int) { // each waits for the other
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
