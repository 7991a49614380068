package attack_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
)

// curve draws a rate with jumps, idle stretches, odd lengths and awkward denominators.
func curve(t *rapid.T, highest int64) []scenarios.Point {
	den := rapid.SampledFrom([]int64{1, 2, 3, 152, 1000}).Draw(t, "den")
	at, points := time.Duration(0), []scenarios.Point(nil)
	for range rapid.IntRange(2, 6).Draw(t, "points") {
		n := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, highest*den)).Draw(t, "rate")
		points = append(points, scenarios.Point{At: at, Rate: scenarios.Ratio{Num: n, Den: den}})
		at += time.Duration(rapid.OneOf(rapid.Just(int64(time.Second)), rapid.Int64Range(1, 3e9)).Draw(t, "length"))
	}
	return points
}

// due returns the number of operations due until a time: the rate's integral, computed differently from the schedule.
func due(points []scenarios.Point, until time.Duration) float64 {
	rate := func(p scenarios.Point) float64 { return float64(p.Rate.Num) / float64(p.Rate.Den) }
	sum := 0.0
	for i := 1; i < len(points) && points[i-1].At < until; i++ {
		p, q := points[i-1], points[i]
		x, length := (min(until, q.At) - p.At).Seconds(), (q.At - p.At).Seconds()
		sum += x * (rate(p) + (rate(q)-rate(p))*x/length/2)
	}
	return sum
}

// planOf plans the wins of a rate, as a load test does.
func planOf(points []scenarios.Point, seed uint64) planFunc {
	start := time.Date(2022, 1, 31, 12, 0, 0, 0, time.UTC)
	tr := traffic.New(&scenarios.Scenario{
		People: scenarios.People{Count: 1 << 40, AppsHeld: []int{1}, Phone: scenarios.Ratio{Num: 1, Den: 1},
			BindLater: scenarios.Ratio{Num: 0, Den: 1}, After: scenarios.AfterWin{KeepTokens: scenarios.Ratio{Num: 1, Den: 1}}},
		Apps: [wallet.Apps + 1]int{0, 1, 1, 1, 1, 1, 1, 1, 1},
		Windows: []scenarios.Window{{Name: "a", Start: start, Rate: points, People: scenarios.Ratio{Num: 1, Den: 1},
			Amount: []scenarios.AmountBand{{Min: 1, Max: 1, Weight: 1}}}},
	}, seed)
	return func() (attack.Op[int], bool) {
		a, ok := tr.Next()
		return attack.Op[int]{At: time.Duration(a.At - start.UnixNano()), What: 1}, ok
	}
}

// requireRate checks at every second's boundary that the number of due operations equals the rate's integral, and so
// within 0.01% from ten thousand on: the count is a whole number and may be one off.
func requireRate(t *rapid.T, points []scenarios.Point, seconds []int64) {
	made := int64(0)
	for i, n := range seconds {
		made += n
		// An operation due on the boundary counts for the second that begins there, hence slightly more than one.
		require.InDelta(t, due(points, time.Duration(i+1)*time.Second), made, 1.001, "until second %d", i+1)
	}
}

// The plan follows any rate curve, up to a million a second.
func TestPlannedRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := curve(t, rapid.SampledFrom([]int64{20, 10_000, 1_000_000}).Draw(t, "highest")/100)
		points[0].Rate.Num *= 100 // one section is steep
		next := planOf(points, rapid.Uint64().Draw(t, "seed"))
		seconds := make([]int64, int(points[len(points)-1].At/time.Second)+1)
		for op, ok := next(); ok; op, ok = next() {
			seconds[op.At/time.Second]++
		}
		requireRate(t, points, seconds)
	})
}

// Sending follows the curve too: on a machine that is fast enough, as virtual time is, nothing is lost or late.
func TestSentRate(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		points := curve(rt, 300)
		seed, attackers := rapid.Uint64().Draw(rt, "seed"), rapid.IntRange(1, 5).Draw(rt, "attackers")
		synctest.Test(t, func(t *testing.T) {
			c := attack.Config{Kinds: oneKind, Duration: points[len(points)-1].At, Attackers: attackers}
			r, err := attack.Run(t.Context(), c, planOf(points, seed), sendFunc(ok))
			require.NoError(rt, err)
			sent := make([]int64, len(r.Seconds))
			for i, s := range r.Seconds {
				sent[i] = s.Sent
			}
			requireRate(rt, points, sent)
			require.Zero(rt, r.Health.Lateness.Max())
		})
	})
}
