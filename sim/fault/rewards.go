package fault

import (
	"context"

	"hongbao/reference/wallet"
)

// The decorators of what stands behind rewards other than cash.
type (
	// Items is wallet.Items behind a Link. Writes cost one unit an item.
	Items struct {
		Link
		Inner wallet.Items
	}
	// StockParts is wallet.StockParts behind a Link.
	StockParts struct {
		Link
		Inner wallet.StockParts
	}
)

var (
	_ wallet.Items      = Items{}
	_ wallet.StockParts = StockParts{}
)

// Create implements wallet.Items.
func (d Items) Create(ctx context.Context, i wallet.Item) (r wallet.Item, created bool, err error) {
	err = d.do(1, func() (err error) { r, created, err = d.Inner.Create(ctx, i); return err })
	return r, created, err
}

// Get implements wallet.Items.
func (d Items) Get(ctx context.Context, nos []wallet.OrderNo) (is []wallet.Item, err error) {
	err = d.do(0, func() (err error) { is, err = d.Inner.Get(ctx, nos); return err })
	return is, err
}

// Advance implements wallet.Items.
func (d Items) Advance(ctx context.Context, items []wallet.Item) (is []wallet.Item, err error) {
	err = d.do(int64(len(items)), func() (err error) { is, err = d.Inner.Advance(ctx, items); return err })
	return is, err
}

// Of implements wallet.Items.
func (d Items) Of(ctx context.Context, wallets []wallet.ActID, s wallet.Stage, after wallet.Cursor, limit int) (is []wallet.Item, err error) {
	err = d.do(0, func() (err error) { is, err = d.Inner.Of(ctx, wallets, s, after, limit); return err })
	return is, err
}

// Unsettled implements wallet.Items.
func (d Items) Unsettled(ctx context.Context, s wallet.ItemState, before wallet.Instant, from wallet.OpenPlace, limit int) (is []wallet.Item, next wallet.OpenPlace, err error) {
	err = d.do(0, func() (err error) { is, next, err = d.Inner.Unsettled(ctx, s, before, from, limit); return err })
	return is, next, err
}

// Count implements wallet.Items.
func (d Items) Count(ctx context.Context, s wallet.Stage) (n map[wallet.ItemState]int64, err error) {
	err = d.do(0, func() (err error) { n, err = d.Inner.Count(ctx, s); return err })
	return n, err
}

// Take implements wallet.StockParts.
func (d StockParts) Take(ctx context.Context, k wallet.StockKey, no wallet.OrderNo, limit int64, last bool) (a wallet.StockAnswer, err error) {
	err = d.do(1, func() (err error) { a, err = d.Inner.Take(ctx, k, no, limit, last); return err })
	return a, err
}

// GiveBack implements wallet.StockParts.
func (d StockParts) GiveBack(ctx context.Context, k wallet.StockKey, no wallet.OrderNo) error {
	return d.do(1, func() error { return d.Inner.GiveBack(ctx, k, no) })
}

// Lend implements wallet.StockParts.
func (d StockParts) Lend(ctx context.Context, from wallet.StockKey, to int, limit, want int64) (n int64, err error) {
	err = d.do(1, func() (err error) { n, err = d.Inner.Lend(ctx, from, to, limit, want); return err })
	return n, err
}

// Borrow implements wallet.StockParts.
func (d StockParts) Borrow(ctx context.Context, to wallet.StockKey, from int, lent int64) (n int64, err error) {
	err = d.do(1, func() (err error) { n, err = d.Inner.Borrow(ctx, to, from, lent); return err })
	return n, err
}

// Issued implements wallet.StockParts.
func (d StockParts) Issued(ctx context.Context, k wallet.StockKey) (n int64, err error) {
	err = d.do(0, func() (err error) { n, err = d.Inner.Issued(ctx, k); return err })
	return n, err
}
