package oracle

import (
	"context"
	"fmt"
	"iter"

	"hongbao/reference/wallet"
)

// Books are the stores' books and counters as they stand after the drain.
type Books struct {
	Ledger      wallet.LedgerBook
	Orders      wallet.OrderBook
	Tokens      wallet.TokenBook // nil where the strategy has none
	Withdrawals wallet.WithdrawalBook
	Bank        wallet.BankBook
	Declined    func(wallet.WithdrawalNo) bool // whether the bank has said no to it for good; nil: nobody can tell
	Spent       func(wallet.Stage) (wallet.Money, error)

	Rewards RewardBooks // zero where there are none
	Packets PacketBooks

	Reported     []wallet.Difference // what the wallet's own reconciliation found
	ReconcileRan bool                // whether it ran at all
	OpenOrders   int64               // orders that compensation still has to settle
	BacklogDepth int64               // postings still held
}

// side is one book, read wallet by wallet, so that several are read side by side in constant memory.
type side[T any] struct {
	next  func() ([]T, bool)
	stop  func()
	owner int64 // of group; ended: no more
	group []T
	key   func(*T) int64
	err   error
}

// ended is above every ActID.
const ended = int64(1<<63 - 1)

// open starts to read a book whose records have the owner that key says.
func open[T any](key func(*T) int64, read func(yield func(T) bool) error) *side[T] {
	s := &side[T]{key: key}
	s.next, s.stop = iter.Pull(func(yield func([]T) bool) {
		var group []T
		stopped := false
		err := read(func(v T) bool {
			group = append(group, v) // First, so that v need not escape.
			last := len(group) - 1
			switch was, is := key(&group[0]), key(&group[last]); {
			case is == was:
				return true
			case is < was:
				s.err = fmt.Errorf("oracle: a book lists wallet %d after wallet %d", is, was)
				return false
			}
			if stopped = !yield(group[:last]); stopped {
				return false
			}
			group[0] = group[last]
			group = group[:1]
			return true
		})
		if s.err == nil {
			s.err = err
		}
		if len(group) > 0 && s.err == nil && !stopped {
			yield(group)
		}
	})
	s.advance()
	return s
}

// advance reads the next wallet's records.
func (s *side[T]) advance() {
	group, ok := s.next()
	s.group, s.owner = group, ended
	if ok {
		s.owner = s.key(&group[0])
	}
}

// of returns the records of the wallet, nil if it has none. They stay valid until advance.
func (s *side[T]) of(owner int64) []T {
	if s.owner != owner {
		return nil
	}
	return s.group
}

// pass moves on from the wallet.
func (s *side[T]) pass(owner int64) {
	if s.owner == owner {
		s.advance()
	}
}

// balance is one account and what it holds.
type balance struct {
	account wallet.AccountNo
	amount  wallet.Money
}

// costOwner is the owner that the cost accounts, which come first, are read under.
const costOwner = 0

// sides are the books that are read side by side.
type sides struct {
	entries  *side[wallet.Entry]
	balances *side[balance]
	orders   *side[wallet.Order]
	tokens   *side[wallet.Token]
}

// openSides starts to read the four books.
func openSides(ctx context.Context, b Books) *sides {
	return &sides{
		entries: open(func(e *wallet.Entry) int64 { return e.Account.Owner }, func(yield func(wallet.Entry) bool) error {
			return b.Ledger.Entries(ctx, yield)
		}),
		balances: open(func(v *balance) int64 {
			if v.account.Kind == wallet.CostAccount {
				return costOwner
			}
			return v.account.Owner
		}, func(yield func(balance) bool) error {
			return b.Ledger.Balances(ctx, func(no wallet.AccountNo, m wallet.Money) bool { return yield(balance{no, m}) })
		}),
		orders: open(func(r *wallet.Order) int64 { return int64(r.No.ActID) }, func(yield func(wallet.Order) bool) error {
			return b.Orders.Orders(ctx, yield)
		}),
		tokens: open(func(t *wallet.Token) int64 { return int64(t.Order.ActID) }, func(yield func(wallet.Token) bool) error {
			if b.Tokens == nil {
				return nil
			}
			return b.Tokens.Tokens(ctx, yield)
		}),
	}
}

// each calls fn with every wallet's records, by ascending ActID. The error is the first that a book ended with.
func (s *sides) each(fn func(id int64, l leaf)) error {
	defer s.entries.stop()
	defer s.balances.stop()
	defer s.orders.stop()
	defer s.tokens.stop()
	for {
		id := min(s.entries.owner, s.balances.owner, s.orders.owner, s.tokens.owner)
		for _, err := range []error{s.entries.err, s.balances.err, s.orders.err, s.tokens.err} {
			if err != nil {
				return err
			}
		}
		if id == ended {
			return nil
		}
		fn(id, leaf{s.entries.of(id), s.balances.of(id), s.orders.of(id), s.tokens.of(id)})
		s.entries.pass(id)
		s.balances.pass(id)
		s.orders.pass(id)
		s.tokens.pass(id)
	}
}

// leaf is what all books say of one wallet.
type leaf struct {
	entries  []wallet.Entry
	balances []balance
	orders   []wallet.Order
	tokens   []wallet.Token
}
