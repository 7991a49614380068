package scenarios

import (
	"fmt"
	"math/big"
	"math/bits"
	"time"
)

// Curve is a window's rate with one common denominator, so that sums over it are exact integers.
//
// Within a leg of length T ns, x ns after its start, the rate is (A + (B−A)·x/T) / Den grants a second, and
// (2·A·T·x + (B−A)·x²) / (2·Den·T·10⁹) grants have been made since the leg began.
type Curve struct {
	Den  int64
	Legs []Leg
}

// Leg is one straight piece of a curve.
type Leg struct {
	From, Length int64 // nanoseconds; From counts from the window's start
	A, B         int64 // rate at the start and at the end, in 1/Den grants a second
}

// maxLegBits bounds 2·rate·T² of a leg, the largest number in the exact schedule. It is stored in 128 bits; the sum of two
// such numbers needs one bit more.
const maxLegBits = 126

// maxDenBits bounds the common denominator, so that it times 2·10⁹, the unit of the exact schedule, fits 64 bits.
const maxDenBits = 32

// Curve returns the window's rate as exact integers. It fails if they do not fit. This happens with rates whose denominators
// have few common factors, with hours of a rate whose denominator is very large, or with a grant every nanosecond.
func (w Window) Curve() (Curve, error) {
	den := big.NewInt(1)
	for _, p := range w.Rate {
		d := big.NewInt(p.Rate.Den)
		den.Div(new(big.Int).Mul(den, d), new(big.Int).GCD(nil, nil, den, d))
		if den.BitLen() > maxDenBits {
			return Curve{}, fmt.Errorf("%w: rates of window %q have no common denominator", errScale, w.Name)
		}
	}
	c := Curve{Den: den.Int64()}
	for i := 1; i < len(w.Rate); i++ {
		p, q := w.Rate[i-1], w.Rate[i]
		a, err1 := (Ratio{p.Rate.Num, p.Rate.Den}).Times(Ratio{c.Den, 1})
		b, err2 := (Ratio{q.Rate.Num, q.Rate.Den}).Times(Ratio{c.Den, 1})
		l := Leg{int64(p.At), int64(q.At - p.At), a.Num, b.Num}
		high := max(l.A, l.B)
		if err1 != nil || err2 != nil || high >= int64(time.Second)*c.Den || 1+bits.Len64(uint64(high))+2*bits.Len64(uint64(l.Length)) > maxLegBits {
			return Curve{}, fmt.Errorf("%w: rate of window %q at %v", errScale, w.Name, p.At)
		}
		c.Legs = append(c.Legs, l)
	}
	return c, nil
}

// Grants returns the number of grants of the whole curve: its exact integral, rounded down.
func (c Curve) Grants() int64 {
	sum, part := new(big.Int), new(big.Int)
	for _, l := range c.Legs {
		part.Mul(big.NewInt(l.A+l.B), big.NewInt(l.Length))
		sum.Add(sum, part)
	}
	unit := new(big.Int).Mul(big.NewInt(c.Den), big.NewInt(2*int64(time.Second)))
	return sum.Quo(sum, unit).Int64()
}

// Grants returns the number of grants of the window. It is zero if the rate has no exact curve; the loader and Scale refuse
// such rates.
func (w Window) Grants() int64 {
	c, err := w.Curve()
	if err != nil {
		return 0
	}
	return c.Grants()
}

// End returns the first moment after the window.
func (w Window) End() time.Time {
	if len(w.Rate) == 0 {
		return w.Start
	}
	return w.Start.Add(w.Rate[len(w.Rate)-1].At)
}

// Invited returns the number of people that the window invites. They are the people with an index below this number.
func (s *Scenario) Invited(w Window) int64 { return w.People.Ceil(s.People.Count) }

// Grants returns the number of grants of all windows.
func (s *Scenario) Grants() int64 {
	n := int64(0)
	for _, w := range s.Windows {
		n += w.Grants()
	}
	return n
}

// End returns the first moment after the last window.
func (s *Scenario) End() time.Time {
	end := time.Time{}
	for _, w := range s.Windows {
		if w.End().After(end) {
			end = w.End()
		}
	}
	return end
}
