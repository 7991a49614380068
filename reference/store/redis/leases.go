package redis

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hongbao/reference/wallet"
)

// Leases is the lock. Leases end on the server's clock, so the instances' clocks may differ. When its Redis is lost,
// or fails over and loses the newest leases, two instances may hold the same lease; the port allows for that.
type Leases struct{ c *Client }

var _ wallet.Leases = (*Leases)(nil)

// NewLeases returns the lock at c.
func NewLeases(c *Client) *Leases { return &Leases{c: c} }

func (s *Leases) lease(name string) []string  { return []string{s.c.prefix + "lease:" + name} }
func (s *Leases) group(group string) []string { return []string{s.c.prefix + "group:" + group} }

func millis(ttl time.Duration) (string, error) {
	if ttl < time.Millisecond {
		return "", fmt.Errorf("%w: a lease of %s", wallet.ErrInvalid, ttl)
	}
	return text(ttl.Milliseconds()), nil
}

const holdScript = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`

// Hold implements wallet.Leases. ErrInvalid: ttl is under a millisecond. ErrUnknown: repeat the call.
func (s *Leases) Hold(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	ms, err := millis(ttl)
	if err != nil {
		return false, err
	}
	held, err := s.c.number(ctx, writing, "hold lease", holdScript, s.lease(name), holder, ms)
	return held == 1, err
}

const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`

// Release implements wallet.Leases.
func (s *Leases) Release(ctx context.Context, name, holder string) error {
	_, err := s.c.eval(ctx, writing, "release lease", releaseScript, s.lease(name), holder)
	return err
}

// joinScript stores a group as a zset of members by the end of their leases, in milliseconds of the server's clock.
const joinScript = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
return redis.call('ZRANGE', KEYS[1], 0, -1)
`

// Join implements wallet.Leases. ErrInvalid: ttl is under a millisecond. ErrUnknown: repeat the call.
func (s *Leases) Join(ctx context.Context, group, member string, ttl time.Duration) ([]string, error) {
	ms, err := millis(ttl)
	if err != nil {
		return nil, err
	}
	m, err := s.c.eval(ctx, writing, "join group", joinScript, s.group(group), member, ms)
	if err != nil {
		return nil, err
	}
	members, err := m.AsStrSlice()
	if err != nil {
		return nil, fmt.Errorf("redis: join group: %w", err)
	}
	slices.Sort(members)
	return members, nil
}

// Leave implements wallet.Leases.
func (s *Leases) Leave(ctx context.Context, group, member string) error {
	_, err := s.c.do(ctx, writing, "leave group", s.c.r.B().Zrem().Key(s.group(group)[0]).Member(member).Build())
	return err
}
