package oracle

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// readPage reads the first page; spoil may falsify it.
func (m *model) readPage(p Person, app wallet.App, limit int, spoil func(*wallet.Page)) wallet.Page {
	r := wallet.PageRequest{Caller: m.caller(p, app), At: m.now, Limit: limit}
	id := m.PageSent(p, r, m.tick())
	page := m.page(r)
	if spoil != nil {
		spoil(&page)
	}
	m.PageAnswered(id, page, nil, m.tick())
	return page
}

// walkAll reads the whole list in pages of limit lines; between runs after each page, spoil may falsify it.
func (m *model) walkAll(p Person, app wallet.App, limit int, between func(), spoil func(int, *wallet.Page)) {
	r := wallet.PageRequest{Caller: m.caller(p, app), At: m.now, Limit: limit}
	walk := m.WalkSent(p, r, m.tick())
	for n := 0; ; n++ {
		id := m.PageSent(p, r, m.tick())
		page := m.page(r)
		if spoil != nil {
			spoil(n, &page)
		}
		m.PageAnswered(id, page, nil, m.tick())
		m.WalkPage(walk, page, nil, m.now)
		if page.Next == (wallet.Cursor{}) {
			break
		}
		r.After = page.Next
		if between != nil {
			between()
		}
	}
	m.WalkEnd(walk, m.tick())
}

// ask sends a withdrawal.
func (m *model) ask(p Person, app wallet.App, amount wallet.Money) (WithdrawID, wallet.WithdrawRequest) {
	m.requests++
	r := wallet.WithdrawRequest{Caller: m.caller(p, app), Request: m.requests, Amount: amount, At: m.tick()}
	return m.WithdrawSent(p, r, m.now), r
}

// payOut withdraws like a correct wallet: it posts what is due first, and pays only what is available.
func (m *model) payOut(r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	no := wallet.WithdrawalNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request}
	wallets, stage := m.of(r.Caller), m.stage(r.At)
	free := map[wallet.ActID]wallet.Money{}
	var due wallet.Money
	for _, o := range m.orders {
		if slices.Contains(wallets, o.No.ActID) && o.No.Stage == stage {
			m.post(o)
			free[o.No.ActID] += o.Amount
			due += o.Amount
		}
	}
	for _, w := range m.payouts {
		if w.Stage != stage || w.State == wallet.WithdrawalReturned {
			continue
		}
		for _, l := range w.gave {
			if slices.Contains(wallets, wallet.ActID(l.Account.Owner)) {
				free[wallet.ActID(l.Account.Owner)] -= l.Amount
				due -= l.Amount
			}
		}
	}
	if r.Amount > due {
		return wallet.WithdrawReply{}, wallet.ErrInsufficient
	}
	w := &payout{held: m.tick(), Withdrawal: wallet.Withdrawal{No: no, Owner: wallets[0], Stage: stage, Amount: r.Amount, Created: m.now, State: wallet.WithdrawalPaid}}
	left := r.Amount
	for _, id := range wallets {
		if part := min(left, free[id]); part > 0 {
			w.gave = append(w.gave, wallet.Leg{Account: wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: stage, Owner: int64(id)}, Amount: part})
			left -= part
		}
	}
	m.payouts = append(m.payouts, w)
	if m.declines[no] {
		w.State, w.back = wallet.WithdrawalReturned, m.tick()
		return wallet.WithdrawReply{}, wallet.ErrDeclined
	}
	return wallet.WithdrawReply{No: no, Amount: r.Amount, State: wallet.WithdrawalPaid}, nil
}

// withdraw sends a withdrawal and records its answer.
func (m *model) withdraw(p Person, app wallet.App, amount wallet.Money) {
	id, r := m.ask(p, app, amount)
	reply, err := m.payOut(r)
	m.WithdrawAnswered(id, reply, err, m.tick())
}

// final drains the model, falsifies its stores and judges them.
func (m *model) final(t require.TestingT, spoil func(*modelStores)) {
	m.postAll()
	b := m.stores()
	if spoil != nil {
		spoil(b)
	}
	b.sort()
	all := Sources{Ledger: b, Orders: b, Tokens: b, Withdrawals: b, Bank: b,
		Spent:    func(s wallet.Stage) (wallet.Money, error) { return b.spent[s], nil },
		Reported: b.reported, ReconcileRan: true, OpenOrders: b.open, BacklogDepth: b.held}
	if m.declines != nil {
		all.Declined = func(no wallet.WithdrawalNo) bool { return m.declines[no] }
	}
	require.NoError(t, m.Final(context.Background(), all))
}

// clean requires that no check failed, and prints the message otherwise.
func (m *model) clean(t require.TestingT) {
	for _, c := range m.Checks() {
		require.Zero(t, c.Violations, "%s: %s", c.Name, c.First)
	}
}

// result returns a check by name.
func (m *model) result(t *testing.T, name string) Check {
	for _, c := range m.Checks() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check is called %q", name)
	return Check{}
}

// advance moves the clock.
func (m *model) advance(d time.Duration) { m.now = m.now.Add(d) }
