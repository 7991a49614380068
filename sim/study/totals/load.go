package totals

import (
	"math/bits"
	"time"

	"hongbao/internal/splitmix"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// load is the sequence of grants: a function of scenario and seed only, so that every design has the same load.
type load struct {
	rate    scenarios.Ratio // grants a second
	bands   []scenarios.AmountBand
	weights uint64
	seed    uint64
}

// grant is one grant: its writer, its key in plan one, and its amount.
type grant struct {
	writer, key int
	fen         wallet.Money
}

func newLoad(r *scenarios.RunningTotal, seed uint64) load {
	l := load{rate: r.Writes, bands: r.Amount, seed: mix(seed ^ 0x746f74616c73)}
	for _, b := range l.bands {
		l.weights += uint64(b.Weight)
	}
	return l
}

// made returns the number of grants of a round in its first d.
func (l load) made(d time.Duration) int64 {
	hi, lo := bits.Mul64(uint64(l.rate.Num), uint64(d))
	q, _ := bits.Div64(hi, lo, uint64(l.rate.Den)*uint64(time.Second))
	return int64(q)
}

// at returns the grant with number i. Writers and keys are drawn uniformly, so some writers have more grants than others.
func (l load) at(i int64, writers int) grant {
	a := mix(l.seed + uint64(i)*2)
	b := mix(l.seed + uint64(i)*2 + 1)
	g := grant{writer: int(below(a>>32, uint64(writers))), key: int(below(a&0xffffffff, keysOfPlanOne))}
	w := below(b>>32, l.weights)
	for _, band := range l.bands {
		if w < uint64(band.Weight) {
			g.fen = band.Min + wallet.Money(below(b&0xffffffff, uint64(band.Max-band.Min)+1))
			break
		}
		w -= uint64(band.Weight)
	}
	return g
}

// below maps 32 random bits to a number below n. n must be far below 2^32.
func below(bits32, n uint64) uint64 { return bits32 * n >> 32 }

// mix returns the number that SplitMix64 draws in state x.
func mix(x uint64) uint64 { return splitmix.Mix(x + splitmix.Golden) }
