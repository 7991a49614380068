package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// openOrder is a member of the zset of open orders.
type openOrder struct {
	created wallet.Instant
	no      wallet.OrderNo
}

// Open implements wallet.OpenOrders, with at most maxOpen orders. A place is the creation time of the first order that
// was not returned, so that orders created in the same microsecond are returned together. Only if those alone are more
// than limit, the rest waits for the next walk from the beginning.
func (s *Orders) Open(ctx context.Context, before wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Order, wallet.ScanCursor, error) {
	limit = min(limit, maxOpen)
	if limit <= 0 {
		return nil, from, nil
	}
	found, err := s.oldest(ctx, before, from, limit+1)
	if err != nil {
		return nil, 0, err
	}
	next := wallet.ScanCursor(0)
	if len(found) > limit {
		end := found[limit].created
		n, _ := slices.BinarySearchFunc(found, end, func(o openOrder, at wallet.Instant) int { return cmp.Compare(o.created, at) })
		if n == 0 {
			n, end = limit, end+1
		}
		found, next = found[:n], wallet.ScanCursor(end)
	}
	nos := make([]wallet.OrderNo, len(found))
	for i, o := range found {
		nos[i] = o.no
	}
	orders, err := s.Get(ctx, nos)
	if err != nil {
		return nil, 0, err
	}
	var open []wallet.Order
	for _, o := range orders { // some may have been settled since they were found
		if o.No == (wallet.OrderNo{}) || o.State != wallet.OrderOpen {
			continue
		}
		open = append(open, o)
	}
	return open, next, nil
}

// oldest returns at most limit open orders of all shards, by creation and number.
func (s *Orders) oldest(ctx context.Context, before wallet.Instant, from wallet.ScanCursor, limit int) ([]openOrder, error) {
	cmds := make(rueidis.Commands, orderShards)
	begin := "-inf"
	if from != 0 {
		begin = text(from)
	}
	for i := range cmds {
		cmds[i] = s.c.r.B().Zrangebyscore().Key(s.open(i)).Min(begin).Max("("+text(before)).Withscores().Limit(0, int64(limit)).Build()
	}
	answers, err := s.c.pipeline(ctx, reading, "find open orders", cmds)
	if err != nil {
		return nil, err
	}
	var all []openOrder
	for _, m := range answers {
		scores, err := m.AsZScores()
		if err != nil {
			return nil, fmt.Errorf("redis: find open orders: %w", err)
		}
		for _, z := range scores {
			no, err := wallet.ParseOrderNo(z.Member)
			if err != nil {
				return nil, errors.Join(errors.New("redis: find open orders"), err)
			}
			all = append(all, openOrder{wallet.Instant(z.Score), no})
		}
	}
	slices.SortFunc(all, func(a, b openOrder) int { return cmp.Or(cmp.Compare(a.created, b.created), a.no.Compare(b.no)) })
	return all[:min(len(all), limit)], nil
}
