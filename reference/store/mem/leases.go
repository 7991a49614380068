package mem

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// maxLeases bounds the names of leases and groups, and the members of one group: work is divided into some thousands
// of parts at most.
const maxLeases = 1 << 16

// Leases stores leases that end by the given clock.
type Leases struct {
	clock wallet.Clock

	mu     sync.Mutex
	held   map[string]holding
	groups map[string]map[string]wallet.Instant // end of each member's lease
}

type holding struct {
	holder string
	until  wallet.Instant
}

var _ wallet.Leases = (*Leases)(nil)

// NewLeases returns a store without leases.
func NewLeases(clock wallet.Clock) *Leases {
	return &Leases{clock: clock, held: map[string]holding{}, groups: map[string]map[string]wallet.Instant{}}
}

// Hold implements wallet.Leases. ErrInvalid: a lease of less than a microsecond. ErrOverloaded: too many leases.
func (s *Leases) Hold(_ context.Context, name, holder string, ttl time.Duration) (bool, error) {
	now := s.clock.Now()
	if err := checkTTL(ttl); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, ok := s.held[name]; ok && h.holder != holder && now < h.until {
		return false, nil
	}
	if len(s.held) >= maxLeases {
		maps.DeleteFunc(s.held, func(_ string, h holding) bool { return h.until <= now })
	}
	if len(s.held) >= maxLeases {
		return false, fmt.Errorf("mem: %d leases: %w", len(s.held), wallet.ErrOverloaded)
	}
	s.held[name] = holding{holder, now.Add(ttl)}
	return true, nil
}

// Release implements wallet.Leases.
func (s *Leases) Release(_ context.Context, name, holder string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[name].holder == holder {
		delete(s.held, name)
	}
	return nil
}

// Join implements wallet.Leases. Errors as in Hold.
func (s *Leases) Join(_ context.Context, group, member string, ttl time.Duration) ([]string, error) {
	now := s.clock.Now()
	if err := checkTTL(ttl); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[group]
	if g == nil {
		g = map[string]wallet.Instant{}
		s.groups[group] = g
	}
	maps.DeleteFunc(g, func(_ string, until wallet.Instant) bool { return until <= now })
	if len(s.groups) > maxLeases || len(g) >= maxLeases {
		return nil, fmt.Errorf("mem: %d members of %d groups: %w", len(g), len(s.groups), wallet.ErrOverloaded)
	}
	g[member] = now.Add(ttl)
	return slices.Sorted(maps.Keys(g)), nil
}

// Leave implements wallet.Leases.
func (s *Leases) Leave(_ context.Context, group, member string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.groups[group], member)
	return nil
}

func checkTTL(ttl time.Duration) error {
	if ttl < time.Microsecond {
		return fmt.Errorf("%w: a lease of %v", wallet.ErrInvalid, ttl)
	}
	return nil
}
