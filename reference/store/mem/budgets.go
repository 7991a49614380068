package mem

import (
	"context"
	"sync"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// Budgets counts cash against budgets. Of an order it stores only that it was reserved: one bit, at the index of its
// wallet among all orders of its kind. Refusals need no memory: spent amounts never decrease, so an amount that did
// not fit once does not fit later.
type Budgets struct {
	mu       sync.Mutex
	kinds    kinds
	reserved []slab.Sparse[uint64] // by kind, then 64 wallets per word
	spent    [wallet.Stages + 1]wallet.Money
}

var _ wallet.Budgets = (*Budgets)(nil)

// NewBudgets returns budgets with nothing spent.
func NewBudgets() *Budgets {
	return &Budgets{kinds: newKinds(), reserved: make([]slab.Sparse[uint64], 1)}
}

// Reserve implements wallet.Budgets. ErrInvalid: a malformed number, or an amount not above zero.
func (s *Budgets) Reserve(_ context.Context, no wallet.OrderNo, amount, budget wallet.Money) error {
	if err := checkAmount(amount); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, err := s.kinds.intern(no)
	if err != nil {
		return err
	}
	if int(kind) == len(s.reserved) {
		s.reserved = append(s.reserved, slab.Sparse[uint64]{})
	}
	word := s.reserved[kind].Touch(int64(no.ActID) / 64)
	bit := uint64(1) << (no.ActID % 64)
	if *word&bit != 0 {
		return nil
	}
	spent := &s.spent[no.Stage]
	if budget < *spent || amount > budget-*spent {
		return wallet.ErrOverBudget
	}
	*word |= bit
	*spent += amount
	return nil
}

// Spent implements wallet.Budgets.
func (s *Budgets) Spent(_ context.Context, stage wallet.Stage) (wallet.Money, error) {
	if err := stage.Validate(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spent[stage], nil
}

// Bytes returns the memory used.
func (s *Budgets) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.kinds.Bytes()
	for i := range s.reserved {
		n += s.reserved[i].Bytes()
	}
	return n
}
