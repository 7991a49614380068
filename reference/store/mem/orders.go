package mem

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// Orders stores the orders of record: 40 bytes each and 4 per wallet.
type Orders struct {
	mu      sync.Mutex
	kinds   kinds
	records slab.Slab[orderRecord]
	heads   slab.Heads
	open    pending
}

var (
	_ wallet.Orders      = (*Orders)(nil)
	_ wallet.OpenOrders  = (*Orders)(nil)
	_ wallet.OrderReader = (*Orders)(nil)
)

type orderRecord struct {
	opened, created wallet.Instant
	amount          wallet.Money
	owner, next     uint32
	kind            uint16
	state           wallet.OrderState
}

// NewOrders returns an empty store.
func NewOrders() *Orders { return &Orders{kinds: newKinds()} }

// find returns the record of an owner's order of a kind, or 0 if it does not exist.
func (s *Orders) find(owner wallet.ActID, kind uint16) uint32 {
	i := s.heads.Get(int64(owner))
	for i != 0 && s.records.At(i).kind != kind {
		i = s.records.At(i).next
	}
	return i
}

func (s *Orders) order(i uint32) wallet.Order {
	r := s.records.At(i)
	return wallet.Order{No: s.kinds.no(wallet.ActID(r.owner), r.kind), Amount: r.amount, Opened: r.opened, Created: r.created, State: r.state}
}

// Create implements wallet.Orders. ErrInvalid: a malformed number or state; ErrOverloaded: more than 65,535 kinds.
func (s *Orders) Create(_ context.Context, o wallet.Order) (wallet.Order, bool, error) {
	if o.State > wallet.OrderMoved {
		return wallet.Order{}, false, fmt.Errorf("%w: order state %d", wallet.ErrInvalid, o.State)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, err := s.kinds.intern(o.No)
	if err != nil {
		return wallet.Order{}, false, err
	}
	if i := s.find(o.No.ActID, kind); i != 0 {
		return s.order(i), false, nil
	}
	owner := int64(o.No.ActID)
	i := s.records.Append(orderRecord{opened: o.Opened, created: o.Created, amount: o.Amount,
		owner: uint32(owner), next: s.heads.Get(owner), kind: kind, state: o.State})
	s.heads.Set(owner, i)
	if o.State == wallet.OrderOpen {
		s.open.add(i, o.Created)
	}
	return o, true, nil
}

// Get implements wallet.Orders.
func (s *Orders) Get(_ context.Context, nos []wallet.OrderNo) ([]wallet.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]wallet.Order, len(nos))
	for n, no := range nos {
		if i := s.find(no.ActID, s.kinds.of(no)); i != 0 {
			out[n] = s.order(i)
		}
	}
	return out, nil
}

// Finish implements wallet.Orders. ErrInvalid for a state that is not final.
func (s *Orders) Finish(_ context.Context, nos []wallet.OrderNo, state wallet.OrderState) error {
	if state != wallet.OrderSettled && state != wallet.OrderVoid {
		return fmt.Errorf("%w: order state %d is not final", wallet.ErrInvalid, state)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, no := range nos {
		i := s.find(no.ActID, s.kinds.of(no))
		if i == 0 || s.records.At(i).state != wallet.OrderOpen {
			continue
		}
		s.records.At(i).state = state
		s.open.done(i)
	}
	return nil
}

// Of implements wallet.Orders.
func (s *Orders) Of(_ context.Context, id wallet.ActID, stage wallet.Stage) ([]wallet.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n int
	for i := s.heads.Get(int64(id)); i != 0; i = s.records.At(i).next {
		if s.kinds.stage(s.records.At(i).kind) == stage {
			n++
		}
	}
	out := make([]wallet.Order, 0, n)
	for i := s.heads.Get(int64(id)); i != 0; i = s.records.At(i).next {
		if s.kinds.stage(s.records.At(i).kind) == stage {
			out = append(out, s.order(i))
		}
	}
	sortOrders(out)
	return out, nil
}

// Open implements wallet.OpenOrders. Oldest means recorded first: creation times of different instances may be skewed.
// A place is the number of the record to continue with.
func (s *Orders) Open(_ context.Context, before wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Order, wallet.ScanCursor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []wallet.Order
	for first, last := range s.open.before(before) {
		for i := first; i <= last && int(i) <= s.records.Len(); i++ {
			r := s.records.At(i)
			if wallet.ScanCursor(i) < from || r.state != wallet.OrderOpen || r.created >= before {
				continue
			}
			if len(out) >= limit {
				return out, wallet.ScanCursor(i), nil
			}
			out = append(out, s.order(i))
		}
	}
	return out, 0, nil
}

// OpenCount implements wallet.OpenOrders.
func (s *Orders) OpenCount(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open.count, nil
}

// Orders implements wallet.OrderReader; orders of one owner come in order of their numbers.
func (s *Orders) Orders(_ context.Context, yield func(wallet.Order) bool) error {
	eachOwner(&s.mu, &s.heads, func(buf []wallet.Order, owner int64) []wallet.Order {
		for i := s.heads.Get(owner); i != 0; i = s.records.At(i).next {
			buf = append(buf, s.order(i))
		}
		sortOrders(buf)
		return buf
	}, yield)
	return nil
}

func sortOrders(os []wallet.Order) {
	slices.SortFunc(os, func(a, b wallet.Order) int { return a.No.Compare(b.No) })
}

// Bytes returns the memory used.
func (s *Orders) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records.Bytes() + s.heads.Bytes() + s.kinds.Bytes() + s.open.Bytes()
}
