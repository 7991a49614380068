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
	Scene  wallet.SceneID // the one scene that it is granted in (O1)
	Award  wallet.AwardType
	Total  int64 // the stock of each stage

	// Floor is the threshold (C2): when less than FloorNum in FloorDen of the stock is left, the fallback is granted in its
	// place, or a greeting. 0 in 1: down to the last.
	FloorNum, FloorDen int64
	Fallback           wallet.RewardID // empty: a greeting
}

// Below says whether so many issued leave less than the threshold.
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
}

// NewDesk returns a desk for these coupons. ErrInvalid: a malformed or doubled template, a stock outside 0..MaxStock, a
// threshold that is no share, a fallback that is unknown or has a fallback itself.
func NewDesk(s wallet.Stocks, r *Reader, coupons []Coupon) (*Desk, error) {
	d := &Desk{stocks: s, reader: r, coupons: make(map[wallet.RewardID]Coupon, len(coupons))}
	for _, c := range coupons {
		no := wallet.OrderNo{ActID: 1, Scene: c.Scene, Award: c.Award, Stage: wallet.Official}
		if err := checkTake(no, c.Reward, c.Total); err != nil {
			return nil, err
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
// as far as the stocks behind it remember orders. ErrNotFound: no such template. ErrInvalid: the order is not of the
// template's scene and type. ErrUnknown: it may be granted; repeat the call.
func (d *Desk) Reserve(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (Answer, error) {
	c, ok := d.coupons[t]
	switch {
	case !ok:
		return Answer{}, fmt.Errorf("%w: stock: template %q", wallet.ErrNotFound, t)
	case no.Scene != c.Scene || no.Award != c.Award:
		return Answer{}, fmt.Errorf("%w: stock: order %s is not of template %s", wallet.ErrInvalid, no, t)
	}
	if c.FloorNum == 0 {
		return d.take(ctx, no, c, Granted, SoldOut)
	}
	// A count that cannot be read stops nobody: it is a weak dependency, and Take still counts.
	if issued, known := d.reader.First(ctx, wallet.Template{Reward: t, Stage: no.Stage}); known && c.Below(issued) {
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

// instead grants what there is in place of the coupon.
func (d *Desk) instead(ctx context.Context, no wallet.OrderNo, c Coupon) (Answer, error) {
	f, ok := d.coupons[c.Fallback]
	if !ok {
		return Answer{Outcome: Greeting, Order: no}, nil
	}
	no.Scene, no.Award = f.Scene, f.Award
	return d.take(ctx, no, f, Fallback, Greeting)
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
