package redis

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// permitTTL is how long a window's count is stored, in seconds: several windows, so that instances with different
// clocks count together.
const permitTTL = "10"

// Permits counts permits: one number per name and window, which expires. All windows of a name are in one slot.
type Permits struct{ c *Client }

var _ wallet.Permits = (*Permits)(nil)

// NewPermits returns the counters at c.
func NewPermits(c *Client) *Permits { return &Permits{c: c} }

// permitScript takes at most the wanted number of the remaining permits, and returns how many it took and how many
// remain. All numbers are below 2^53, where Lua numbers are exact integers.
const permitScript = `
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
local took = math.max(0, math.min(tonumber(ARGV[1]), tonumber(ARGV[2]) - taken))
if took > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', taken + took), 'EX', ARGV[3])
end
return {took, math.max(0, tonumber(ARGV[2]) - taken - took)}
`

// Take implements wallet.Permits.
func (s *Permits) Take(ctx context.Context, name string, window, want, limit int64) (took, left int64, err error) {
	if err := wallet.ValidPermits(name, want, limit); err != nil {
		return 0, 0, err
	}
	key := s.c.prefix + "permits:{" + name + "}:" + text(window)
	m, err := s.c.eval(ctx, writing, "take permits", permitScript, []string{key}, text(want), text(limit), permitTTL)
	if err != nil {
		return 0, 0, err
	}
	n, err := m.AsIntSlice()
	if err != nil || len(n) != 2 {
		return 0, 0, fmt.Errorf("redis: take permits: %d numbers: %w", len(n), err)
	}
	return n[0], n[1], nil
}
