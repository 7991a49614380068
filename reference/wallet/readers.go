package wallet

import (
	"context"
)

// The readers scan whole stores for audits: slowly, and without changing anything. Each calls yield until it returns
// false. All list by ascending ActID, so that several can be compared in constant memory.

// LedgerReader reads a ledger.
type LedgerReader interface {
	// Entries lists the entries of all personal, hold, paid and packet accounts, by owner.
	Entries(ctx context.Context, yield func(Entry) bool) error
	// Balances lists every account, the cost accounts first.
	Balances(ctx context.Context, yield func(AccountNo, Money) bool) error
}

// OrderReader reads the orders of record, by owner.
type OrderReader interface {
	Orders(ctx context.Context, yield func(Order) bool) error
}

// TokenReader reads the token lists, by owner, including the tokens with TokenSuccess that are still stored.
type TokenReader interface {
	Tokens(ctx context.Context, yield func(Token) bool) error
}

// WithdrawalReader reads the withdrawals of record, by owner.
type WithdrawalReader interface {
	Withdrawals(ctx context.Context, yield func(Withdrawal) bool) error
}

// PacketReader reads the packets of record, by the sender's wallet.
type PacketReader interface {
	Packets(ctx context.Context, yield func(Packet) bool) error
}

// BankReader is the bank's statement: its payments in fen, in the order in which they were made.
type BankReader interface {
	Payments(ctx context.Context, yield func(WithdrawalNo, Money) bool) error
}
