package redis

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// Totals is the central store of the running total (R5): a hash of sums a stage, by writer. When its Redis is lost,
// each writer that lives reports its whole sum again with its next report; those of the dead come back from the
// orders of record (F). A writer is one life of an instance, so a festival has some thousands at most.
type Totals struct{ c *Client }

var _ wallet.Totals = (*Totals)(nil)

// NewTotals returns the totals at c.
func NewTotals(c *Client) *Totals { return &Totals{c: c} }

func (s *Totals) key(stage wallet.Stage) string { return s.c.prefix + "totals:" + text(stage) }

// reportScript keeps the larger of two sums. Neither is below zero, and they are compared as text, the longer one
// being the larger, because Lua numbers lose integers above 2^53.
const reportScript = `
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if not kept or #ARGV[2] > #kept or (#ARGV[2] == #kept and ARGV[2] > kept) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
if ARGV[3] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return 0
`

// Report implements wallet.Totals. ErrInvalid: the sum is below zero. ErrUnknown: repeat it.
func (s *Totals) Report(ctx context.Context, stage wallet.Stage, writer string, sum wallet.Money) error {
	if sum < 0 {
		return fmt.Errorf("%w: a total of %d fen", wallet.ErrInvalid, int64(sum))
	}
	_, err := s.c.eval(ctx, writing, "report total", reportScript, []string{s.key(stage)}, writer, text(sum), s.c.expire)
	return err
}

// Total implements wallet.Totals. ErrOverflow: the writers' sums do not fit together in 64 bits.
func (s *Totals) Total(ctx context.Context, stage wallet.Stage) (wallet.Money, error) {
	m, err := s.c.do(ctx, reading, "read total", s.c.r.B().Hvals().Key(s.key(stage)).Build())
	if err != nil {
		return 0, err
	}
	sums, err := m.ToArray()
	if err != nil {
		return 0, fmt.Errorf("redis: read total: %w", err)
	}
	total := wallet.Money(0)
	for i := range sums {
		n, err := sums[i].AsInt64()
		if err != nil {
			return 0, fmt.Errorf("redis: read total: %w", err)
		}
		if total, err = total.Add(wallet.Money(n)); err != nil {
			return 0, err
		}
	}
	return total, nil
}
