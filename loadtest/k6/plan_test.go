package k6

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/executor"
	"pgregory.net/rapid"

	"hongbao/loadtest/crowd"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
	"hongbao/scenarios/traffic"
)

// TestSegmentsKeepPeopleApart: however a test is split, each instance numbers its iterations by k6's own index, and together
// they use every person once. An instance knows the number of its people.
func TestSegmentsKeepPeopleApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := focused(t, "", scenarios.Ratio{Num: rapid.Int64Range(20, 300).Draw(t, "peak"), Den: 1}, 2*time.Second, rapid.Uint64Range(1, maxSeed).Draw(t, "seed"))
		options := parsed(t, p, optionsRequest{VUs: 1, MaxVUs: rapid.Int64Range(0, 30).Draw(t, "vus")})
		people, taken, scheduled := map[uint32]bool{}, int64(0), int64(0)
		sequence := segments(t)
		for _, segment := range sequence {
			tuple, err := lib.NewExecutionTuple(segment, &sequence)
			require.NoError(t, err)
			es := &lib.ExecutionState{ExecutionTuple: tuple, Test: &lib.TestRunState{Options: options}}
			mine := int64(0)
			for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
				c, ok := options.Scenarios[app.String()].(*executor.RampingArrivalRateConfig)
				if !ok || !c.HasWork(tuple) {
					continue
				}
				own, err := tuple.GetNewExecutionTupleFromValue(c.MaxVUs.Int64) // as k6's executor does
				require.NoError(t, err)
				for index := lib.NewSegmentedIndex(own); ; mine++ {
					_, i := index.Next()
					v, ok, err := p.take(app, uint64(i-1))
					require.NoError(t, err, "two instances request one win")
					if !ok {
						break
					}
					people[v.Person] = true
					taken++
				}
			}
			s := shareOf(p, es)
			require.Equal(t, mine, s.scheduled)
			require.Equal(t, mine == p.total, s.alone)
			scheduled += s.scheduled
		}
		require.Equal(t, p.total, taken, "every win is taken")
		require.Len(t, people, int(p.total), "each is a different person")
		require.Equal(t, p.total, p.sent.Load())
		require.Equal(t, p.total, scheduled)
	})
}

// segments draws a split of a test: into up to seven uneven parts.
func segments(t *rapid.T) lib.ExecutionSegmentSequence {
	cuts := rapid.SliceOfNDistinct(rapid.Int64Range(1, 11), 0, 6, rapid.ID).Draw(t, "cuts")
	slices.Sort(cuts)
	var sequence lib.ExecutionSegmentSequence
	from := int64(0)
	for _, to := range append(cuts, 12) {
		s, err := lib.NewExecutionSegment(big.NewRat(from, 12), big.NewRat(to, 12))
		require.NoError(t, err)
		sequence = append(sequence, s)
		from = to
	}
	return sequence
}

// TestTakenTwice: a script that calls win() twice in one iteration gets an error and no win.
func TestTakenTwice(t *testing.T) {
	p := focused(t, "", scenarios.Ratio{Num: 100, Den: 1}, time.Second, 7)
	_, ok, err := p.take(wallet.Douyin, 0)
	require.NoError(t, err)
	require.True(t, ok)
	_, ok, err = p.take(wallet.Douyin, 0)
	require.ErrorContains(t, err, "once in an iteration")
	require.False(t, ok)
	_, ok, err = p.take(wallet.Douyin, uint64(p.scheduled(wallet.Douyin)))
	require.NoError(t, err)
	require.False(t, ok, "no win is left")
	require.EqualValues(t, 1, p.sent.Load())
	_, ok, err = p.take(wallet.App(0), 0)
	require.NoError(t, err)
	require.False(t, ok)
}

// TestInstancesApart: people who win more than once cannot be split among several instances; others can, and one instance can
// have anybody.
func TestInstancesApart(t *testing.T) {
	keys := keysFile(t)
	for _, c := range []struct {
		why, play string
		alone     bool
		refused   bool
	}{
		{"in the rain each person wins once", "rain", false, false},
		{"people win several cards, with one instance", "card-collection", true, false},
		{"the same, with several", "card-collection", false, true},
	} {
		f := newJS(t, New()).must("hongbao.festival({scenario: %q, target: 'http://127.0.0.1:1', keys: %q, play: %q, peak: 100, duration: 2, tries: 1})", rewardsFile, keys, c.play).(*visitor).festival
		f.share.Store(&share{scheduled: 1, alone: c.alone})
		err := f.begin(t.Context())
		require.Error(t, err, "nothing listens")
		require.Equal(t, c.refused, strings.Contains(err.Error(), "with one instance"), "%s: %v", c.why, err)
		require.Equal(t, c.alone, f.sendsPackets(), c.why)
	}
}

// TestPlanIsTheTraffic: the wins are those of the simulation.
func TestPlanIsTheTraffic(t *testing.T) {
	s, err := loader.Load(scenarioFile)
	require.NoError(t, err)
	s, err = scenarios.Focus(s, "", scenarios.Ratio{Num: 200, Den: 1}, 3*time.Second)
	require.NoError(t, err)
	p, err := newPlan(s, 11)
	require.NoError(t, err)
	arrivals := traffic.New(s, 11)
	var at [wallet.Apps + 1]uint64
	for a, ok := arrivals.Next(); ok; a, ok = arrivals.Next() {
		v, ok, err := p.take(a.App, at[a.App])
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, crowd.Visit{Person: uint32(a.Person), Amount: uint32(a.Amount), App: a.App}, v)
		at[a.App]++
	}
}

// TestPlanLimits: an invalid plan is refused with a reason.
func TestPlanLimits(t *testing.T) {
	whole, err := loader.Load(scenarioFile)
	require.NoError(t, err)
	_, err = newPlan(whole, 1)
	require.ErrorContains(t, err, "windows in focus")
	big, err := scenarios.Focus(whole, "", scenarios.Ratio{}, 0)
	require.NoError(t, err)
	_, err = newPlan(big, 1)
	require.ErrorContains(t, err, "more than the")
	small, err := scenarios.Focus(whole, "", scenarios.Ratio{Num: 1, Den: 100}, time.Second)
	require.NoError(t, err)
	_, err = newPlan(small, 1)
	require.ErrorContains(t, err, "makes no win")
}
