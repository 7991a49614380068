package stock

import (
	"context"
	"errors"
	"fmt"
	"math/bits"

	"hongbao/reference/wallet"
)

// Coupon is a template as an upstream grants it.
type Coupon struct {
	Reward wallet.RewardID
	Total  int64 // the stock of each stage that the desk is for

	// Floor is the threshold (C2): when less than FloorNum in FloorDen of the stock is left, the fallback is granted in its
	// place, or a greeting. 0 in 1: down to the last.
	FloorNum, FloorDen int64
	Fallback           wallet.RewardID // empty: a greeting; it counts against its own stock
}

// Below reports whether so many issued leave less than the threshold.
func (c Coupon) Below(issued int64) bool {
	left := max(0, c.Total-issued)
	leftHi, leftLo := bits.Mul64(uint64(left), uint64(c.FloorDen))
	hi, lo := bits.Mul64(uint64(c.Total), uint64(c.FloorNum))
	return leftHi < hi || leftHi == hi && leftLo < lo
}

// Outcome is what became of a request.
type Outcome uint8

// The outcomes. All are final.
const (
	Granted  Outcome = 1 + iota // the coupon that was asked for
	Fallback                    // too few were left, and the fallback coupon was granted
	Greeting                    // too few were left, and there was no fallback coupon
	SoldOut                     // none was left of a coupon that is granted down to the last
)

// Answer says what an order got.
type Answer struct {
	Outcome Outcome
	Order   wallet.OrderNo  // that the coupon is counted under
	Reward  wallet.RewardID // the coupon; empty for a greeting and where it is sold out
}

// Stand is how a template's stock stands.
type Stand struct{ Issued, Total int64 }

// Desk grants coupons: it looks at what is left and takes one, or what is given in its place. It is what an asset centre
// calls where a scene has stock control (O2).
type Desk struct {
	stocks  wallet.Stocks
	reader  *Reader
	coupons map[wallet.RewardID]Coupon

	// Blind says that coupons are taken without looking at what is left (D3); nil: they never are.
	Blind func() bool
}

// NewDesk returns a desk for these coupons. ErrInvalid: a malformed or doubled template, a stock outside 0..MaxStock, a
// threshold that is no share, a fallback that is unknown or has a fallback itself.
func NewDesk(s wallet.Stocks, r *Reader, coupons []Coupon) (*Desk, error) {
	d := &Desk{stocks: s, reader: r, coupons: make(map[wallet.RewardID]Coupon, len(coupons))}
	for _, c := range coupons {
		if err := (wallet.Template{Reward: c.Reward, Stage: wallet.Official}).Validate(); err != nil {
			return nil, err
		}
		if c.Total < 0 || c.Total > wallet.MaxStock {
			return nil, fmt.Errorf("%w: stock: %d coupons of %s", wallet.ErrInvalid, c.Total, c.Reward)
		}
		if c.FloorNum < 0 || c.FloorNum > c.FloorDen || c.FloorDen < 1 {
			return nil, fmt.Errorf("%w: stock: the threshold of %s is %d/%d of it", wallet.ErrInvalid, c.Reward, c.FloorNum, c.FloorDen)
		}
		if _, twice := d.coupons[c.Reward]; twice {
			return nil, fmt.Errorf("%w: stock: template %s is there twice", wallet.ErrInvalid, c.Reward)
		}
		d.coupons[c.Reward] = c
	}
	for _, c := range coupons {
		if f, ok := d.coupons[c.Fallback]; c.Fallback != "" && (!ok || f.Fallback != "") {
			return nil, fmt.Errorf("%w: stock: %s cannot be the fallback of %s", wallet.ErrInvalid, c.Fallback, c.Reward)
		}
	}
	return d, nil
}

// Reserve grants the order a coupon of the template, or what there is in its place. A repeat answers as the first time,
// as far as the stocks behind it remember orders. ErrNotFound: no such template. ErrInvalid: a malformed order, or one of
// cash. ErrUnknown: it may be granted; repeat the call.
func (d *Desk) Reserve(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (Answer, error) {
	c, err := d.coupon(no, t)
	if err != nil {
		return Answer{}, err
	}
	if c.FloorNum == 0 {
		return d.take(ctx, no, c, Granted, SoldOut)
	}
	if d.below(ctx, c, no.Stage) {
		has, err := d.stocks.Decline(ctx, no, c.Reward) // settled before it gets another
		if err != nil {
			return Answer{}, err
		}
		if has {
			return Answer{Granted, no, c.Reward}, nil
		}
		return d.instead(ctx, no, c)
	}
	a, err := d.take(ctx, no, c, Granted, SoldOut)
	if err == nil && a.Outcome == SoldOut {
		return d.instead(ctx, no, c) // the reading was late, or the order was declined before
	}
	return a, err
}

// Refuse settles that the order gets nothing that it has not got already, and returns that, or a greeting. A repeat, and
// a Reserve from now on, answers alike. Errors as Reserve.
func (d *Desk) Refuse(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (Answer, error) {
	c, err := d.coupon(no, t)
	if err != nil {
		return Answer{}, err
	}
	has, err := d.stocks.Decline(ctx, no, c.Reward)
	if err != nil {
		return Answer{}, err
	}
	if has {
		return Answer{Granted, no, c.Reward}, nil
	}
	if f, ok := d.coupons[c.Fallback]; ok {
		second := insteadOf(no)
		if has, err = d.stocks.Decline(ctx, second, f.Reward); err != nil {
			return Answer{}, err
		}
		if has {
			return Answer{Fallback, second, f.Reward}, nil
		}
	}
	return Answer{Outcome: Greeting, Order: no}, nil
}

// coupon returns the template that an order asks for.
func (d *Desk) coupon(no wallet.OrderNo, t wallet.RewardID) (Coupon, error) {
	c, ok := d.coupons[t]
	if !ok {
		return c, fmt.Errorf("%w: stock: template %q", wallet.ErrNotFound, t)
	}
	if err := no.Validate(); err != nil {
		return c, err
	}
	if no.Award == wallet.Cash {
		return c, fmt.Errorf("%w: stock: order %s is of cash", wallet.ErrInvalid, no)
	}
	return c, nil
}

// below reports whether less than the threshold is left, as it was last read. A count that cannot be read stops nobody: it
// is a weak dependency, and Take still counts.
func (d *Desk) below(ctx context.Context, c Coupon, s wallet.Stage) bool {
	if d.Blind != nil && d.Blind() {
		return false
	}
	issued, known := d.reader.First(ctx, wallet.Template{Reward: c.Reward, Stage: s})
	return known && c.Below(issued)
}

// instead grants what there is in place of the coupon.
func (d *Desk) instead(ctx context.Context, no wallet.OrderNo, c Coupon) (Answer, error) {
	f, ok := d.coupons[c.Fallback]
	if !ok {
		return Answer{Outcome: Greeting, Order: no}, nil
	}
	return d.take(ctx, insteadOf(no), f, Fallback, Greeting)
}

// insteadOf returns the number that a coupon is counted under which an order got in place of the one it asked for: the
// order's own, as if it were of cash. Stocks count no cash, so no other order is counted under it: not the person's own
// win of the fallback, nor another scene's fallback.
func insteadOf(no wallet.OrderNo) wallet.OrderNo {
	no.Award = wallet.Cash
	return no
}

func (d *Desk) take(ctx context.Context, no wallet.OrderNo, c Coupon, yes, none Outcome) (Answer, error) {
	switch err := d.stocks.Take(ctx, no, c.Reward, c.Total); {
	case errors.Is(err, wallet.ErrSoldOut):
		return Answer{Outcome: none, Order: no}, nil
	case err != nil:
		return Answer{}, err
	}
	return Answer{yes, no, c.Reward}, nil
}

// GiveBack returns the coupon that an answer named. The order must be finished before. ErrUnknown: repeat the call.
func (d *Desk) GiveBack(ctx context.Context, a Answer) error {
	return d.stocks.GiveBack(ctx, a.Order, a.Reward)
}

// Stock returns how a template stands, as it was last read. ErrNotFound: no such template. ErrUnavailable: nothing was
// read yet.
func (d *Desk) Stock(t wallet.Template) (Stand, error) {
	c, ok := d.coupons[t.Reward]
	if !ok {
		return Stand{}, fmt.Errorf("%w: stock: template %q", wallet.ErrNotFound, t.Reward)
	}
	issued, known := d.reader.Issued(t)
	if !known {
		return Stand{}, fmt.Errorf("%w: stock: %s was not read yet", wallet.ErrUnavailable, t.Reward)
	}
	return Stand{issued, c.Total}, nil
}
