package redis

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"hongbao/reference/wallet"
)

// Totals is the central store of the running total (R5): one hash per stage, with each writer's sum and, updated by
// the same script, the sum of them all. The cost of a report or a read does not depend on the number of writers. When
// its Redis is lost, each live writer reports its whole sum again with its next report; the sums of dead writers are
// restored from the backup (R4) or from the ledger (F). A writer is one incarnation of an instance, so a festival has
// some thousands at most.
type Totals struct{ c *Client }

var (
	_ wallet.Totals       = (*Totals)(nil)
	_ wallet.TotalsReader = (*Totals)(nil)
)

// NewTotals returns the totals at c.
func NewTotals(c *Client) *Totals { return &Totals{c: c} }

func (s *Totals) key(stage wallet.Stage) string { return s.c.prefix + "total:" + text(stage) }

// Fields of the hash. The sum of all is stored as two numbers, with the last nine digits separate, so that both stay
// in the range of exact integers of Lua, and in the range of Redis.
const (
	sumHigh     = "high" // may be negative or above sumUnit: the reader carries
	sumLow      = "low"  // may be negative or above sumUnit: the reader carries
	sumUnit     = 1_000_000_000
	writerField = "w:" // prefix of a writer's name
	sumsPage    = 500  // writers per HSCAN, at about 40 bytes each
)

// reportScript stores the larger of two sums and adds the difference to the sum of all. Sums are not below zero, and
// they are compared as text, the longer one being the larger, because Lua numbers lose integers above 2^53.
const reportScript = `
local was = redis.call('HMGET', KEYS[1], ARGV[1], 'high', 'low')
local kept, sum = was[1] or '0', ARGV[2]
if #sum > #kept or (#sum == #kept and sum > kept) then
  local function part(s, from, to) return tonumber(string.sub(s, from, to)) or 0 end
  local high = tonumber(was[2] or '0') + part(sum, 1, -10) - part(kept, 1, -10)
  local low = tonumber(was[3] or '0') + part(sum, -9, -1) - part(kept, -9, -1)
  redis.call('HSET', KEYS[1], ARGV[1], sum, 'high', string.format('%.0f', high), 'low', string.format('%.0f', low))
end
if ARGV[3] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return 0
`

// Report implements wallet.Totals. ErrInvalid: the sum is below zero. ErrUnknown: repeat the call.
func (s *Totals) Report(ctx context.Context, stage wallet.Stage, writer string, sum wallet.Money) error {
	if sum < 0 {
		return fmt.Errorf("%w: a total of %d fen", wallet.ErrInvalid, int64(sum))
	}
	_, err := s.c.eval(ctx, writing, "report total", reportScript, []string{s.key(stage)}, writerField+writer, text(sum), s.c.expire)
	return err
}

// Total implements wallet.Totals. ErrOverflow: the sum over the writers does not fit in 64 bits.
func (s *Totals) Total(ctx context.Context, stage wallet.Stage) (wallet.Money, error) {
	m, err := s.c.do(ctx, reading, "read total", s.c.r.B().Hmget().Key(s.key(stage)).Field(sumHigh, sumLow).Build())
	if err != nil {
		return 0, err
	}
	parts, err := m.ToArray()
	if err != nil || len(parts) != 2 {
		return 0, fmt.Errorf("redis: read total: %d parts: %w", len(parts), err)
	}
	if parts[0].IsNil() && parts[1].IsNil() {
		return 0, nil // no writer has reported
	}
	high, err1 := parts[0].AsInt64()
	low, err2 := parts[1].AsInt64()
	if err := cmp.Or(err1, err2); err != nil {
		return 0, fmt.Errorf("redis: read total: %w", err)
	}
	if high += low / sumUnit; high > math.MaxInt64/sumUnit {
		return 0, fmt.Errorf("redis: read total: %w", wallet.ErrOverflow)
	}
	return wallet.Money(high * sumUnit).Add(wallet.Money(low % sumUnit))
}

// Sums implements wallet.TotalsReader, with some hundred writers per round trip.
func (s *Totals) Sums(ctx context.Context, stage wallet.Stage, yield func(string, wallet.Money) bool) error {
	for cursor := uint64(0); ; {
		m, err := s.c.do(ctx, reading, "read sums", s.c.r.B().Hscan().Key(s.key(stage)).Cursor(cursor).Count(sumsPage).Build())
		if err != nil {
			return err
		}
		page, err := m.AsScanEntry()
		if err != nil {
			return fmt.Errorf("redis: read sums: %w", err)
		}
		for i := 0; i+1 < len(page.Elements); i += 2 {
			writer, isWriter := strings.CutPrefix(page.Elements[i], writerField)
			if !isWriter {
				continue
			}
			sum, err := strconv.ParseInt(page.Elements[i+1], 10, 64)
			if err != nil {
				return fmt.Errorf("redis: read sums: writer %q: %w", writer, err)
			}
			if !yield(writer, wallet.Money(sum)) {
				return nil
			}
		}
		if cursor = page.Cursor; cursor == 0 {
			return nil
		}
	}
}
