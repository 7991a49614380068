package mem

import (
	"fmt"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// accounts keeps a row under each user account of either family.
type accounts[T any] struct {
	families [wallet.ToutiaoFamily + 1]slab.Sparse[T]
}

// checkAccount returns ErrInvalid for an account of no known family.
func checkAccount(a wallet.Account) error {
	if a.Family < wallet.DouyinFamily || a.Family > wallet.ToutiaoFamily {
		return fmt.Errorf("%w: account family %d", wallet.ErrInvalid, a.Family)
	}
	return nil
}

// get returns the row of an account; the zero row for one never touched. The account must be a valid one.
func (s *accounts[T]) get(a wallet.Account) T { return s.families[a.Family].Get(int64(a.User)) }

// touch returns the row of a valid account to write to.
func (s *accounts[T]) touch(a wallet.Account) *T { return s.families[a.Family].Touch(int64(a.User)) }

// Bytes returns the memory held.
func (s *accounts[T]) Bytes() (n int64) {
	for i := range s.families {
		n += s.families[i].Bytes()
	}
	return n
}
