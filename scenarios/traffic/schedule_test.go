package traffic

import (
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/scenarios"
)

// integral returns the exact integral of a rate, linear between its points, up to a time. It is computed in rationals,
// unlike in the schedule.
func integral(points []scenarios.Point, until time.Duration) *big.Rat {
	seconds := func(d time.Duration) *big.Rat { return big.NewRat(int64(d), int64(time.Second)) }
	rate := func(r scenarios.Ratio) *big.Rat { return big.NewRat(r.Num, r.Den) }
	sum := new(big.Rat)
	for i := 1; i < len(points) && points[i-1].At < until; i++ {
		p, q := points[i-1], points[i]
		x := min(until, q.At) - p.At
		there := new(big.Rat).Sub(rate(q.Rate), rate(p.Rate))
		there.Mul(there, big.NewRat(int64(x), int64(q.At-p.At))).Add(there, rate(p.Rate))
		mean := new(big.Rat).Add(rate(p.Rate), there)
		mean.Mul(mean, seconds(x)).Quo(mean, big.NewRat(2, 1))
		sum.Add(sum, mean)
	}
	return sum
}

func floor(r *big.Rat) int64 { return new(big.Int).Quo(r.Num(), r.Denom()).Int64() }

// curves draws rates with jumps, idle stretches, odd lengths and awkward denominators.
var curves = rapid.Custom(func(t *rapid.T) []scenarios.Point {
	den := rapid.SampledFrom([]int64{1, 2, 3, 152, 1000}).Draw(t, "den")
	at, points := time.Duration(0), []scenarios.Point(nil)
	for range rapid.IntRange(2, 6).Draw(t, "points") {
		n := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 20*den), rapid.Int64Range(0, 300*den)).Draw(t, "rate")
		points = append(points, scenarios.Point{At: at, Rate: scenarios.Ratio{Num: n, Den: den}})
		at += rapid.OneOf(rapid.Just(time.Second), rapid.Map(rapid.Int64Range(1, 4e9), func(n int64) time.Duration { return time.Duration(n) })).Draw(t, "length")
	}
	return points
})

// Every interval ends at the first nanosecond at which the exact integral reaches the next integer, and their number is the
// integer part of the whole integral.
func TestScheduleIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := curves.Draw(t, "points")
		w := scenarios.Window{Rate: points}
		curve, err := w.Curve()
		require.NoError(t, err)
		end := points[len(points)-1].At
		require.Equal(t, floor(integral(points, end)), curve.Grants())
		s := newSchedule(curve, curve.Grants())
		last := int64(0)
		for k := int64(1); ; k++ {
			from, to, ok := s.next()
			if !ok {
				require.Equal(t, curve.Grants(), k-1)
				break
			}
			require.LessOrEqual(t, last, from)
			require.Less(t, from, to)
			if k%7 == 1 { // rationals are slow
				require.GreaterOrEqual(t, floor(integral(points, time.Duration(to))), k, "reached at %d ns", to)
				require.Less(t, floor(integral(points, time.Duration(to-1))), k, "not before %d ns", to)
			}
			last = to
		}
	})
}

// The largest and the longest curves that the loader accepts have exact counts.
func TestScheduleAtTheBounds(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		why    string
		points []scenarios.Point
	}{
		{"the highest rate: ten nanoseconds between grants", []scenarios.Point{{At: 0, Rate: scenarios.Ratio{Num: 100_000_000, Den: 1}}, {At: time.Millisecond, Rate: scenarios.Ratio{Num: 0, Den: 1}}}},
		{"a rate that falls to zero over a day", []scenarios.Point{{At: 0, Rate: scenarios.Ratio{Num: 1, Den: 7}}, {At: day, Rate: scenarios.Ratio{Num: 0, Den: 1}}}},
		{"a rate that rises from zero over a day", []scenarios.Point{{At: 0, Rate: scenarios.Ratio{Num: 0, Den: 1}}, {At: day, Rate: scenarios.Ratio{Num: 1, Den: 7}}}},
		{"a jump up and down within a nanosecond", []scenarios.Point{{At: 0, Rate: scenarios.Ratio{Num: 0, Den: 1}}, {At: time.Hour, Rate: scenarios.Ratio{Num: 0, Den: 1}},
			{At: time.Hour + 1, Rate: scenarios.Ratio{Num: 1000, Den: 1}}, {At: time.Hour + time.Second, Rate: scenarios.Ratio{Num: 1000, Den: 1}}}},
	} {
		t.Run(c.why, func(t *testing.T) {
			curve, err := scenarios.Window{Rate: c.points}.Curve()
			require.NoError(t, err)
			s, last := newSchedule(curve, curve.Grants()), int64(0)
			for k := int64(1); k <= curve.Grants(); k++ {
				_, to, ok := s.next()
				require.True(t, ok)
				require.Less(t, last, to)
				last = to
				if k%997 == 0 || k == curve.Grants() {
					require.GreaterOrEqual(t, floor(integral(c.points, time.Duration(to))), k)
					require.Less(t, floor(integral(c.points, time.Duration(to-1))), k)
				}
			}
		})
	}
}
