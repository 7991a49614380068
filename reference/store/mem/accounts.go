package mem

import (
	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// accounts stores a row for each user account of both families.
type accounts[T any] struct {
	families [wallet.ToutiaoFamily + 1]slab.Sparse[T]
}

// get returns the row of an account, or the zero row for an unknown one. The account must be valid.
func (s *accounts[T]) get(a wallet.Account) T { return s.families[a.Family].Get(int64(a.User)) }

// touch returns the row of a valid account for writing.
func (s *accounts[T]) touch(a wallet.Account) *T { return s.families[a.Family].Touch(int64(a.User)) }

// Bytes returns the memory used.
func (s *accounts[T]) Bytes() (n int64) {
	for i := range s.families {
		n += s.families[i].Bytes()
	}
	return n
}
