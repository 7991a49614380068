package host

import (
	"context"
	"errors"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// recoverers is the number of parts of a step that are settled concurrently: the stores commit in groups, so the parts
// share commits.
const recoverers = 16

// Recover settles every order that was open before the given instant, before this instance serves requests. It is for
// an instance whose backlog is certainly lost, such as one in its own memory after a kill. It returns the number of
// orders. It continues after errors; what failed is left to compensation.
func (h *Host) Recover(ctx context.Context, before wallet.Instant) (taken int, err error) {
	cursor := wallet.ScanCursor(0)
	for {
		orders, next, e := h.Worker.OpenOrders(ctx, before, cursor)
		if e == nil {
			taken += len(orders)
			e = h.settle(ctx, orders)
		}
		h.warn("cannot recover a batch", e)
		err = errors.Join(err, e)
		if cursor = next; cursor == 0 || ctx.Err() != nil {
			return taken, errors.Join(err, ctx.Err())
		}
	}
}

// settle settles orders in parts, concurrently.
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
