package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// WithdrawalStore is the set of ports of a store of withdrawals.
type WithdrawalStore interface {
	wallet.Withdrawals
	wallet.WithdrawalReader
}

// asked returns a withdrawal of asker from wallets 5 and 6.
func asked(request int64, after time.Duration) wallet.Withdrawal {
	return wallet.Withdrawal{No: wallet.WithdrawalNo{Account: asker, Request: request}, Owner: 5, Stage: wallet.Official, Amount: 30,
		Wallets: []wallet.ActID{5, 6},
		Created: eve.Add(after), State: wallet.WithdrawalAsked}
}

// Withdrawals tests an adapter of wallet.Withdrawals and wallet.WithdrawalReader.
func Withdrawals(t *testing.T, open func(t *testing.T) WithdrawalStore) {
	t.Run("create is idempotent", func(t *testing.T) { withdrawalOnce(t, open(t)) })
	t.Run("advance moves forward only", func(t *testing.T) { advanceMovesForward(t, open(t)) })
	t.Run("of lists the newest first", func(t *testing.T) { withdrawalsOf(t, open(t)) })
	t.Run("unfinished finds the oldest", func(t *testing.T) { unfinishedFindsOldest(t, open(t)) })
	t.Run("unfinished walks from place to place", func(t *testing.T) { withdrawalsPass(t, open(t)) })
	t.Run("walks like a map", func(t *testing.T) {
		s, run := open(t), 0
		rapid.Check(t, func(rt *rapid.T) { run++; withdrawalsModel(rt, s, run) })
	})
	t.Run("reader lists by owner", func(t *testing.T) { withdrawalsByOwner(t, open(t)) })
	t.Run("one of many callers creates", func(t *testing.T) { oneAsks(t, open(t)) })
}

func ask(t *testing.T, s WithdrawalStore, w wallet.Withdrawal) {
	t.Helper()
	write(s.Create(t.Context(), w)).records(t, w)
}

func withdrawalOnce(t *testing.T, s WithdrawalStore) {
	want := asked(1, 0)
	ask(t, s, want)
	other := asked(1, time.Hour)
	other.Owner, other.Amount, other.Wallets = 9, 1, nil // requested again after the person's wallet has changed
	write(s.Create(t.Context(), other)).keeps(t, want, "the first record is kept, with its wallets")

	for i, no := range []wallet.WithdrawalNo{
		{Account: asker, Request: 2},
		{Account: wallet.Account{Family: asker.Family, User: asker.User + 1}, Request: 1},
		{Account: wallet.Account{Family: wallet.DouyinFamily, User: asker.User}, Request: 1},
	} {
		w := asked(1, time.Duration(i)*time.Second)
		w.No = no
		ask(t, s, w)
	}
}

func advanceMovesForward(t *testing.T, s WithdrawalStore) {
	const held, paid, refused = wallet.WithdrawalHeld, wallet.WithdrawalPaid, wallet.WithdrawalRefused
	const declined, returned, limited = wallet.WithdrawalDeclined, wallet.WithdrawalReturned, wallet.WithdrawalLimited
	for i, c := range []struct {
		steps []wallet.WithdrawalState
		want  wallet.WithdrawalState
	}{
		{nil, wallet.WithdrawalAsked},
		{[]wallet.WithdrawalState{held}, held},
		{[]wallet.WithdrawalState{held, held, wallet.WithdrawalAsked}, held}, // repeated, and a late step
		{[]wallet.WithdrawalState{held, paid}, paid},
		{[]wallet.WithdrawalState{held, paid, held, refused}, paid},    // final is final
		{[]wallet.WithdrawalState{refused, held, paid, held}, refused}, // the other final states too
		{[]wallet.WithdrawalState{limited, held, paid}, limited},
		{[]wallet.WithdrawalState{held, declined, paid, held}, declined}, // a withdrawal that the bank declined is not paid any more
		{[]wallet.WithdrawalState{held, declined, returned, declined, limited}, returned},
	} {
		w := asked(int64(i+1), 0)
		ask(t, s, w)
		for _, to := range c.steps {
			require.NoError(t, s.Advance(t.Context(), w.No, to))
		}
		got := write(s.Create(t.Context(), w)).ok(t)
		w.State = c.want
		require.Equal(t, w, got, "case %d", i)
		call(s.Get(t.Context(), w.No)).returns(t, w, "case %d", i)
		open := first(s.Unfinished(t.Context(), wallet.Never, 0, 100)).ok(t)
		require.Equal(t, !w.State.Final(), slices.ContainsFunc(open, func(o wallet.Withdrawal) bool { return o.No == w.No }), "case %d", i)
	}
	require.ErrorIs(t, s.Advance(t.Context(), asked(99, 0).No, held), wallet.ErrNotFound)
	call(s.Get(t.Context(), asked(99, 0).No)).fails(t, wallet.ErrNotFound)
}

func withdrawalsOf(t *testing.T, s WithdrawalStore) {
	var want []wallet.Withdrawal
	for i := range 20 {
		w := asked(int64(i+1), time.Duration(i*7%20)*time.Minute)
		w.Owner = wallet.ActID(5 + i%2)
		if i%3 == 0 {
			w.Stage = wallet.ExternalDrill
		}
		ask(t, s, w)
		if w.Owner == 5 && w.Stage == wallet.Official {
			want = append(want, w)
		}
	}
	slices.SortFunc(want, func(a, b wallet.Withdrawal) int { return int(b.Created - a.Created) })
	for _, limit := range []int{1, 3, len(want), 100} {
		call(s.Of(t.Context(), 5, wallet.Official, limit)).returns(t, want[:min(limit, len(want))])
	}
	require.Empty(t, call(s.Of(t.Context(), 5, wallet.InternalTest, 10)).ok(t))
}

func unfinishedFindsOldest(t *testing.T, s WithdrawalStore) {
	var all []wallet.Withdrawal
	for i := range 50 {
		w := asked(int64(i+1), time.Duration(i)*time.Minute)
		ask(t, s, w)
		all = append(all, w)
	}
	expect := func(before wallet.Instant, limit int, want []wallet.Withdrawal) {
		t.Helper()
		got := first(s.Unfinished(t.Context(), before, 0, limit)).ok(t)
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, want[i], got[i])
		}
	}
	expect(eve, 10, nil)
	expect(eve+1, 10, all[:1])
	expect(wallet.Never, 10, all[:10])
	expect(wallet.Never, 100, all)
	for i := range all {
		to := wallet.WithdrawalPaid
		if i%2 == 0 {
			to = wallet.WithdrawalRefused
		}
		if i == 40 {
			to = wallet.WithdrawalHeld // may have been paid: it is not finished
			all[i].State = to
		}
		require.NoError(t, s.Advance(t.Context(), all[i].No, to))
	}
	expect(wallet.Never, 10, all[40:41])
}

func withdrawalsByOwner(t *testing.T, s WithdrawalStore) {
	want := map[wallet.WithdrawalNo]wallet.Withdrawal{}
	for i := range 60 {
		w := asked(int64(i+1), 0)
		w.Owner = wallet.ActID(i*37%20 + 1)
		ask(t, s, w)
		want[w.No] = w
	}
	checkReader(t, want, func(w wallet.Withdrawal) wallet.WithdrawalNo { return w.No },
		func(last, next wallet.Withdrawal) bool { return last.Owner <= next.Owner }, s.Withdrawals)
}

func oneAsks(t *testing.T, s WithdrawalStore) {
	const requests = 50
	onceEach(t, requests, func(t *testing.T, caller, i int) bool {
		w := asked(int64(i+1), 0)
		w.Amount = wallet.Money(caller + 1)
		got, isNew, err := s.Create(t.Context(), w)
		require.NoError(t, err)
		require.Equal(t, w.No, got.No)
		if isNew {
			require.Equal(t, w.Amount, got.Amount)
		}
		require.NoError(t, s.Advance(t.Context(), w.No, wallet.WithdrawalHeld))
		return isNew
	})
	got, next, err := s.Unfinished(t.Context(), wallet.Never, 0, 2*requests)
	require.NoError(t, err)
	require.Zero(t, next)
	require.Len(t, got, requests)
}
