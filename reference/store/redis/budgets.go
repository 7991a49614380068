package redis

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// Budgets is the source's counter (C3, C6): an atomic increment, applied if the sum fits in the budget. One bit per
// order records whether it has been counted, in chunks of wallets.
//
// When its Redis is lost, it starts at zero and would allow the whole budget to be granted again. Where that must not
// happen, lease the budget in blocks from a durable store (wallet.Quotas) and do not use this one.
type Budgets struct{ c *Client }

var _ wallet.Budgets = (*Budgets)(nil)

// NewBudgets returns the counters at c.
func NewBudgets(c *Client) *Budgets { return &Budgets{c: c} }

// chunkWallets is the number of wallets, adjacent by ActID, that share one bitmap of 8 KiB.
const chunkWallets = 1 << 16

// reserveScript adds an order's amount to the spent sum, if it was not added before and fits. KEYS: the spent sum; the
// bitmap of the order's chunk. ARGV: the order's bit; the amount; the largest spent sum to which it may be added, or
// empty if it never fits; expiry. The counter is a 64-bit integer, but a Lua number is not: the two are compared as
// text, the longer one being the larger.
const reserveScript = `
if redis.call('GETBIT', KEYS[2], ARGV[1]) == 1 then return 1 end
local spent, most = redis.call('GET', KEYS[1]) or '0', ARGV[3]
if #spent > #most or (#spent == #most and spent > most) then return 0 end
redis.call('INCRBY', KEYS[1], ARGV[2])
redis.call('SETBIT', KEYS[2], ARGV[1], 1)
if ARGV[4] ~= '' then
  redis.call('EXPIRE', KEYS[1], ARGV[4])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
return 1
`

// Reserve implements wallet.Budgets. ErrInvalid: a malformed number, or an amount not above zero.
func (s *Budgets) Reserve(ctx context.Context, no wallet.OrderNo, amount, budget wallet.Money) error {
	if amount <= 0 {
		return fmt.Errorf("%w: amount of %d fen", wallet.ErrInvalid, int64(amount))
	}
	if err := no.Validate(); err != nil {
		return err
	}
	most := ""
	if budget >= amount {
		most = text(budget - amount)
	}
	kind := fmt.Sprintf("%s:%d:%d:%d", no.Scene, no.Rain, no.Award, no.ActID/chunkWallets)
	keys := []string{s.spent(no.Stage), s.c.prefix + "reserved:" + stageTag(no.Stage) + ":" + kind}
	fits, err := s.c.number(ctx, writing, "reserve", reserveScript, keys,
		text(no.ActID%chunkWallets), text(amount), most, s.c.expire)
	if err == nil && fits == 0 {
		err = wallet.ErrOverBudget
	}
	return err
}

func stageTag(s wallet.Stage) string { return "{stage" + text(s) + "}" }

func (s *Budgets) spent(stage wallet.Stage) string { return s.c.prefix + "spent:" + stageTag(stage) }

// Spent implements wallet.Budgets.
func (s *Budgets) Spent(ctx context.Context, stage wallet.Stage) (wallet.Money, error) {
	n, err := s.c.readNumber(ctx, reading, "spent", s.c.r.B().Get().Key(s.spent(stage)).Build())
	return wallet.Money(n), err
}
