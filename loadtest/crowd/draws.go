package crowd

import (
	"time"

	"hongbao/internal/splitmix"
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
	return draws{splitmix.At(seed^0x63_72_6f_77_64, uint64(v.Time)<<48|uint64(v.Window)<<32|uint64(v.Person))}
}

// of returns one draw.
func (d draws) of(what uint64) uint64 { return splitmix.At(d.stream, what) }

// hit says whether the draw falls into a share.
func (d draws) hit(what uint64, r scenarios.Ratio) bool {
	return r.Num > 0 && r.Den > 0 && splitmix.Below(d.of(what), uint64(r.Den)) < uint64(r.Num)
}

// within draws a duration evenly from a range.
func (d draws) within(what uint64, r scenarios.Range) time.Duration {
	return r.Min + time.Duration(splitmix.Below(d.of(what), uint64(r.Max-r.Min)+1))
}
