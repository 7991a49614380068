package sqlstore

import (
	"context"

	"hongbao/reference/wallet"
)

// placeOf returns the place of an order, above 0, or nil if its state is final.
func placeOf(o wallet.Order) any {
	if o.State != wallet.OrderOpen {
		return nil
	}
	return placeAt(o.Created, o.No)
}

// Open implements wallet.OpenOrders. Oldest means created first; the clocks of instances may disagree. If more than
// limit orders share a place (that many numbers created in one microsecond), the rest waits until the first ones are
// settled.
func (o *Orders) Open(ctx context.Context, before wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Order, wallet.ScanCursor, error) {
	if limit <= 0 || before <= 0 {
		return nil, 0, nil
	}
	return listing[wallet.Order]{o.open, scanOrder, compareOrders}.page(ctx, o.db, limit, int64(from), placesBefore(before), limit+1)
}

func compareOrders(a, b wallet.Order) int { return a.No.Compare(b.No) }

// OpenCount implements wallet.OpenOrders. It counts the rows of an index: some tenths of a second per million.
func (o *Orders) OpenCount(ctx context.Context) (int64, error) {
	total := int64(0)
	for _, s := range o.db.shards {
		n := int64(0)
		if _, err := readOne(ctx, s.ask, o.count, nil, &n); err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}
