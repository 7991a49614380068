package crowd

import (
	"math/bits"
	"time"

	"hongbao/scenarios"
)

// The draws about one win, each a stream of its own, so that a new one shifts no other.
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

// draws are the draws about one win: a pure function of seed, window, person and which of the person's chances it was.
type draws struct{ stream uint64 }

// drawsOf returns the draws about the win that a visit comes from.
func drawsOf(seed uint64, v Visit) draws {
	return draws{hash(seed^0x63_72_6f_77_64, uint64(v.Time)<<48|uint64(v.Window)<<32|uint64(v.Person))}
}

// of returns one draw.
func (d draws) of(what uint64) uint64 { return hash(d.stream, what) }

// hit says whether the draw falls into a share.
func (d draws) hit(what uint64, r scenarios.Ratio) bool {
	return r.Num > 0 && r.Den > 0 && below(d.of(what), uint64(r.Den)) < uint64(r.Num)
}

// within draws a duration evenly from a range.
func (d draws) within(what uint64, r scenarios.Range) time.Duration {
	return r.Min + time.Duration(below(d.of(what), uint64(r.Max-r.Min)+1))
}

// hash draws a number from a stream and a place in it (SplitMix64: Steele, Lea, Flood 2014).
func hash(stream, n uint64) uint64 {
	const golden = 0x9e3779b97f4a7c15 // 2⁶⁴ over the golden ratio
	return mix(mix(stream+golden) + n*golden)
}

// mix is the finaliser of SplitMix64: a bijection under which neighbours look unrelated.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// below maps a draw evenly onto 0..n-1.
func below(draw, n uint64) uint64 {
	hi, _ := bits.Mul64(draw, n)
	return hi
}
