package crowd

import (
	"math/bits"
	"time"

	"hongbao/scenarios"
)

// The draws for one win, each a separate stream, so that a new one shifts no other.
const (
	drawLook uint64 = 1 + iota
	drawLookDelay
	drawOtherApp
	drawWhichApp
	drawBrowse
	drawWithdraw
	drawWithdrawDelay
	drawComeBack
	drawComeBackDelay
	drawBindDelay
	drawHedge
	drawRepeat
	drawRepeatDelay
	drawBackoff
)

// draws are the draws for one win: a pure function of seed, window, person and the number of the person's chance.
type draws struct{ stream uint64 }

// drawsOf returns the draws for the win of a visit.
func drawsOf(seed uint64, v Visit) draws {
	return draws{hash(seed^0x63_72_6f_77_64, uint64(v.Time)<<48|uint64(v.Window)<<32|uint64(v.Person))}
}

// of returns one draw.
func (d draws) of(what uint64) uint64 { return hash(d.stream, what) }

// hit reports whether the draw falls into a share.
func (d draws) hit(what uint64, r scenarios.Ratio) bool {
	return r.Num > 0 && r.Den > 0 && below(d.of(what), uint64(r.Den)) < uint64(r.Num)
}

// within draws a duration uniformly from a range.
func (d draws) within(what uint64, r scenarios.Range) time.Duration {
	return r.Min + time.Duration(below(d.of(what), uint64(r.Max-r.Min)+1))
}

// hash draws a number from a stream and a position in it (SplitMix64: Steele, Lea, Flood 2014).
func hash(stream, n uint64) uint64 {
	const golden = 0x9e3779b97f4a7c15 // 2⁶⁴ over the golden ratio
	return mix(mix(stream+golden) + n*golden)
}

// mix is the finaliser of SplitMix64: a bijection whose outputs for adjacent inputs look unrelated.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// below maps a draw uniformly to 0..n-1.
func below(draw, n uint64) uint64 {
	hi, _ := bits.Mul64(draw, n)
	return hi
}
