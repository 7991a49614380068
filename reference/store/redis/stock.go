package redis

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// Stock counts coupons: the source's plain counters (C3), counters that record their orders (C5), and the mirror of
// the count in a durable store (C2). A counter's key and its orders' bitmaps share a hash tag, and each part of a
// template has a separate tag, so that a Cluster spreads them.
//
// When its Redis is lost or returns to an older state, the counters would allow coupons to be granted again. Where
// that must not happen, lease the stock in blocks from a durable store (wallet.StockLeases) and use only the mirror
// here.
type Stock struct{ c *Client }

var (
	_ wallet.StockCounter = (*Stock)(nil)
	_ wallet.StockParts   = (*Stock)(nil)
	_ wallet.StockMirror  = (*Stock)(nil)
)

// NewStock returns the counters at c.
func NewStock(c *Client) *Stock { return &Stock{c: c} }

func stockTag(k wallet.StockKey) string {
	return fmt.Sprintf("{%s:%d:%d}", k.Reward, k.Stage, k.Part)
}

// plain is the key of the source's counter, count that of the hash of a counter with orders, and orders that of the
// bitmap of an order's chunk of wallets, with two bits per order.
func (s *Stock) plain(k wallet.StockKey) string  { return s.c.prefix + "stock:" + stockTag(k) }
func (s *Stock) count(k wallet.StockKey) string  { return s.c.prefix + "stockcount:" + stockTag(k) }
func (s *Stock) mirror(k wallet.StockKey) string { return s.c.prefix + "stockmirror:" + stockTag(k) }

func (s *Stock) orders(k wallet.StockKey, no wallet.OrderNo) string {
	return fmt.Sprintf("%sstockorders:%s:%s:%d:%d:%d", s.c.prefix, stockTag(k), no.Scene, no.Rain, no.Award, no.ActID/chunkWallets)
}

// addStockScript adds to a plain counter. KEYS: the counter. ARGV: the increment; expiry.
const addStockScript = `
local n = redis.call('INCRBY', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return n
`

// Add implements wallet.StockCounter. ErrInvalid: a malformed template.
func (s *Stock) Add(ctx context.Context, k wallet.StockKey, n int64) (int64, error) {
	if err := k.Validate(); err != nil {
		return 0, err
	}
	if s.c.expire != "" {
		return s.c.number(ctx, writing, "add stock", addStockScript, []string{s.plain(k)}, text(n), s.c.expire)
	}
	return s.c.readNumber(ctx, writing, "add stock", s.c.r.B().Incrby().Key(s.plain(k)).Increment(n).Build())
}

// Count implements wallet.StockCounter. ErrInvalid: a malformed template.
func (s *Stock) Count(ctx context.Context, k wallet.StockKey) (int64, error) {
	return s.read(ctx, k, s.plain(k))
}

// The scripts below count in a hash: n is the number of counted orders, out the total lent, in the total borrowed,
// to:P and from:P the same per part. Numbers stay below 2^53, because stocks do (wallet.MaxStock).
const stockLeft = `
local h = redis.call('HMGET', KEYS[1], 'n', 'out', 'in')
local n, out, into = tonumber(h[1] or 0), tonumber(h[2] or 0), tonumber(h[3] or 0)
`

// takeStockScript counts an order, or returns its recorded result. KEYS: the count; the order's bitmap. ARGV: the
// order's first bit; the limit; whether to record a refusal; expiry. An order's bits are: granted, refused.
const takeStockScript = stockLeft + `
if redis.call('GETBIT', KEYS[2], ARGV[1]) == 1 then return 1 end
local second = ARGV[1] + 1
if redis.call('GETBIT', KEYS[2], second) == 1 then return 2 end
local limit, answer = tonumber(ARGV[2]), 0
if limit >= 0 and limit - out + into > n then
  redis.call('HINCRBY', KEYS[1], 'n', 1)
  redis.call('SETBIT', KEYS[2], ARGV[1], 1)
  answer = 1
elseif ARGV[3] == '1' then
  redis.call('SETBIT', KEYS[2], second, 1)
  answer = 2
end
if ARGV[4] ~= '' and answer > 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[4])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
return answer
`

// Take implements wallet.StockParts. ErrInvalid: a malformed number or template, or an order of another stage.
func (s *Stock) Take(ctx context.Context, k wallet.StockKey, no wallet.OrderNo, limit int64, last bool) (wallet.StockAnswer, error) {
	if err := k.ValidateOrder(no); err != nil {
		return wallet.StockEmpty, err
	}
	refuse := ""
	if last {
		refuse = "1"
	}
	n, err := s.c.number(ctx, writing, "take stock", takeStockScript, []string{s.count(k), s.orders(k, no)}, stockBit(no), text(limit), refuse, s.c.expire)
	return wallet.StockAnswer(n), err
}

func stockBit(no wallet.OrderNo) string { return text(no.ActID % chunkWallets * 2) }

// giveStockScript turns a coupon, or an unknown order, into a refusal. KEYS and ARGV as in takeStockScript, without a
// limit.
const giveStockScript = `
local second = ARGV[1] + 1
if redis.call('GETBIT', KEYS[2], ARGV[1]) == 1 then
  redis.call('HINCRBY', KEYS[1], 'n', -1)
  redis.call('SETBIT', KEYS[2], ARGV[1], 0)
end
redis.call('SETBIT', KEYS[2], second, 1)
if ARGV[2] ~= '' then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  redis.call('EXPIRE', KEYS[2], ARGV[2])
end
return 0
`

// GiveBack implements wallet.StockParts. ErrInvalid: a malformed number or template, or an order of another stage.
func (s *Stock) GiveBack(ctx context.Context, k wallet.StockKey, no wallet.OrderNo) error {
	if err := k.ValidateOrder(no); err != nil {
		return err
	}
	_, err := s.c.number(ctx, writing, "give stock back", giveStockScript, []string{s.count(k), s.orders(k, no)}, stockBit(no), s.c.expire)
	return err
}

// moveStockOutScript moves out at most half of the remaining stock, rounded up. KEYS: the count. ARGV: the receiving part;
// the limit; the wanted number; expiry.
const moveStockOutScript = stockLeft + `
local left = tonumber(ARGV[2]) - out + into - n
local give = math.min(tonumber(ARGV[3]), math.floor((left + 1) / 2))
if left <= 0 then return tonumber(redis.call('HGET', KEYS[1], 'to:' .. ARGV[1]) or 0) end
redis.call('HINCRBY', KEYS[1], 'out', give)
if ARGV[4] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
return redis.call('HINCRBY', KEYS[1], 'to:' .. ARGV[1], give)
`

// MoveOut implements wallet.StockParts. ErrInvalid: a malformed template, or a wanted number below one.
func (s *Stock) MoveOut(ctx context.Context, from wallet.StockKey, to int, limit, want int64) (int64, error) {
	if err := from.Validate(); err != nil {
		return 0, err
	}
	if want < 1 {
		return 0, fmt.Errorf("%w: a loan of %d coupons", wallet.ErrInvalid, want)
	}
	return s.c.number(ctx, writing, "lend stock", moveStockOutScript, []string{s.count(from)}, text(to), text(limit), text(want), s.c.expire)
}

// moveStockInScript adds the newly moved coupons. KEYS: the count. ARGV: the part that moved them out; the total that it
// ever moved to this part; expiry.
const moveStockInScript = `
local fresh = tonumber(ARGV[2]) - tonumber(redis.call('HGET', KEYS[1], 'from:' .. ARGV[1]) or 0)
if fresh <= 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'from:' .. ARGV[1], fresh)
redis.call('HINCRBY', KEYS[1], 'in', fresh)
if ARGV[3] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return fresh
`

// MoveIn implements wallet.StockParts. ErrInvalid: a malformed template.
func (s *Stock) MoveIn(ctx context.Context, to wallet.StockKey, from int, moved int64) (int64, error) {
	if err := to.Validate(); err != nil {
		return 0, err
	}
	return s.c.number(ctx, writing, "borrow stock", moveStockInScript, []string{s.count(to)}, text(from), text(moved), s.c.expire)
}

// Issued implements wallet.StockParts. ErrInvalid: a malformed template.
func (s *Stock) Issued(ctx context.Context, k wallet.StockKey) (int64, error) {
	if err := k.Validate(); err != nil {
		return 0, err
	}
	return s.c.readNumber(ctx, reading, "issued stock", s.c.r.B().Hget().Key(s.count(k)).Field("n").Build())
}

// Report implements wallet.StockMirror. ErrInvalid: a malformed template.
func (s *Stock) Report(ctx context.Context, t wallet.Template, issued int64) error {
	if err := t.Validate(); err != nil {
		return err
	}
	args := []string{text(issued)}
	if s.c.expire != "" {
		args = append(args, "EX", s.c.expire)
	}
	_, err := s.c.do(ctx, writing, "report stock", s.c.r.B().Arbitrary("SET").Keys(s.mirror(wallet.StockKey{Template: t})).Args(args...).Build())
	return err
}

// Reported implements wallet.StockMirror. ErrInvalid: a malformed template.
func (s *Stock) Reported(ctx context.Context, t wallet.Template) (int64, error) {
	k := wallet.StockKey{Template: t}
	return s.read(ctx, k, s.mirror(k))
}

// read returns the number under a key, or zero if the key does not exist.
func (s *Stock) read(ctx context.Context, k wallet.StockKey, key string) (int64, error) {
	if err := k.Validate(); err != nil {
		return 0, err
	}
	return s.c.readNumber(ctx, reading, "read stock", s.c.r.B().Get().Key(key).Build())
}
