package wallet

import "context"

// The books are how auditors read stores: everything, slowly, without changing anything. Each calls yield until it
// returns false. All books list by ascending ActID, so that several can be read side by side in constant memory.

// LedgerBook reads a ledger.
type LedgerBook interface {
	// Entries lists every entry of personal, hold, paid and packet accounts, by owner.
	Entries(ctx context.Context, yield func(Entry) bool) error
	// Balances lists every account, the cost accounts first.
	Balances(ctx context.Context, yield func(AccountNo, Money) bool) error
}

// OrderBook reads the orders of record, by owner.
type OrderBook interface {
	Orders(ctx context.Context, yield func(Order) bool) error
}

// TokenBook reads the token lists, by owner; those with TokenSuccess too, as long as they are kept.
type TokenBook interface {
	Tokens(ctx context.Context, yield func(Token) bool) error
}

// WithdrawalBook reads the withdrawals of record, by owner.
type WithdrawalBook interface {
	Withdrawals(ctx context.Context, yield func(Withdrawal) bool) error
}

// PacketBook reads the packets of record, by their senders' wallets.
type PacketBook interface {
	Packets(ctx context.Context, yield func(Packet) bool) error
}

// BankBook is the bank's statement: what it paid out, in the order it did.
type BankBook interface {
	Payments(ctx context.Context, yield func(WithdrawalNo, Money) bool) error
}
