package sdk

import (
	"fmt"
	"math/bits"

	"hongbao/reference/wallet"
)

// Coupons tells how the stock of coupons stands, as this process last read it: an instance of the wallet service.
type Coupons interface {
	// CouponStock returns how many coupons of a template are issued, and of how many. ErrNotFound: its stock is not
	// controlled. ErrUnavailable: nothing was read yet.
	CouponStock(t wallet.Template) (issued, total int64, err error)
}

// Stock is how a template stands, in coupons.
type Stock struct{ Issued, Total int64 }

// Left returns how many there are still. It may be some moments old.
func (s Stock) Left() int64 { return max(0, s.Total-s.Issued) }

// Below says whether less than num/den of the stock is left: where an upstream stops asking for the coupon (C2). den is
// above zero and num is not below it.
func (s Stock) Below(num, den int64) bool {
	leftHi, leftLo := bits.Mul64(uint64(s.Left()), uint64(den))
	hi, lo := bits.Mul64(uint64(s.Total), uint64(num))
	return leftHi < hi || leftHi == hi && leftLo < lo
}

// Stock returns how a template stands (C2): what was consumed, of how many. It takes some tens of nanoseconds and waits for
// nothing. ErrNotFound: its stock is not controlled. ErrUnavailable: there are no coupons here, or nothing was read yet.
func (s *SDK) Stock(t wallet.Template) (Stock, error) {
	if s.ports.Coupons == nil {
		return Stock{}, fmt.Errorf("sdk: no coupons: %w", wallet.ErrUnavailable)
	}
	issued, total, err := s.ports.Coupons.CouponStock(t)
	return Stock{issued, total}, err
}
