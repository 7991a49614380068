package scenarios_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

// withTotals returns the base file with a comparison of running totals.
func withTotals(t *testing.T) *scenarios.Scenario {
	base, err := os.ReadFile("loader/testdata/base.yaml")
	require.NoError(t, err)
	s, err := loader.Parse("a.yaml", []byte(strings.TrimRight(string(base), "\n")+`
running_total:
  writers: 80
  readers: 201
  writes: 3k/s
  reads: 18k/s
  amount_fen: [8..88 weight 9, 888 weight 1]
  before_fen: 60_000_000
  interval: 1s
  latency: {min: 100us, p50: 300us, p90: 500us, p99: 2ms, max: 20ms}
  timeout: 200ms
  key_rate: 300/s
  switch_after: 5s
  rest: 6s
  rounds:
    - {name: calm, takes: 15s}
    - {name: time out, takes: 16s, fault: timeout, after: 2s, for: 10s, ratio: 1/20, applied: 1/2}
`))
	require.NoError(t, err)
	return s
}

func TestRunningTotal(t *testing.T) {
	s := withTotals(t)
	require.Equal(t, &scenarios.RunningTotal{
		Writers: 80, Readers: 201, Writes: scenarios.Ratio{3000, 1}, Reads: scenarios.Ratio{18_000, 1},
		Amount: []scenarios.AmountBand{{8, 88, 9}, {888, 888, 1}}, Before: 60_000_000, Interval: time.Second,
		Latency: scenarios.Latency{100 * time.Microsecond, 300 * time.Microsecond, 500 * time.Microsecond, 2 * time.Millisecond, 20 * time.Millisecond},
		Timeout: 200 * time.Millisecond, KeyRate: scenarios.Ratio{300, 1}, SwitchAfter: 5 * time.Second, Rest: 6 * time.Second,
		Rounds: []scenarios.TotalRound{{Name: "calm", Takes: 15 * time.Second, Ratio: scenarios.Ratio{0, 1}, Applied: scenarios.Ratio{0, 1}},
			{"time out", 16 * time.Second, scenarios.FaultTimeout, 2 * time.Second, 10 * time.Second, scenarios.Ratio{1, 20}, scenarios.Ratio{1, 2}}},
	}, s.RunningTotal)
	require.Equal(t, 43*time.Second, s.RunningTotal.Length())
}

func TestRunningTotalScales(t *testing.T) {
	s := withTotals(t)
	before := *s.RunningTotal
	small, err := scenarios.Scale(s, 1, 10)
	require.NoError(t, err)
	r := small.RunningTotal
	require.Equal(t, []any{8, 21, scenarios.Ratio{300, 1}, scenarios.Ratio{1800, 1}, scenarios.Ratio{30, 1}}, []any{r.Writers, r.Readers, r.Writes, r.Reads, r.KeyRate})
	require.EqualValues(t, 6_000_000, r.Before)
	require.Equal(t, s.RunningTotal.Rounds, r.Rounds, "times and shares are not scaled")
	require.Equal(t, before, *s.RunningTotal, "the original is not changed")

	s.RunningTotal = nil
	small, err = scenarios.Scale(s, 1, 10)
	require.NoError(t, err)
	require.Nil(t, small.RunningTotal)
}
