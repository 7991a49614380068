package mem

import (
	"context"
	"fmt"
	"sync"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// Bank always pays, each withdrawal once. It uses 32 bytes per payment, and a sparse row per user account.
type Bank struct {
	mu       sync.Mutex
	payments slab.Slab[payment]
	byNumber accounts[uint32] // newest payment of each user account
}

var (
	_ wallet.Bank       = (*Bank)(nil)
	_ wallet.BankReader = (*Bank)(nil)
)

type payment struct {
	request int64
	user    wallet.UserID
	amount  wallet.Money
	next    uint32
	family  wallet.Family
}

// NewBank returns a bank without payments.
func NewBank() *Bank { return &Bank{} }

// Pay implements wallet.Bank. ErrInvalid for an unknown family, or an amount not above zero.
func (b *Bank) Pay(_ context.Context, no wallet.WithdrawalNo, amount wallet.Money) error {
	if err := checkAmount(amount); err != nil {
		return err
	}
	if err := no.Account.Validate(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	head := b.byNumber.touch(no.Account)
	for i := *head; i != 0; i = b.payments.At(i).next {
		p := b.payments.At(i)
		if p.request != no.Request {
			continue
		}
		if p.amount != amount {
			return fmt.Errorf("%w: %s was paid with %d fen", wallet.ErrConflict, no, int64(p.amount))
		}
		return nil
	}
	*head = b.payments.Append(payment{request: no.Request, user: no.Account.User, amount: amount, next: *head, family: no.Account.Family})
	return nil
}

// Payments implements wallet.BankReader. Payments made while it runs are listed too.
func (b *Bank) Payments(_ context.Context, yield func(wallet.WithdrawalNo, wallet.Money) bool) error {
	for i := uint32(1); ; i++ {
		b.mu.Lock()
		if int(i) > b.payments.Len() {
			b.mu.Unlock()
			return nil
		}
		p := *b.payments.At(i)
		b.mu.Unlock()
		if !yield(wallet.WithdrawalNo{Account: wallet.Account{Family: p.family, User: p.user}, Request: p.request}, p.amount) {
			return nil
		}
	}
}

// Bytes returns the memory used.
func (b *Bank) Bytes() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.payments.Bytes() + b.byNumber.Bytes()
}
