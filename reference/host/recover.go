package host

import (
	"context"
	"errors"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// recoverers is how many parts of a step are settled side by side: stores commit in groups, so that the parts share
// their commits.
const recoverers = 16

// Recover settles every order that was open before the moment, before this instance serves: for one whose backlog is
// lost for sure, such as one that held it in its own memory and was killed. It returns how many orders it took on. It
// does not give up at an error; what failed is left to compensation.
func (h *Host) Recover(ctx context.Context, before wallet.Instant) (taken int, err error) {
	place := wallet.OpenPlace(0)
	for {
		orders, next, e := h.Worker.OpenOrders(ctx, before, place)
		if e == nil {
			taken += len(orders)
			e = h.settle(ctx, orders)
		}
		h.warn("cannot recover a batch", e)
		err = errors.Join(err, e)
		if place = next; place == 0 || ctx.Err() != nil {
			return taken, errors.Join(err, ctx.Err())
		}
	}
}

// settle settles orders in parts, side by side.
func (h *Host) settle(ctx context.Context, orders []wallet.Order) error {
	var all sync.WaitGroup
	var errs [recoverers]error
	i := 0
	for part := range slices.Chunk(orders, len(orders)/recoverers+1) { // at most recoverers parts
		err := &errs[i]
		all.Go(func() { *err = h.Worker.SettleOrders(ctx, part) })
		i++
	}
	all.Wait()
	return errors.Join(errs[:]...)
}
