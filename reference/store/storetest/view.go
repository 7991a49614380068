package storetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// walk reads the whole list in pages and returns the numbers in list order.
func walk(t testable, l wallet.Ledger, q wallet.ViewQuery) (nos []wallet.OrderNo) {
	t.Helper()
	q.After = wallet.Cursor{}
	for {
		v := call(l.View(t.Context(), q)).ok(t)
		require.LessOrEqual(t, len(v.Grants), q.Limit)
		for _, e := range v.Grants {
			nos = append(nos, e.Order)
		}
		if len(v.Grants) < q.Limit {
			return nos
		}
		last := v.Grants[q.Limit-1]
		q.After = wallet.Cursor{Opened: last.Opened, Order: last.Order}
	}
}

// newestFirst returns the numbers of credits in the order of the flow list.
func newestFirst(cs []wallet.Credit) (nos []wallet.OrderNo) {
	cs = slices.Clone(cs)
	slices.SortFunc(cs, func(a, b wallet.Credit) int {
		return cmp.Or(cmp.Compare(b.Opened, a.Opened), a.Order.Compare(b.Order))
	})
	for _, c := range cs {
		nos = append(nos, c.Order)
	}
	return nos
}

func viewPages(t *testing.T, l LedgerStore, _ *Clock) {
	var mine []wallet.Credit
	for i := range 30 {
		// Posted neither in the order of winning nor by one wallet; some were won at the same time.
		id := wallet.ActID(i%3 + 1)
		c := credit(number(id, int32(i)), wallet.Money(i+1), time.Duration(i*7%11)*time.Second)
		post(t, l, []wallet.Credit{c}, wallet.PostedNow)
		if id != 2 {
			mine = append(mine, c)
		}
	}
	want := newestFirst(mine)
	q := wallet.ViewQuery{Wallets: []wallet.ActID{3, 1}, Stage: wallet.Official}
	for _, q.Limit = range []int{1, 2, 7, len(want), wallet.MaxPage} {
		require.Equal(t, want, walk(t, l, q), "in pages of %d", q.Limit)
	}
	// A win that arrives during paging is older or newer than the cursor, and does not disturb the pages.
	q.Limit = 5
	v := call(l.View(t.Context(), q)).ok(t)
	last := v.Grants[4]
	q.After = wallet.Cursor{Opened: last.Opened, Order: last.Order}
	before := call(l.View(t.Context(), q)).ok(t)
	newer := credit(number(1, 100), 1, time.Hour)
	post(t, l, []wallet.Credit{newer}, wallet.PostedNow)
	after := call(l.View(t.Context(), q)).ok(t)
	require.Equal(t, before.Grants, after.Grants)
	require.Equal(t, before.Balance+1, after.Balance, "the sums cover everything, whatever the page")
	require.Equal(t, before.Income+1, after.Income)
}

func viewIsOfOneStage(t *testing.T, l LedgerStore, _ *Clock) {
	drill := number(1, 1)
	drill.Stage = wallet.ExternalDrill
	post(t, l, []wallet.Credit{credit(number(1, 1), 100, 0), credit(drill, 7, 0)}, wallet.PostedNow, wallet.PostedNow)
	require.NoError(t, l.Transfer(t.Context(), step(1, wallet.TransferHold, personal(1), holdAccount(1), 60)))
	q := wallet.ViewQuery{Wallets: []wallet.ActID{1}, Stage: wallet.Official, Limit: 10,
		Check: []wallet.OrderNo{drill, number(1, 2), number(2, 1), number(1, 1)}}
	v := call(l.View(t.Context(), q)).ok(t)
	require.EqualValues(t, 40, v.Balance)
	require.EqualValues(t, 100, v.Income, "withdrawn money counts as income")
	require.Len(t, v.Grants, 1, "a withdrawal is not a grant")
	require.Equal(t, []bool{true, false, false, true}, v.Posted, "a check matches the number, whatever the view's stage")
	q.Stage = wallet.ExternalDrill
	v = call(l.View(t.Context(), q)).ok(t)
	require.EqualValues(t, 7, v.Balance)
	require.EqualValues(t, 7, v.Income)
	v = call(l.View(t.Context(), wallet.ViewQuery{Wallets: []wallet.ActID{99}, Stage: wallet.Official, Limit: 1})).ok(t)
	require.Zero(t, v.Balance)
	require.Empty(t, v.Grants)
}

func ledgerBalances(t *testing.T, l LedgerStore, clock *Clock) {
	for i := range 100 {
		post(t, l, []wallet.Credit{credit(number(wallet.ActID(i*37%20+1), int32(i)), wallet.Money(i+1), 0)}, wallet.PostedNow)
	}
	clock.Advance(time.Second)
	hold := step(5, wallet.TransferHold, personal(4), holdAccount(4), 3)
	require.NoError(t, l.Transfer(t.Context(), hold))

	sums := map[wallet.AccountNo]wallet.Money{}
	moves := map[wallet.AccountNo]wallet.Money{}
	orders := map[wallet.OrderNo]bool{}
	last := int64(0)
	require.NoError(t, l.Entries(t.Context(), func(e wallet.Entry) bool {
		require.NotEqual(t, wallet.CostAccount, e.Account.Kind)
		require.GreaterOrEqual(t, e.Account.Owner, last)
		last = e.Account.Owner
		sums[e.Account] += e.Amount
		if e.Transfer != (wallet.TransferNo{}) {
			require.Equal(t, hold.No, e.Transfer)
			require.Zero(t, e.Order)
			require.Equal(t, clock.Now(), e.Posted)
			moves[e.Account] += e.Amount
			return true
		}
		require.False(t, orders[e.Order])
		require.EqualValues(t, e.Account.Owner, e.Order.ActID)
		orders[e.Order] = true
		return true
	}))
	require.Len(t, orders, 100)
	require.Equal(t, map[wallet.AccountNo]wallet.Money{personal(4): -3, holdAccount(4): 3}, moves)

	last = -1
	require.NoError(t, l.Balances(t.Context(), func(a wallet.AccountNo, m wallet.Money) bool {
		if a.Kind == wallet.CostAccount {
			require.Negative(t, last, "cost accounts come first")
			return true
		}
		require.GreaterOrEqual(t, a.Owner, last)
		last = a.Owner
		require.Equal(t, sums[a], m, "%+v", a)
		delete(sums, a)
		return true
	}))
	require.Empty(t, sums, "every account with entries has a balance")
	require.EqualValues(t, -100*101/2, costs(t, l, wallet.Official))

	for _, stop := range []int{1, CostAccounts*wallet.Stages + 2} {
		n := 0
		require.NoError(t, l.Balances(t.Context(), func(wallet.AccountNo, wallet.Money) bool { n++; return n < stop }))
		require.Equal(t, stop, n, "reading stops when yield returns false")
	}
	stopsAfter(t, 2, l.Entries)
}

// ledgerModel compares the ledger with plain maps over random sequences of posts and transfers of three wallets, and
// its views with a naive merge.
func ledgerModel(t *rapid.T, l LedgerStore, clock *Clock) {
	model := map[wallet.OrderNo]wallet.Credit{}
	balances := map[wallet.AccountNo]wallet.Money{}
	moves := map[int64]wallet.Transfer{}
	refused := map[int64]bool{}
	owners := rapid.IntRange(1, 3)
	for range rapid.IntRange(1, 20).Draw(t, "steps") {
		clock.Advance(time.Second)
		if rapid.IntRange(0, 2).Draw(t, "op") == 0 {
			id := wallet.ActID(owners.Draw(t, "owner"))
			request := rapid.Int64Range(1, 4).Draw(t, "request")
			tr := step(request, wallet.TransferHold, personal(id), holdAccount(id), wallet.Money(rapid.Int64Range(1, 30).Draw(t, "fen")))
			err := l.Transfer(t.Context(), tr)
			made, known := moves[request]
			switch {
			case refused[request]:
				require.ErrorIs(t, err, wallet.ErrInsufficient)
			case known && slices.Equal(made.Legs, tr.Legs):
				require.NoError(t, err)
			case known:
				require.ErrorIs(t, err, wallet.ErrConflict)
			case balances[personal(id)] < tr.Legs[1].Amount:
				require.ErrorIs(t, err, wallet.ErrInsufficient)
				refused[request] = true
			default:
				require.NoError(t, err)
				moves[request] = tr
				balances[personal(id)] -= tr.Legs[1].Amount
				balances[holdAccount(id)] += tr.Legs[1].Amount
			}
			continue
		}
		var batch []wallet.Credit
		var want []wallet.PostOutcome
		for range rapid.IntRange(1, 4).Draw(t, "batch") {
			id := wallet.ActID(owners.Draw(t, "owner"))
			c := credit(number(id, int32(rapid.IntRange(1, 4).Draw(t, "rain"))), wallet.Money(rapid.Int64Range(1, 20).Draw(t, "fen")),
				time.Duration(rapid.IntRange(0, 3).Draw(t, "opened"))*time.Second)
			batch = append(batch, c)
			was, known := model[c.Order]
			switch {
			case known && was.Amount == c.Amount:
				want = append(want, wallet.PostedBefore)
			case known:
				want = append(want, wallet.PostRefused)
			default:
				want = append(want, wallet.PostedNow)
				model[c.Order] = c
				balances[personal(id)] += c.Amount
			}
		}
		post(t, l, batch, want...)
	}
	compareLedger(t, l, model, balances)
}

// compareLedger compares balances, views and cost accounts with the model.
func compareLedger(t *rapid.T, l LedgerStore, model map[wallet.OrderNo]wallet.Credit, balances map[wallet.AccountNo]wallet.Money) {
	var mine []wallet.Credit
	var sum, income wallet.Money
	for _, c := range model {
		if c.Order.ActID != 2 {
			mine = append(mine, c)
			income += c.Amount
		}
	}
	for a, m := range balances {
		balance(t, l, a, m)
		if a.Kind == wallet.PersonalAccount && a.Owner != 2 {
			sum += m
		}
	}
	q := wallet.ViewQuery{Wallets: []wallet.ActID{1, 3}, Stage: wallet.Official, Limit: rapid.IntRange(1, 5).Draw(t, "limit")}
	require.Equal(t, newestFirst(mine), walk(t, l, q))
	v := call(l.View(t.Context(), q)).ok(t)
	require.Equal(t, sum, v.Balance)
	require.Equal(t, income, v.Income)
	costs(t, l, wallet.Official)
}
