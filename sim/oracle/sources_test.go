package oracle

import (
	"cmp"
	"context"
	"slices"

	"hongbao/reference/wallet"
)

// modelStores are the stores of the model wallet; tests falsify them.
type modelStores struct {
	entries     []wallet.Entry
	balances    []balance
	orders      []wallet.Order
	tokens      []wallet.Token
	withdrawals []wallet.Withdrawal
	payments    []payment
	spent       [wallet.Stages + 1]wallet.Money
	reported    []wallet.Difference
	open, held  int64
}

type payment struct {
	no     wallet.WithdrawalNo
	amount wallet.Money
}

// stores returns the stores of the model.
func (m *model) stores() *modelStores {
	b := &modelStores{}
	for _, o := range m.orders {
		b.orders = append(b.orders, o.Order)
		b.spent[o.No.Stage] += o.Amount
		b.entries = append(b.entries, wallet.Entry{
			Account: wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: o.No.Stage, Owner: int64(o.No.ActID)},
			Amount:  o.Amount, Order: o.No, Opened: o.Opened, Posted: o.posted,
		})
		if m.strategy == wallet.StrategyToken {
			b.tokens = append(b.tokens, wallet.Token{Order: o.No, Amount: o.Amount, Opened: o.Opened, Status: o.status})
		}
	}
	for _, w := range m.payouts {
		b.withdrawals = append(b.withdrawals, w.Withdrawal)
		if w.back == 0 {
			b.payments = append(b.payments, payment{w.No, w.Amount})
		}
		for _, l := range w.gave {
			posted := w.held
			leg := func(step wallet.TransferStep, kind wallet.AccountKind, amount wallet.Money) {
				a := l.Account
				a.Kind = kind
				b.entries = append(b.entries, wallet.Entry{Account: a, Amount: amount, Transfer: wallet.TransferNo{Withdrawal: w.No, Step: step}, Posted: posted})
			}
			leg(wallet.TransferHold, wallet.PersonalAccount, -l.Amount)
			leg(wallet.TransferHold, wallet.HoldAccount, l.Amount)
			if posted = max(w.held, w.back); w.back != 0 {
				leg(wallet.TransferRefund, wallet.HoldAccount, -l.Amount)
				leg(wallet.TransferRefund, wallet.PersonalAccount, l.Amount)
				continue
			}
			leg(wallet.TransferSettle, wallet.HoldAccount, -l.Amount)
			leg(wallet.TransferSettle, wallet.PaidAccount, l.Amount)
		}
	}
	b.balance()
	return b
}

// balance computes all accounts from the entries.
func (b *modelStores) balance() {
	sums := map[wallet.AccountNo]wallet.Money{}
	for _, e := range b.entries {
		sums[e.Account] += e.Amount
		if e.Order != (wallet.OrderNo{}) {
			sums[wallet.AccountNo{Kind: wallet.CostAccount, Stage: e.Account.Stage, Owner: 7}] -= e.Amount
		}
	}
	b.balances = b.balances[:0]
	for a, m := range sums {
		b.balances = append(b.balances, balance{a, m})
	}
	b.sort()
}

// sort puts every store into the order in which stores list their records.
func (b *modelStores) sort() {
	slices.SortStableFunc(b.entries, func(x, y wallet.Entry) int { return cmp.Compare(x.Account.Owner, y.Account.Owner) })
	slices.SortStableFunc(b.balances, func(x, y balance) int {
		cost := func(v balance) int {
			if v.account.Kind == wallet.CostAccount {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(cost(x), cost(y)), cmp.Compare(x.account.Owner, y.account.Owner), cmp.Compare(x.account.Kind, y.account.Kind), cmp.Compare(x.account.Stage, y.account.Stage))
	})
	slices.SortStableFunc(b.orders, func(x, y wallet.Order) int { return cmp.Compare(x.No.ActID, y.No.ActID) })
	slices.SortStableFunc(b.tokens, func(x, y wallet.Token) int { return cmp.Compare(x.Order.ActID, y.Order.ActID) })
}

// grants returns the indexes of the entries of grants.
func (b *modelStores) grants() []int {
	var at []int
	for i, e := range b.entries {
		if e.Order != (wallet.OrderNo{}) {
			at = append(at, i)
		}
	}
	return at
}

func each[T any](all []T, yield func(T) bool) error {
	for _, v := range all {
		if !yield(v) {
			break
		}
	}
	return nil
}

func (b *modelStores) Entries(_ context.Context, yield func(wallet.Entry) bool) error {
	return each(b.entries, yield)
}

func (b *modelStores) Balances(_ context.Context, yield func(wallet.AccountNo, wallet.Money) bool) error {
	return each(b.balances, func(v balance) bool { return yield(v.account, v.amount) })
}

func (b *modelStores) Orders(_ context.Context, yield func(wallet.Order) bool) error {
	return each(b.orders, yield)
}

func (b *modelStores) Tokens(_ context.Context, yield func(wallet.Token) bool) error {
	return each(b.tokens, yield)
}

func (b *modelStores) Withdrawals(_ context.Context, yield func(wallet.Withdrawal) bool) error {
	return each(b.withdrawals, yield)
}

func (b *modelStores) Payments(_ context.Context, yield func(wallet.WithdrawalNo, wallet.Money) bool) error {
	return each(b.payments, func(p payment) bool { return yield(p.no, p.amount) })
}
