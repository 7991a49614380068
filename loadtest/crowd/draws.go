package crowd

import (
	"time"

	"hongbao/internal/splitmix"
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
	return draws{splitmix.At(seed^0x63_72_6f_77_64, uint64(v.Time)<<48|uint64(v.Window)<<32|uint64(v.Person))}
}

// of returns one draw.
func (d draws) of(what uint64) uint64 { return splitmix.At(d.stream, what) }

// hit reports whether the draw falls into a share.
func (d draws) hit(what uint64, r scenarios.Ratio) bool {
	return r.Num > 0 && r.Den > 0 && splitmix.Below(d.of(what), uint64(r.Den)) < uint64(r.Num)
}

// within draws a duration uniformly from a range.
func (d draws) within(what uint64, r scenarios.Range) time.Duration {
	return r.Min + time.Duration(splitmix.Below(d.of(what), uint64(r.Max-r.Min)+1))
}
