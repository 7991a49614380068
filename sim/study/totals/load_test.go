package totals

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// TestLoadIsExact: at any moment the number of grants is exactly the integral of the rate, rounded down.
func TestLoadIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := scenarios.Ratio{Num: rapid.Int64Range(1, 1_000_000).Draw(t, "num"), Den: rapid.Int64Range(1, 1000).Draw(t, "den")}
		l := newLoad(&scenarios.RunningTotal{Writes: rate}, 1)
		ms := rapid.Int64Range(0, 600_000).Draw(t, "ms")
		require.Equal(t, rate.Num*ms/(rate.Den*1000), l.made(time.Duration(ms)*time.Millisecond))
	})
}

// TestLoadIsSpread: writers, keys and bands get their shares, amounts are within their bands, and a grant is the same at each
// call.
func TestLoadIsSpread(t *testing.T) {
	const n, writers = 200_000, 40
	r := &scenarios.RunningTotal{Writes: scenarios.Ratio{Num: 1, Den: 1},
		Amount: []scenarios.AmountBand{{Min: 8, Max: 88, Weight: 80}, {Min: 100, Max: 100, Weight: 19}, {Min: 200, Max: 8800, Weight: 1}}}
	l := newLoad(r, 7)
	var byWriter [writers]int
	var byKey [keysOfPlanOne]int
	byBand := map[int]int{}
	for i := range int64(n) {
		g := l.at(i, writers)
		require.Equal(t, g, l.at(i, writers))
		byWriter[g.writer]++
		byKey[g.key]++
		for b, band := range r.Amount {
			if g.fen >= band.Min && g.fen <= band.Max {
				byBand[b]++
			}
		}
	}
	// A tolerance of a tenth is more than six standard deviations of the smallest count, a writer's share of 5,000.
	for _, c := range byWriter {
		require.InEpsilon(t, n/writers, c, 0.1)
	}
	for _, c := range byKey {
		require.InEpsilon(t, n/keysOfPlanOne, c, 0.15)
	}
	require.Equal(t, n, byBand[0]+byBand[1]+byBand[2])
	require.InEpsilon(t, n*0.80, byBand[0], 0.02)
	require.InEpsilon(t, n*0.19, byBand[1], 0.05)
	require.InEpsilon(t, n*0.01, byBand[2], 0.15)
	require.NotEqual(t, l.at(1, writers), newLoad(r, 8).at(1, writers))
	require.NotEqual(t, wallet.Money(0), l.at(0, 1).fen)
}
