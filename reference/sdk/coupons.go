package sdk

import (
	"fmt"
	"math/bits"

	"hongbao/reference/wallet"
)

// Coupons returns the stock of coupons as this process last read it. An instance of the wallet service implements it.
type Coupons interface {
	// CouponStock returns how many coupons of a template are issued, and the total. ErrNotFound: its stock is not
	// controlled. ErrUnavailable: nothing was read yet.
	CouponStock(t wallet.Template) (issued, total int64, err error)
}

// Stock is the stock of a template, in coupons.
type Stock struct{ Issued, Total int64 }

// Left returns how many coupons are left. The value may be slightly out of date.
func (s Stock) Left() int64 { return max(0, s.Total-s.Issued) }

// Below reports whether less than num/den of the stock is left: the point where an upstream stops granting the coupon
// (C2). Requires den > 0 and num ≥ 0.
func (s Stock) Below(num, den int64) bool {
	leftHi, leftLo := bits.Mul64(uint64(s.Left()), uint64(den))
	hi, lo := bits.Mul64(uint64(s.Total), uint64(num))
	return leftHi < hi || leftHi == hi && leftLo < lo
}

// Stock returns the stock of a template (C2). It takes some tens of nanoseconds and does not block. ErrNotFound: its
// stock is not controlled. ErrUnavailable: the SDK has no Coupons port, or nothing was read yet.
func (s *SDK) Stock(t wallet.Template) (Stock, error) {
	if s.ports.Coupons == nil {
		return Stock{}, fmt.Errorf("sdk: no coupons port: %w", wallet.ErrUnavailable)
	}
	issued, total, err := s.ports.Coupons.CouponStock(t)
	return Stock{issued, total}, err
}
