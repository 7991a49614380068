package stock

import (
	"context"
	"errors"
	"fmt"
	"math/bits"

	"hongbao/reference/wallet"
)

// Coupon is the configuration of a template.
type Coupon struct {
	Reward wallet.RewardID
	Total  int64 // coupons in each stage

	// The threshold (C2): if less than ThresholdNum/ThresholdDen of the stock is left, the fallback or a greeting is granted
	// instead. 0/1: the coupon is granted until none is left.
	ThresholdNum, ThresholdDen int64
	Fallback                   wallet.RewardID // counted against its own stock; empty: a greeting
}

// BelowThreshold reports whether less than the threshold is left once issued coupons are issued.
func (c Coupon) BelowThreshold(issued int64) bool {
	left := max(0, c.Total-issued)
	leftHi, leftLo := bits.Mul64(uint64(left), uint64(c.ThresholdDen))
	hi, lo := bits.Mul64(uint64(c.Total), uint64(c.ThresholdNum))
	return leftHi < hi || leftHi == hi && leftLo < lo
}

// Outcome is the result of a request.
type Outcome uint8

// The outcomes. All are final.
const (
	Granted  Outcome = 1 + iota // the requested coupon
	Fallback                    // too few were left, and the fallback coupon was granted
	Greeting                    // too few were left, and there was no fallback coupon
	SoldOut                     // none was left of a coupon without a threshold
)

// Answer is what an order got.
type Answer struct {
	Outcome Outcome
	Order   wallet.OrderNo  // the number under which the coupon is counted
	Reward  wallet.RewardID // the granted coupon; empty for Greeting and SoldOut
}

// Level is the number of issued coupons of a template, and its stock.
type Level struct{ Issued, Total int64 }

// Policy grants coupons: it reads how many are left and takes one, or the fallback. The asset centre calls it for
// scenes with stock control (O2).
type Policy struct {
	stocks  wallet.Stocks
	reader  *Reader
	coupons map[wallet.RewardID]Coupon

	// SkipRead reports that coupons are taken without reading how many are left (D3); nil: never.
	SkipRead func() bool
}

// NewPolicy returns the policy for these coupons. ErrInvalid: a malformed or duplicate template, a stock outside
// 0..MaxStock, a threshold outside 0..1, or a fallback that is unknown or has a fallback itself.
func NewPolicy(s wallet.Stocks, r *Reader, coupons []Coupon) (*Policy, error) {
	d := &Policy{stocks: s, reader: r, coupons: make(map[wallet.RewardID]Coupon, len(coupons))}
	for _, c := range coupons {
		if err := (wallet.Template{Reward: c.Reward, Stage: wallet.Official}).Validate(); err != nil {
			return nil, err
		}
		if c.Total < 0 || c.Total > wallet.MaxStock {
			return nil, fmt.Errorf("%w: stock: %d coupons of %s", wallet.ErrInvalid, c.Total, c.Reward)
		}
		if c.ThresholdNum < 0 || c.ThresholdNum > c.ThresholdDen || c.ThresholdDen < 1 {
			return nil, fmt.Errorf("%w: stock: the threshold of %s is %d/%d", wallet.ErrInvalid, c.Reward, c.ThresholdNum, c.ThresholdDen)
		}
		if _, twice := d.coupons[c.Reward]; twice {
			return nil, fmt.Errorf("%w: stock: template %s occurs twice", wallet.ErrInvalid, c.Reward)
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

// Grant grants the order a coupon of the template, or its fallback. Idempotent if the underlying Stocks remember orders
// (all but SingleKey): a repeat returns the first result. ErrNotFound: no such template. ErrInvalid: a malformed order,
// or an order of cash. ErrUnknown: it may be granted; repeat the call.
func (d *Policy) Grant(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (Answer, error) {
	c, err := d.coupon(no, t)
	if err != nil {
		return Answer{}, err
	}
	if c.ThresholdNum == 0 {
		return d.take(ctx, no, c, Granted, SoldOut)
	}
	if d.below(ctx, c, no.Stage) {
		has, err := d.stocks.Decline(ctx, no, c.Reward) // record the refusal before the fallback is granted
		if err != nil {
			return Answer{}, err
		}
		if has {
			return Answer{Granted, no, c.Reward}, nil
		}
		return d.grantFallback(ctx, no, c)
	}
	a, err := d.take(ctx, no, c, Granted, SoldOut)
	if err == nil && a.Outcome == SoldOut {
		return d.grantFallback(ctx, no, c) // the count was out of date, or the order was declined before
	}
	return a, err
}

// Refuse records that the order gets nothing more. It returns what the order has already, or a greeting. Idempotent; a
// later Grant returns the same. Errors as for Grant.
func (d *Policy) Refuse(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (Answer, error) {
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
		second := fallbackNumber(no)
		if has, err = d.stocks.Decline(ctx, second, f.Reward); err != nil {
			return Answer{}, err
		}
		if has {
			return Answer{Fallback, second, f.Reward}, nil
		}
	}
	return Answer{Outcome: Greeting, Order: no}, nil
}

// coupon returns the configuration of the template that an order requests.
func (d *Policy) coupon(no wallet.OrderNo, t wallet.RewardID) (Coupon, error) {
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

// below reports whether less than the threshold is left by the last reading. If the count cannot be read, it returns
// false: the reading is a weak dependency, and Take still counts.
func (d *Policy) below(ctx context.Context, c Coupon, s wallet.Stage) bool {
	if d.SkipRead != nil && d.SkipRead() {
		return false
	}
	issued, known := d.reader.First(ctx, wallet.Template{Reward: c.Reward, Stage: s})
	return known && c.BelowThreshold(issued)
}

// grantFallback grants the coupon's fallback, or a greeting.
func (d *Policy) grantFallback(ctx context.Context, no wallet.OrderNo, c Coupon) (Answer, error) {
	f, ok := d.coupons[c.Fallback]
	if !ok {
		return Answer{Outcome: Greeting, Order: no}, nil
	}
	return d.take(ctx, fallbackNumber(no), f, Fallback, Greeting)
}

// fallbackNumber returns the number under which an order's fallback coupon is counted: the order's number with award
// type cash. Stocks do not count cash, so no other order uses that number: not the person's own win of the fallback,
// nor a fallback from another scene.
func fallbackNumber(no wallet.OrderNo) wallet.OrderNo {
	no.Award = wallet.Cash
	return no
}

func (d *Policy) take(ctx context.Context, no wallet.OrderNo, c Coupon, taken, none Outcome) (Answer, error) {
	switch err := d.stocks.Take(ctx, no, c.Reward, c.Total); {
	case errors.Is(err, wallet.ErrSoldOut):
		return Answer{Outcome: none, Order: no}, nil
	case err != nil:
		return Answer{}, err
	}
	return Answer{taken, no, c.Reward}, nil
}

// GiveBack returns the coupon of an answer to the stock. Call it only after the order is finished. Idempotency is that
// of the Stocks. ErrUnknown: repeat the call.
func (d *Policy) GiveBack(ctx context.Context, a Answer) error {
	return d.stocks.GiveBack(ctx, a.Order, a.Reward)
}

// Stock returns a template's level by the last reading. ErrNotFound: no such template. ErrUnavailable: nothing was read
// yet.
func (d *Policy) Stock(t wallet.Template) (Level, error) {
	c, ok := d.coupons[t.Reward]
	if !ok {
		return Level{}, fmt.Errorf("%w: stock: template %q", wallet.ErrNotFound, t.Reward)
	}
	issued, known := d.reader.Issued(t)
	if !known {
		return Level{}, fmt.Errorf("%w: stock: %s was not read yet", wallet.ErrUnavailable, t.Reward)
	}
	return Level{issued, c.Total}, nil
}
