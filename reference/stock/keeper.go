package stock

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// Keeper holds an instance's stocks together with what looks after them. A runner calls its steps.
type Keeper struct {
	Stocks    wallet.Stocks
	Reader    *Reader
	Templates []wallet.Template

	// Of leased stock alone; nil otherwise.
	Lease  *Lease
	Book   wallet.StockBook
	Mirror wallet.StockMirror
}

// tidyAtOnce bounds the takes without an answer that one Tidy settles, a template.
const tidyAtOnce = 500

// Refresh reads how the stocks stand: every instance, every second or so.
func (k *Keeper) Refresh(ctx context.Context) error { return k.Reader.Refresh(ctx) }

// Tidy returns what this instance has leased and does not use: every instance, every few seconds.
func (k *Keeper) Tidy(ctx context.Context) error {
	if k.Lease == nil {
		return nil
	}
	return k.Lease.Tidy(ctx, tidyAtOnce)
}

// Publish shows what the book says is issued: one instance, every second or so.
func (k *Keeper) Publish(ctx context.Context) error {
	if k.Lease == nil {
		return nil
	}
	return Publish(ctx, k.Book, k.Mirror, k.Templates)
}

// Holders returns who has leased some of any stock, ascending.
func (k *Keeper) Holders(ctx context.Context) ([]string, error) {
	var all []string
	for _, t := range k.rewards() {
		b, err := k.Book.Of(t)
		if err != nil {
			return nil, err
		}
		holders, err := b.Holders(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, holders...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// Strand takes from a holder that has died what it has leased. Nobody is given it before an Audit.
func (k *Keeper) Strand(ctx context.Context, holder string) error {
	var failed error
	for _, t := range k.rewards() {
		b, err := k.Book.Of(t)
		if err == nil {
			err = wallet.Repeat(func() error { return b.Strand(ctx, holder) })
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// Retire gives back what a holder that grants no more has leased, and returns how many coupons that was.
func (k *Keeper) Retire(ctx context.Context, holder string) (int64, error) {
	return Retire(ctx, k.Book, k.rewards(), holder)
}

// Audit gives back what is stranded, and returns how many coupons that was: one instance, now and then.
func (k *Keeper) Audit(ctx context.Context) (int64, error) {
	if k.Lease == nil {
		return 0, nil
	}
	return Audit(ctx, k.Book, k.rewards())
}

// rewards returns the templates that are leased, each once, whatever their stage.
func (k *Keeper) rewards() []wallet.RewardID {
	if k.Lease == nil {
		return nil
	}
	var all []wallet.RewardID
	for _, t := range k.Templates {
		if !slices.Contains(all, t.Reward) {
			all = append(all, t.Reward)
		}
	}
	return all
}

// NewKeeper returns an instance's stocks of these templates under a strategy: counters for the two that count in keys, a
// book with its mirror for leases. ErrInvalid: the strategy is none, or its parameters cannot be.
func NewKeeper(s Strategy, templates []wallet.Template) (*Keeper, error) {
	k := &Keeper{Templates: slices.Clone(templates)}
	var err error
	switch s.Name {
	case wallet.StockSingleKey:
		k.Stocks = NewSingle(s.Counter)
	case wallet.StockSplitKey:
		k.Stocks, err = NewSplit(s.Keys, s.Parts)
	case wallet.StockLease:
		k.Book, k.Mirror = s.Book, s.Mirror
		k.Lease, err = NewLease(s.Book, s.Mirror, s.Holder, s.Block)
		k.Stocks = k.Lease
	default:
		return nil, fmt.Errorf("%w: stock: strategy %q", wallet.ErrInvalid, s.Name)
	}
	if err != nil {
		return nil, err
	}
	k.Reader = NewReader(k.Stocks, templates)
	return k, nil
}

// Strategy is how stocks are counted, and what that needs.
type Strategy struct {
	Name wallet.StockStrategy

	Counter wallet.StockCounter // of single-key
	Keys    wallet.StockParts   // of split-key
	Parts   int                 // of split-key: keys a template, the same in all instances

	Book   wallet.StockBook   // of lease
	Mirror wallet.StockMirror // of lease
	Holder string             // of lease: this life of this instance
	Block  int64              // of lease: coupons leased at once
}
