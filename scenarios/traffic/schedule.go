package traffic

import (
	"math"
	"math/bits"
	"time"

	"hongbao/scenarios"
)

// schedule computes the times at which the exact integral of a curve reaches 1, 2, 3, …
//
// Within a leg (see scenarios.Curve) grants are counted in units of 1/(E·T), with E = 2·Den·10⁹: after x ns the leg
// has produced F(x) = x·(2·A·T + (B−A)·x) units, and it started with carry/E of a grant from the previous legs.
// The j-th grant of the leg is at the first x with F(x) + carry·T ≥ j·E·T. Everything is exact in 128 bits.
type schedule struct {
	legs    []scenarios.Leg
	leg     int
	unit    uint64 // E
	carry   uint64 // below E
	reached u128   // j·E·T − carry·T: the value of F at the next grant of this leg
	step    u128   // E·T
	whole   u128   // F(T)
	at      int64  // offset in the leg of the last grant, ns
	done    int64
	total   int64
}

func newSchedule(c scenarios.Curve, total int64) schedule {
	s := schedule{legs: c.Legs, leg: -1, unit: 2 * uint64(time.Second) * uint64(c.Den), total: total}
	s.enter()
	return s
}

// next returns the interval (from, to], in nanoseconds from the window's start, in which the integral rises to the next
// integer. The interval is cut to the leg in which it ends, where the rate is not zero throughout.
func (s *schedule) next() (from, to int64, ok bool) {
	if s.done == s.total {
		return 0, 0, false
	}
	for s.whole.less(s.reached) {
		s.enter()
	}
	l := &s.legs[s.leg]
	x := s.solve(l)
	from, to = l.From+s.at, l.From+x
	s.at, s.reached = x, s.reached.plus(s.step)
	s.done++
	return from, to, true
}

// enter starts the next leg and carries over the fraction of a grant left by the current one.
func (s *schedule) enter() {
	if s.leg >= 0 {
		l := &s.legs[s.leg]
		hi, lo := bits.Mul64(uint64(l.A)+uint64(l.B), uint64(l.Length))
		lo, c := bits.Add64(lo, s.carry, 0)
		_, s.carry = bits.Div64((hi+c)%s.unit, lo, s.unit)
	}
	s.leg++
	if s.leg == len(s.legs) {
		panic("traffic: more grants than the curve makes")
	}
	l := &s.legs[s.leg]
	t := uint64(l.Length)
	s.at = 0
	s.step = mul(s.unit, t)
	s.reached = mul(s.unit-s.carry, t)
	s.whole = grown(l, l.Length)
}

// solve returns the first x, after the last grant's, at which F has reached the next grant. A floating-point guess is corrected
// with integers, so that every machine finds the same x.
func (s *schedule) solve(l *scenarios.Leg) int64 {
	low, high := s.at, l.Length // F(low) < reached ≤ F(high)
	x := min(max(guess(l, s.reached), low+1), high)
	for width := int64(1); ; width *= 8 {
		if grown(l, x).less(s.reached) {
			low = x
			x = min(x+width, high)
		} else {
			high = x
			x = max(x-width, low)
		}
		if x == low || x == high {
			break
		}
	}
	for high-low > 1 {
		mid := low + (high-low)/2
		if grown(l, mid).less(s.reached) {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// guess solves (B−A)·x² + 2·A·T·x = reached for x approximately.
func guess(l *scenarios.Leg, reached u128) int64 {
	t, a, slope, c := float64(l.Length), float64(l.A), float64(l.B-l.A), reached.float()
	half := a * t
	// This form of the quadratic formula has no cancellation for either sign of the slope.
	root := math.Sqrt(max(half*half+slope*c, 0))
	return int64(math.Ceil(c / (half + root)))
}

// grown returns F(x) = x·(2·A·T + (B−A)·x). The bracket is never negative: it is T·A plus T times the rate at x.
func grown(l *scenarios.Leg, x int64) u128 {
	sum := mul(2*uint64(l.A), uint64(l.Length))
	if l.B >= l.A {
		sum = sum.plus(mul(uint64(l.B-l.A), uint64(x)))
	} else {
		sum = sum.minus(mul(uint64(l.A-l.B), uint64(x)))
	}
	return sum.times(uint64(x))
}

// u128 is an unsigned integer of 128 bits. Curves are bounded, so nothing here overflows.
type u128 struct{ hi, lo uint64 }

func mul(a, b uint64) u128 {
	hi, lo := bits.Mul64(a, b)
	return u128{hi, lo}
}

func (u u128) plus(v u128) u128 {
	lo, c := bits.Add64(u.lo, v.lo, 0)
	hi, _ := bits.Add64(u.hi, v.hi, c)
	return u128{hi, lo}
}

func (u u128) minus(v u128) u128 {
	lo, b := bits.Sub64(u.lo, v.lo, 0)
	hi, _ := bits.Sub64(u.hi, v.hi, b)
	return u128{hi, lo}
}

func (u u128) times(b uint64) u128 {
	hi, lo := bits.Mul64(u.lo, b)
	return u128{hi + u.hi*b, lo}
}

func (u u128) less(v u128) bool { return u.hi < v.hi || u.hi == v.hi && u.lo < v.lo }

func (u u128) float() float64 { return float64(u.hi)*(1<<64) + float64(u.lo) }
