package coupons

import (
	"math/big"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// step is the resolution of the demand: requests within a step are evenly spaced.
const step = time.Millisecond

// demand schedules the requests for one template. Each request is made by another person.
func (f *festival) demand(t scenarios.CouponTemplate) error {
	curve, err := t.Curve()
	if err != nil {
		return err
	}
	c := f.tally.templates[t.Reward]
	done := int64(0)
	for i, leg := range curve.Legs {
		begun, steps := f.start+leg.From, leg.Length/int64(step)
		before := done
		for n := int64(1); n <= max(steps, 1); n++ {
			to := leg.Length * n / max(steps, 1)
			sum := before + made(leg, curve.Den, to)
			if i == len(curve.Legs)-1 && to == leg.Length {
				sum = curve.Grants() // includes the fractions of requests from the earlier legs
			}
			if many := sum - done; many > 0 {
				f.schedule(t, begun+leg.Length*(n-1)/max(steps, 1), int64(step), many)
			}
			done = max(done, sum)
		}
		c.end = begun + leg.Length
	}
	c.demanded = done
	return nil
}

// schedule schedules many requests within a span. One event starts their processes, so that the calendar contains one step and
// not the whole demand.
func (f *festival) schedule(t scenarios.CouponTemplate, from, span, many int64) {
	first := f.people
	f.people += wallet.ActID(many)
	f.world.At(from, func() {
		for i := range many {
			id := first + wallet.ActID(i) + 1
			f.world.Go(from+span*i/many, func() { f.person(t, id) })
		}
	})
}

// made returns the number of requests of a leg in its first x ns:
//
//	(2·A·T·x + (B−A)·x²) / (2·Den·T·10⁹), with T the leg's length in ns, and A and B its rates in 1/Den a second.
func made(l scenarios.Leg, den, x int64) int64 {
	b := big.NewInt
	sum := new(big.Int).Mul(b(2*l.A), b(l.Length))
	sum.Mul(sum, b(x))
	sum.Add(sum, new(big.Int).Mul(b(l.B-l.A), new(big.Int).Mul(b(x), b(x))))
	return sum.Quo(sum, new(big.Int).Mul(b(2*den), new(big.Int).Mul(b(l.Length), b(int64(time.Second))))).Int64()
}
