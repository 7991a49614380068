package redis

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// Switches are the degrade switches: one hash of those that are on. When its Redis is lost all are off, which is how
// things are when nobody has touched them. They never expire.
type Switches struct{ c *Client }

var _ wallet.Switches = (*Switches)(nil)

// NewSwitches returns the switches at c.
func NewSwitches(c *Client) *Switches { return &Switches{c: c} }

func (s *Switches) key() string { return s.c.prefix + "switches" }

// On implements wallet.Switches.
func (s *Switches) On(ctx context.Context) (map[wallet.Switch]bool, error) {
	m, err := s.c.do(ctx, reading, "read switches", s.c.r.B().Hkeys().Key(s.key()).Build())
	if err != nil {
		return nil, err
	}
	names, err := m.AsStrSlice()
	if err != nil {
		return nil, fmt.Errorf("redis: read switches: %w", err)
	}
	on := make(map[wallet.Switch]bool, len(names))
	for _, n := range names {
		on[wallet.Switch(n)] = true
	}
	return on, nil
}

// Set implements wallet.Switches. ErrUnknown: repeat it.
func (s *Switches) Set(ctx context.Context, name wallet.Switch, on bool) error {
	cmd := s.c.r.B().Hdel().Key(s.key()).Field(string(name)).Build()
	if on {
		cmd = s.c.r.B().Hset().Key(s.key()).FieldValue().FieldValue(string(name), "1").Build()
	}
	_, err := s.c.do(ctx, writing, "set switch", cmd)
	return err
}
