package node_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"hongbao/reference/reconcile"
	"hongbao/reference/wallet"
)

// dump lists the data of every store.
func (s *storyRunner) dump(*args) string {
	var out strings.Builder
	fail := func(err error) { require.NoError(s.t, err) }
	fail(s.orders.Orders(s.ctx, func(o wallet.Order) bool {
		fmt.Fprintf(&out, "order %s %d fen %s\n", o.No, o.Amount, orderState(o.State))
		return true
	}))
	fail(s.tokens.Tokens(s.ctx, func(t wallet.Token) bool {
		fmt.Fprintf(&out, "token %s %d fen %s\n", t.Order, t.Amount, statusName(t.Status))
		return true
	}))
	sum := wallet.Money(0)
	fail(s.ledger.Balances(s.ctx, func(a wallet.AccountNo, m wallet.Money) bool {
		sum += m
		if a.Kind != wallet.CostAccount {
			fmt.Fprintf(&out, "account %s %d of %s: %d fen\n", [...]string{"", "cost", "personal", "hold", "paid"}[a.Kind], a.Owner, a.Stage, m)
		}
		return true
	}))
	require.Zero(s.t, sum, "the sum of all accounts is always zero (F1)")
	fail(s.withdrawals.Withdrawals(s.ctx, func(w wallet.Withdrawal) bool {
		fmt.Fprintf(&out, "withdrawal %s %d fen %s\n", w.No, w.Amount, withdrawalState(w.State))
		return true
	}))
	fail(s.bank.Payments(s.ctx, func(no wallet.WithdrawalNo, m wallet.Money) bool {
		fmt.Fprintf(&out, "bank %s %d fen\n", no, m)
		return true
	}))
	for stage := wallet.InternalTest; stage <= wallet.Official; stage++ {
		spent, err := s.budgets.Spent(s.ctx, stage)
		fail(err)
		if spent != 0 {
			fmt.Fprintf(&out, "spent in %s: %d fen\n", stage, spent)
		}
	}
	depth, err := s.backlog.Depth(s.ctx)
	fail(err)
	fmt.Fprintf(&out, "backlog %d\n", depth)
	return out.String()
}

// auditedLedger is the ledger's reader with entries forged by a story.
type auditedLedger struct {
	wallet.LedgerReader
	forged []wallet.Entry
}

// Entries implements wallet.LedgerReader.
func (b auditedLedger) Entries(ctx context.Context, yield func(wallet.Entry) bool) error {
	all := slices.Clone(b.forged)
	if err := b.LedgerReader.Entries(ctx, func(e wallet.Entry) bool { all = append(all, e); return true }); err != nil {
		return err
	}
	slices.SortStableFunc(all, func(x, y wallet.Entry) int { return cmp.Compare(x.Account.Owner, y.Account.Owner) })
	for _, e := range all {
		if !yield(e) {
			break
		}
	}
	return nil
}

func (s *storyRunner) reconcile(*args) string {
	r, err := s.node.Reconcile(s.ctx, reconcile.Sources{Orders: s.orders, Tokens: s.tokens, Ledger: auditedLedger{s.ledger, s.forged}, Spent: s.budgets.Spent})
	var out strings.Builder
	fmt.Fprintf(&out, "%d wallets, %d orders, %d entries: %d differences\n", r.Wallets, r.Orders, r.Entries, r.Count)
	for _, d := range r.Differences {
		fmt.Fprintf(&out, "  %s\n", d)
	}
	return result(err, out.String())
}

func (s *storyRunner) record(a *args) string {
	state := slices.Index([]string{"open", "settled", "void"}, a.text("state", "open"))
	require.GreaterOrEqual(s.t, state, 0, a.command)
	o := wallet.Order{No: a.order(), Amount: a.money("amount", 100), Opened: s.clock.now, Created: s.clock.now, State: wallet.OrderState(state)}
	_, created, err := s.orders.Create(s.ctx, o)
	require.NoError(s.t, err, a.command)
	require.True(s.t, created, a.command)
	return ""
}

func (s *storyRunner) credit(a *args) string {
	_, err := s.ledger.Post(s.ctx, []wallet.Credit{{Order: a.order(), Amount: a.money("amount", 100), Opened: s.clock.now}})
	require.NoError(s.t, err, a.command)
	return ""
}

func (s *storyRunner) token(a *args) string {
	t := wallet.Token{App: wallet.Douyin, Activity: "spring-official", Order: a.order(), Amount: a.money("amount", 100), Opened: s.clock.now}
	require.NoError(s.t, s.tokens.Issue(s.ctx, t), a.command)
	if a.text("status", "issued") == "success" {
		require.NoError(s.t, s.tokens.Mark(s.ctx, []wallet.OrderNo{t.Order}, wallet.TokenSuccess), a.command)
	}
	return ""
}

func (s *storyRunner) reserve(a *args) string {
	require.NoError(s.t, s.budgets.Reserve(s.ctx, a.order(), a.money("amount", 100), 1_000_000), a.command)
	return ""
}

func (s *storyRunner) pay(a *args) string {
	c := a.caller()
	no := wallet.WithdrawalNo{Account: wallet.AccountOf(c.App, c.User), Request: a.int("request", 1)}
	require.NoError(s.t, s.bank.Pay(s.ctx, no, a.money("amount", 100)), a.command)
	return ""
}

func (s *storyRunner) forge(a *args) string {
	no := a.order()
	s.forged = append(s.forged, wallet.Entry{Order: no, Amount: a.money("amount", 100), Opened: s.clock.now,
		Account: wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: a.stage(no.Stage), Owner: a.int("owner", int64(no.ActID))}})
	return ""
}
