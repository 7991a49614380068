package oracle

import (
	"context"
	"fmt"
	"iter"

	"hongbao/reference/wallet"
)

// Sources reads the stores' records and counters after the drain.
type Sources struct {
	Ledger      wallet.LedgerReader
	Orders      wallet.OrderReader
	Tokens      wallet.TokenReader // nil if the strategy uses no tokens
	Withdrawals wallet.WithdrawalReader
	Bank        wallet.BankReader
	Declined    func(wallet.WithdrawalNo) bool // whether the bank has finally declined it; nil: not known
	Spent       func(wallet.Stage) (wallet.Money, error)

	Rewards RewardSources // zero if the run has no such rewards
	Packets PacketSources

	Reported     []wallet.Difference // differences that the wallet's own reconciliation reported
	ReconcileRan bool                // whether that reconciliation ran
	OpenOrders   int64               // orders that compensation still has to settle
	BacklogDepth int64               // postings still held
}

// recordIter reads one store wallet by wallet. Several of them are read in step, in constant memory.
type recordIter[T any] struct {
	next  func() ([]T, bool)
	stop  func()
	owner int64 // of group; ended: no more records
	group []T
	key   func(*T) int64
	err   error
}

// ended is above every ActID.
const ended = int64(1<<63 - 1)

// open starts to read a store; key returns the owner of a record.
func open[T any](key func(*T) int64, read func(yield func(T) bool) error) *recordIter[T] {
	s := &recordIter[T]{key: key}
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
				s.err = fmt.Errorf("oracle: a store lists wallet %d after wallet %d", is, was)
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
func (s *recordIter[T]) advance() {
	group, ok := s.next()
	s.group, s.owner = group, ended
	if ok {
		s.owner = s.key(&group[0])
	}
}

// of returns the records of the wallet, nil if there are none. They stay valid until advance.
func (s *recordIter[T]) of(owner int64) []T {
	if s.owner != owner {
		return nil
	}
	return s.group
}

// skip moves on from the wallet.
func (s *recordIter[T]) skip(owner int64) {
	if s.owner == owner {
		s.advance()
	}
}

// balance is the balance of one account.
type balance struct {
	account wallet.AccountNo
	amount  wallet.Money
}

// costOwner is the owner under which the cost accounts are read. They come first.
const costOwner = 0

// storeIters are the stores that are read in step.
type storeIters struct {
	entries  *recordIter[wallet.Entry]
	balances *recordIter[balance]
	orders   *recordIter[wallet.Order]
	tokens   *recordIter[wallet.Token]
}

// openIters starts to read the four stores.
func openIters(ctx context.Context, b Sources) *storeIters {
	return &storeIters{
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

// each calls fn with every wallet's records, by ascending ActID. It returns the first error of a store.
func (s *storeIters) each(fn func(id int64, l walletRecords)) error {
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
		fn(id, walletRecords{s.entries.of(id), s.balances.of(id), s.orders.of(id), s.tokens.of(id)})
		s.entries.skip(id)
		s.balances.skip(id)
		s.orders.skip(id)
		s.tokens.skip(id)
	}
}

// walletRecords are the records of one wallet in all stores.
type walletRecords struct {
	entries  []wallet.Entry
	balances []balance
	orders   []wallet.Order
	tokens   []wallet.Token
}
