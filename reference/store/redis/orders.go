package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// orderShards spreads the order KV over a Cluster's masters, of which there are rarely more. A search for open orders
// queries each shard. With a different number, stored orders are not found.
const orderShards = 16

// maxOpen bounds the orders that Open returns, and so its memory: each shard may return as many.
const maxOpen = 10_000

// Orders is the order KV of the source (D1): a hash of orders per wallet and stage, and a zset of the open ones per
// shard, by creation. It is a weak dependency: when its Redis is lost, orders that no durable store has are lost too,
// and only the ledger's order number prevents double grants. Where orders must be durable, use the SQL store.
type Orders struct{ c *Client }

var (
	_ wallet.Orders      = (*Orders)(nil)
	_ wallet.OpenOrders  = (*Orders)(nil)
	_ wallet.OrderReader = (*Orders)(nil)
)

// NewOrders returns the order KV at c.
func NewOrders(c *Client) *Orders { return &Orders{c: c} }

// The first parts of the keys.
const (
	orderLists = "orders:"
	openOrders = "open:"
)

func orderTag(shard int) string { return "{" + strconv.Itoa(shard) + "}" }

func orderSuffix(id wallet.ActID, stage wallet.Stage) string {
	return orderTag(wallet.ShardOf(id, orderShards)) + ":" + text(id) + ":" + text(stage)
}

// keys returns the keys of the wallet's hash and of its shard's open orders.
func (s *Orders) keys(no wallet.OrderNo) []string {
	return []string{s.c.prefix + orderLists + orderSuffix(no.ActID, no.Stage), s.open(wallet.ShardOf(no.ActID, orderShards))}
}

func (s *Orders) open(shard int) string { return s.c.prefix + openOrders + orderTag(shard) }

// createScript records an order unless its number is taken, in which case it returns the recorded one. KEYS: the
// wallet's hash; the shard's open orders. ARGV: number; order; creation, or empty if it is not open; expiry.
const createScript = `
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before then return before end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] ~= '' then redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1]) end
if ARGV[4] ~= '' then
  redis.call('EXPIRE', KEYS[1], ARGV[4])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
return false
`

// Create implements wallet.Orders. ErrInvalid: a malformed number or state.
func (s *Orders) Create(ctx context.Context, o wallet.Order) (wallet.Order, bool, error) {
	if o.State > wallet.OrderMoved {
		return wallet.Order{}, false, fmt.Errorf("%w: order state %d", wallet.ErrInvalid, o.State)
	}
	if err := o.No.Validate(); err != nil {
		return wallet.Order{}, false, err
	}
	created := ""
	if o.State == wallet.OrderOpen {
		created = text(o.Created)
	}
	no := o.No.String()
	m, err := s.c.eval(ctx, writing, "create order", createScript, s.keys(o.No), no, orderText(o), created, s.c.expire)
	if err != nil {
		return wallet.Order{}, false, err
	}
	if m.IsNil() {
		return o, true, nil
	}
	before, err := m.ToString()
	if err != nil {
		return wallet.Order{}, false, fmt.Errorf("redis: create order: %w", err)
	}
	stored, err := parseOrder(no, before)
	return stored, false, err
}

// Get implements wallet.Orders.
func (s *Orders) Get(ctx context.Context, nos []wallet.OrderNo) ([]wallet.Order, error) {
	cmds := make(rueidis.Commands, len(nos))
	for i, no := range nos {
		cmds[i] = s.c.r.B().Hget().Key(s.keys(no)[0]).Field(no.String()).Build()
	}
	answers, err := s.c.pipeline(ctx, reading, "get orders", cmds)
	if err != nil {
		return nil, err
	}
	out := make([]wallet.Order, len(nos))
	for i, m := range answers {
		if m.IsNil() {
			continue
		}
		stored, err := m.ToString()
		if err != nil {
			return nil, fmt.Errorf("redis: get orders: %w", err)
		}
		if out[i], err = parseOrder(nos[i].String(), stored); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// finishScript moves open orders of one shard to a final state. KEYS: the shard's open orders; the hash of each
// order's wallet. ARGV: the state; the number of each.
const finishScript = `
for i = 2, #KEYS do
  local kept = redis.call('HGET', KEYS[i], ARGV[i])
  if kept and string.sub(kept, 1, 2) == '0 ' then
    redis.call('HSET', KEYS[i], ARGV[i], ARGV[1] .. string.sub(kept, 2))
    redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
return 0
`

// Finish implements wallet.Orders, with one script per shard. ErrInvalid for a state that is not final.
func (s *Orders) Finish(ctx context.Context, nos []wallet.OrderNo, state wallet.OrderState) error {
	if state != wallet.OrderSettled && state != wallet.OrderVoid {
		return fmt.Errorf("%w: order state %d is not final", wallet.ErrInvalid, state)
	}
	var of [orderShards][]wallet.OrderNo
	for _, no := range nos {
		shard := wallet.ShardOf(no.ActID, orderShards)
		of[shard] = append(of[shard], no)
	}
	var cmds rueidis.Commands
	for shard, all := range of {
		for batch := range slices.Chunk(all, maxPipeline) {
			keys, args := []string{s.open(shard)}, []string{text(state)}
			for _, no := range batch {
				keys, args = append(keys, s.keys(no)[0]), append(args, no.String())
			}
			cmds = append(cmds, s.c.script(finishScript, keys, args...))
		}
	}
	_, err := s.c.pipeline(ctx, writing, "finish orders", cmds)
	return err
}

// Of implements wallet.Orders.
func (s *Orders) Of(ctx context.Context, id wallet.ActID, stage wallet.Stage) ([]wallet.Order, error) {
	lists, err := s.read(ctx, []string{orderSuffix(id, stage)})
	if err != nil {
		return nil, err
	}
	return lists[0], nil
}

func (s *Orders) read(ctx context.Context, places []string) ([][]wallet.Order, error) {
	cmds := make(rueidis.Commands, len(places))
	for i, at := range places {
		cmds[i] = s.c.r.B().Hgetall().Key(s.c.prefix + orderLists + at).Build()
	}
	answers, err := s.c.pipeline(ctx, reading, "list orders", cmds)
	if err != nil {
		return nil, err
	}
	out := make([][]wallet.Order, len(places))
	for i, m := range answers {
		fields, err := m.AsStrMap()
		if err != nil {
			return nil, fmt.Errorf("redis: list orders: %w", err)
		}
		for no, stored := range fields {
			o, err := parseOrder(no, stored)
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], o)
		}
		slices.SortFunc(out[i], func(a, b wallet.Order) int { return a.No.Compare(b.No) })
	}
	return out, nil
}

// Orders implements wallet.OrderReader. It holds the names of all lists in memory, some 50 bytes each.
func (s *Orders) Orders(ctx context.Context, yield func(wallet.Order) bool) error {
	return eachList(ctx, s.c, orderLists, s.read, yield)
}

// OpenCount implements wallet.OpenOrders.
func (s *Orders) OpenCount(ctx context.Context) (int64, error) {
	cmds := make(rueidis.Commands, orderShards)
	for i := range cmds {
		cmds[i] = s.c.r.B().Zcard().Key(s.open(i)).Build()
	}
	return s.c.sum(ctx, "count open orders", cmds)
}
