package mem

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"hongbao/reference/wallet"
)

// Stock simulates a Redis with stock counters: the source's plain counters, counters with orders, and the mirror.
type Stock struct {
	mu     sync.Mutex
	keys   map[wallet.StockKey]*stockKey
	mirror map[wallet.Template]int64
}

var (
	_ wallet.StockCounter = (*Stock)(nil)
	_ wallet.StockParts   = (*Stock)(nil)
	_ wallet.StockMirror  = (*Stock)(nil)
)

// stockKey is one counter.
type stockKey struct {
	plain    int64 // the source's counter
	issued   int64
	movedOut map[int]int64 // total moved to each part
	movedIn  map[int]int64 // total moved in from each part
	orders   map[wallet.OrderNo]wallet.StockAnswer
}

// NewStock returns counters with value zero.
func NewStock() *Stock {
	return &Stock{keys: map[wallet.StockKey]*stockKey{}, mirror: map[wallet.Template]int64{}}
}

func (s *Stock) key(k wallet.StockKey) *stockKey {
	c := s.keys[k]
	if c == nil {
		c = &stockKey{movedOut: map[int]int64{}, movedIn: map[int]int64{}, orders: map[wallet.OrderNo]wallet.StockAnswer{}}
		s.keys[k] = c
	}
	return c
}

// left returns the remaining stock of the key, below zero if its limit was cut.
func (c *stockKey) left(limit int64) int64 {
	for _, n := range c.movedOut {
		limit -= n
	}
	for _, n := range c.movedIn {
		limit += n
	}
	return limit - c.issued
}

// Add implements wallet.StockCounter.
func (s *Stock) Add(_ context.Context, k wallet.StockKey, n int64) (int64, error) {
	if err := k.Validate(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.key(k)
	c.plain += n
	return c.plain, nil
}

// Count implements wallet.StockCounter.
func (s *Stock) Count(_ context.Context, k wallet.StockKey) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key(k).plain, k.Validate()
}

// Take implements wallet.StockParts. ErrInvalid: a malformed number or key.
func (s *Stock) Take(_ context.Context, k wallet.StockKey, no wallet.OrderNo, limit int64, last bool) (wallet.StockAnswer, error) {
	if err := k.ValidateOrder(no); err != nil {
		return wallet.StockEmpty, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.key(k)
	answer := c.orders[no]
	switch {
	case answer != wallet.StockEmpty:
		return answer, nil
	case limit >= 0 && c.left(limit) > 0:
		c.issued++
		answer = wallet.StockGranted
	case last:
		answer = wallet.StockRefused
	default:
		return wallet.StockEmpty, nil
	}
	c.orders[no] = answer
	return answer, nil
}

// GiveBack implements wallet.StockParts. ErrInvalid: a malformed number or key.
func (s *Stock) GiveBack(_ context.Context, k wallet.StockKey, no wallet.OrderNo) error {
	if err := k.ValidateOrder(no); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.key(k)
	if c.orders[no] == wallet.StockGranted {
		c.issued--
	}
	c.orders[no] = wallet.StockRefused
	return nil
}

// MoveOut implements wallet.StockParts. ErrInvalid: a malformed key, or a wanted number below one.
func (s *Stock) MoveOut(_ context.Context, from wallet.StockKey, to int, limit, want int64) (int64, error) {
	if err := from.Validate(); err != nil {
		return 0, err
	}
	if want < 1 {
		return 0, fmt.Errorf("%w: a loan of %d coupons", wallet.ErrInvalid, want)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.key(from)
	if left := c.left(limit); left > 0 {
		c.movedOut[to] += min(want, (left+1)/2)
	}
	return c.movedOut[to], nil
}

// MoveIn implements wallet.StockParts.
func (s *Stock) MoveIn(_ context.Context, to wallet.StockKey, from int, moved int64) (int64, error) {
	if err := to.Validate(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.key(to)
	fresh := max(0, moved-c.movedIn[from])
	c.movedIn[from] += fresh
	return fresh, nil
}

// Issued implements wallet.StockParts.
func (s *Stock) Issued(_ context.Context, k wallet.StockKey) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key(k).issued, k.Validate()
}

// Report implements wallet.StockMirror.
func (s *Stock) Report(_ context.Context, t wallet.Template, issued int64) error {
	if err := t.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mirror[t] = issued
	return nil
}

// Reported implements wallet.StockMirror.
func (s *Stock) Reported(_ context.Context, t wallet.Template) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mirror[t], t.Validate()
}

// Snapshot copies the keys that on selects, and returns a function that restores their current state. It simulates a
// primary whose last writes did not reach the replica that replaces it. The mirror belongs to part 0.
func (s *Stock) Snapshot(on func(wallet.StockKey) bool) (restore func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := map[wallet.StockKey]*stockKey{}
	for k, c := range s.keys {
		if on(k) {
			keys[k] = &stockKey{c.plain, c.issued, maps.Clone(c.movedOut), maps.Clone(c.movedIn), maps.Clone(c.orders)}
		}
	}
	mirror := maps.Clone(s.mirror)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for k := range s.keys {
			if on(k) {
				delete(s.keys, k)
			}
		}
		maps.Copy(s.keys, keys)
		for t := range s.mirror {
			if on(wallet.StockKey{Template: t}) {
				s.mirror[t] = mirror[t]
			}
		}
	}
}
