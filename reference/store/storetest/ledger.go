package storetest

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// LedgerStore is the set of ports of a ledger.
type LedgerStore interface {
	wallet.Ledger
	wallet.LedgerReader
}

// CostAccounts is the number of cost sub-accounts per stage of a ledger under test.
const CostAccounts = 3

// Ledger tests an adapter of wallet.Ledger and wallet.LedgerReader. open must use CostAccounts and the clock.
func Ledger(t *testing.T, open func(t *testing.T, clock *Clock) LedgerStore) {
	story := func(name string, run func(*testing.T, LedgerStore, *Clock)) {
		t.Run(name, func(t *testing.T) {
			clock := NewClock()
			run(t, open(t, clock), clock)
		})
	}
	story("post writes each order once", postsOnce)
	story("post is all or nothing", postsAllOrNothing)
	story("post takes large batches", postsLargeBatches)
	story("entries carry their times", entriesCarryTimes)
	story("many callers post once", callersPostOnce)
	story("transfer is idempotent", transferIsIdempotent)
	story("transfer needs the money", transferNeedsMoney)
	story("transfer takes from a pool", transferTakesFromPool)
	story("transfer refuses nonsense", transferRefusesNonsense)
	story("transfer moves packets", transferMovesPackets)
	story("transfer refuses numbers", transferRefusesNumbers)
	story("many callers transfer once", callersTransferOnce)
	story("view pages through several wallets", viewPages)
	story("view is of one stage", viewIsOfOneStage)
	story("entries and balances agree", ledgerBalances)
	t.Run("model", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			clock := NewClock()
			ledgerModel(rt, open(t, clock), clock)
		})
	})
}

func personal(id wallet.ActID) wallet.AccountNo {
	return wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: int64(id)}
}

func balance(t testable, l LedgerStore, a wallet.AccountNo, want wallet.Money) {
	t.Helper()
	var got wallet.Money // zero for an account that is not listed
	require.NoError(t, l.Balances(t.Context(), func(b wallet.AccountNo, m wallet.Money) bool {
		if a == b {
			got = m
		}
		return a != b
	}))
	require.Equal(t, want, got, "balance of %+v", a)
}

func post(t testable, l wallet.Ledger, batch []wallet.Credit, want ...wallet.PostOutcome) {
	t.Helper()
	call(l.Post(t.Context(), batch)).returns(t, want)
}

// costs returns the sum over all cost accounts of a stage, and requires that all accounts of all stages sum to zero
// (F1).
func costs(t testable, l LedgerStore, stage wallet.Stage) (sum wallet.Money) {
	t.Helper()
	var all wallet.Money
	require.NoError(t, l.Balances(t.Context(), func(a wallet.AccountNo, m wallet.Money) bool {
		all += m
		if a.Kind == wallet.CostAccount && a.Stage == stage {
			sum += m
		}
		return true
	}))
	require.Zero(t, all, "the ledger sums to zero")
	return sum
}

func postsOnce(t *testing.T, l LedgerStore, _ *Clock) {
	const now, before, refused = wallet.PostedNow, wallet.PostedBefore, wallet.PostRefused
	a, b := credit(number(1, 1), 30, 0), credit(number(2, 1), 50, 0)
	other := a
	other.Amount = 31
	balance(t, l, personal(1), 0)
	post(t, l, []wallet.Credit{a}, now)
	post(t, l, []wallet.Credit{a}, before)
	post(t, l, []wallet.Credit{other}, refused)
	post(t, l, []wallet.Credit{a, b, other, b}, before, now, refused, before)
	later := b
	later.Opened++ // the amount decides; the time of the win is not part of the identity
	post(t, l, []wallet.Credit{later}, before)
	balance(t, l, personal(1), 30)
	balance(t, l, personal(2), 50)
	require.EqualValues(t, -80, costs(t, l, wallet.Official))

	for i, no := range neighbours(a.Order) {
		if i == 0 {
			continue // that is order b
		}
		post(t, l, []wallet.Credit{credit(no, 7, 0)}, now)
	}
	balance(t, l, personal(1), 30+3*7)
	balance(t, l, wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.ExternalDrill, Owner: 1}, 7)
	require.EqualValues(t, -7, costs(t, l, wallet.ExternalDrill))
	require.Empty(t, call(l.Post(t.Context(), nil)).ok(t))
}

func postsAllOrNothing(t *testing.T, l LedgerStore, _ *Clock) {
	good := credit(number(1, 1), 30, 0)
	post(t, l, []wallet.Credit{good}, wallet.PostedNow)
	for _, c := range []struct {
		bad  wallet.Credit
		want error
	}{
		{credit(number(1, 9), 0, 0), wallet.ErrInvalid},              // zero is not a grant
		{credit(number(1, 9), -5, 0), wallet.ErrInvalid},             // a negative amount is not one either
		{credit(number(1, 9), math.MaxInt64, 0), wallet.ErrOverflow}, // the balance would wrap
	} {
		batch := []wallet.Credit{credit(number(1, 2), 4, 0), credit(number(3, 1), 5, 0), credit(number(1, 3), 6, 0), good, c.bad}
		call(l.Post(t.Context(), batch)).fails(t, c.want)
		balance(t, l, personal(1), 30)
		balance(t, l, personal(3), 0)
		require.EqualValues(t, -30, costs(t, l, wallet.Official))
	}
	// Two owners' balances fit, but not the sum that the batch takes from the cost account.
	call(l.Post(t.Context(), []wallet.Credit{credit(number(4, 1), math.MaxInt64, 0), credit(number(5, 1), math.MaxInt64, 0)})).fails(t, wallet.ErrOverflow)
	balance(t, l, personal(4), 0)
	post(t, l, []wallet.Credit{credit(number(1, 2), 4, 0), credit(number(3, 1), 5, 0)}, wallet.PostedNow, wallet.PostedNow)
	v, err := l.View(t.Context(), wallet.ViewQuery{Wallets: []wallet.ActID{1}, Stage: wallet.Official, Limit: 10,
		Check: []wallet.OrderNo{number(1, 1), number(1, 2), number(1, 3), number(1, 9)}})
	require.NoError(t, err)
	require.Equal(t, []bool{true, true, false, false}, v.Posted)
	require.Len(t, v.Grants, 2)
}

func postsLargeBatches(t *testing.T, l LedgerStore, _ *Clock) {
	const many = 2000
	batch := make([]wallet.Credit, many)
	want := make([]wallet.PostOutcome, many)
	for i := range batch {
		batch[i], want[i] = credit(number(wallet.ActID(i%500+1), int32(i)), wallet.Money(i+1), 0), wallet.PostedNow
	}
	post(t, l, batch, want...)
	for i := range want {
		want[i] = wallet.PostedBefore
	}
	post(t, l, batch, want...)
	require.EqualValues(t, -many*(many+1)/2, costs(t, l, wallet.Official))
}

func entriesCarryTimes(t *testing.T, l LedgerStore, clock *Clock) {
	a, b := credit(number(1, 1), 30, time.Minute), credit(number(1, 2), 50, time.Second)
	post(t, l, []wallet.Credit{a}, wallet.PostedNow)
	first := clock.Now()
	clock.Advance(time.Hour)
	post(t, l, []wallet.Credit{a, b}, wallet.PostedBefore, wallet.PostedNow)
	v := call(l.View(t.Context(), wallet.ViewQuery{Wallets: []wallet.ActID{1}, Stage: wallet.Official, Limit: 10})).ok(t)
	require.Equal(t, []wallet.Entry{
		{Account: personal(1), Amount: 30, Order: a.Order, Opened: a.Opened, Posted: first},
		{Account: personal(1), Amount: 50, Order: b.Order, Opened: b.Opened, Posted: clock.Now()},
	}, v.Grants)
}

func callersPostOnce(t *testing.T, l LedgerStore, _ *Clock) {
	const orders = 100
	written := make([][]wallet.PostOutcome, callers)
	together(t, func(t *testing.T, caller int) {
		for i := range orders {
			// Each caller posts the same orders, two at a time, from a different start.
			n := (i + caller*7) % orders
			batch := []wallet.Credit{credit(number(wallet.ActID(n+1), 1), 9, 0), credit(number(wallet.ActID((n+1)%orders+1), 1), 9, 0)}
			got := call(l.Post(t.Context(), batch)).ok(t)
			written[caller] = append(written[caller], got...)
		}
	})
	now := 0
	for _, posted := range written {
		for _, p := range posted {
			require.NotEqual(t, wallet.PostRefused, p)
			if p == wallet.PostedNow {
				now++
			}
		}
	}
	require.Equal(t, orders, now, "each order is written by one call")
	require.EqualValues(t, -9*orders, costs(t, l, wallet.Official))
}
