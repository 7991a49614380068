package storetest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

var asker = wallet.Account{Family: wallet.ToutiaoFamily, User: 77}

func holdAccount(id wallet.ActID) wallet.AccountNo {
	return wallet.AccountNo{Kind: wallet.HoldAccount, Stage: wallet.Official, Owner: int64(id)}
}

func paidAccount(id wallet.ActID) wallet.AccountNo {
	return wallet.AccountNo{Kind: wallet.PaidAccount, Stage: wallet.Official, Owner: int64(id)}
}

// step returns the transfer of fen between two accounts for a request.
func step(request int64, s wallet.TransferStep, from, to wallet.AccountNo, fen wallet.Money) wallet.Transfer {
	no := wallet.TransferNo{Withdrawal: wallet.WithdrawalNo{Account: asker, Request: request}, Step: s}
	return wallet.Transfer{No: no, Legs: []wallet.Leg{{Account: from, Amount: -fen}, {Account: to, Amount: fen}}}
}

func transferIsIdempotent(t *testing.T, l LedgerStore, _ *Clock) {
	post(t, l, []wallet.Credit{credit(number(1, 1), 100, 0), credit(number(2, 1), 20, 0)}, wallet.PostedNow, wallet.PostedNow)
	// One withdrawal may take from several of a person's wallets.
	hold := step(1, wallet.TransferHold, personal(1), holdAccount(1), 100)
	hold.Legs = append(hold.Legs, step(1, wallet.TransferHold, personal(2), holdAccount(2), 5).Legs...)
	for range 3 {
		require.NoError(t, l.Transfer(t.Context(), hold))
		balance(t, l, personal(1), 0)
		balance(t, l, holdAccount(1), 100)
		balance(t, l, personal(2), 15)
		balance(t, l, holdAccount(2), 5)
	}
	for range 2 {
		require.NoError(t, l.Transfer(t.Context(), step(1, wallet.TransferSettle, holdAccount(1), paidAccount(1), 100)))
		balance(t, l, holdAccount(1), 0)
		balance(t, l, paidAccount(1), 100)
	}
	require.NoError(t, l.Transfer(t.Context(), hold), "repeated after the money has moved on")
	balance(t, l, holdAccount(1), 0)

	for _, c := range []wallet.Transfer{
		step(1, wallet.TransferHold, personal(1), holdAccount(1), 100),    // a leg less
		step(1, wallet.TransferSettle, holdAccount(1), paidAccount(1), 1), // another amount
		step(1, wallet.TransferSettle, holdAccount(2), paidAccount(2), 5), // another owner
		step(1, wallet.TransferSettle, personal(2), paidAccount(1), 100),  // another kind of account
	} {
		require.ErrorIs(t, l.Transfer(t.Context(), c), wallet.ErrConflict)
	}
	// The account, the request and the step are all part of the number.
	other := step(1, wallet.TransferHold, personal(2), holdAccount(2), 1)
	for _, account := range []wallet.Account{{Family: wallet.DouyinFamily, User: 77}, {Family: wallet.ToutiaoFamily, User: 78}} {
		other.No.Withdrawal.Account = account
		require.NoError(t, l.Transfer(t.Context(), other))
	}
	require.NoError(t, l.Transfer(t.Context(), step(2, wallet.TransferHold, personal(2), holdAccount(2), 1)))
	balance(t, l, personal(2), 12)
	require.EqualValues(t, -120, costs(t, l, wallet.Official))
}

func transferNeedsMoney(t *testing.T, l LedgerStore, _ *Clock) {
	post(t, l, []wallet.Credit{credit(number(1, 1), 100, 0), credit(number(2, 1), 20, 0)}, wallet.PostedNow, wallet.PostedNow)
	drill := number(1, 2)
	drill.Stage = wallet.ExternalDrill
	post(t, l, []wallet.Credit{credit(drill, 1000, 0)}, wallet.PostedNow)
	both := step(4, wallet.TransferHold, personal(2), holdAccount(2), 20)
	both.Legs = append(both.Legs, step(4, wallet.TransferHold, personal(1), holdAccount(1), 101).Legs...)
	twice := step(5, wallet.TransferHold, personal(1), holdAccount(1), 60)
	twice.Legs = append(twice.Legs, twice.Legs...)
	cases := []struct {
		transfer wallet.Transfer
		why      string
	}{
		{step(1, wallet.TransferHold, personal(1), holdAccount(1), 101), "one fen too much; the money of the drill does not count"},
		{step(2, wallet.TransferHold, personal(3), holdAccount(3), 1), "an account that was never used"},
		{step(3, wallet.TransferSettle, holdAccount(1), paidAccount(1), 1), "nothing is held"},
		{both, "the first wallet has enough, the second does not: neither pays"},
		{twice, "each of the two legs alone would be covered"},
		{step(6, wallet.TransferHold, personal(1), holdAccount(1), math.MaxInt64), "the largest amount"},
	}
	for _, c := range cases {
		for range 2 {
			require.ErrorIs(t, l.Transfer(t.Context(), c.transfer), wallet.ErrInsufficient, c.why)
			balance(t, l, personal(1), 100)
			balance(t, l, personal(2), 20)
			balance(t, l, holdAccount(1), 0)
			balance(t, l, holdAccount(2), 0)
		}
	}
	// Money that arrives later does not change a recorded result.
	post(t, l, []wallet.Credit{credit(number(1, 3), 1000, 0), credit(number(3, 1), 1000, 0)}, wallet.PostedNow, wallet.PostedNow)
	for _, c := range cases {
		require.ErrorIs(t, l.Transfer(t.Context(), c.transfer), wallet.ErrInsufficient, c.why)
	}
	balance(t, l, personal(1), 1100)
	require.NoError(t, l.Transfer(t.Context(), step(7, wallet.TransferHold, personal(1), holdAccount(1), 1100)), "another number is a new transfer")
	require.NoError(t, l.Transfer(t.Context(), step(1, wallet.TransferSettle, holdAccount(1), paidAccount(1), 101)), "another step is a new transfer too")
	balance(t, l, holdAccount(1), 999)
	costs(t, l, wallet.Official)
}

func transferRefusesNonsense(t *testing.T, l LedgerStore, _ *Clock) {
	post(t, l, []wallet.Credit{credit(number(1, 1), 100, 0)}, wallet.PostedNow)
	uneven := step(1, wallet.TransferHold, personal(1), holdAccount(1), 10)
	uneven.Legs[1].Amount++
	empty := step(1, wallet.TransferHold, personal(1), holdAccount(1), 10)
	empty.Legs = nil
	for _, c := range []wallet.Transfer{
		uneven, // would make money
		empty,  // moves nothing
		step(1, wallet.TransferHold, personal(1), holdAccount(1), 0),
	} {
		require.ErrorIs(t, l.Transfer(t.Context(), c), wallet.ErrInvalid)
	}
	balance(t, l, personal(1), 100)
	require.NoError(t, l.Transfer(t.Context(), step(1, wallet.TransferHold, personal(1), holdAccount(1), 10)))
}

func callersTransferOnce(t *testing.T, l LedgerStore, _ *Clock) {
	const requests, fen = 20, 10
	post(t, l, []wallet.Credit{credit(number(1, 1), requests*fen+fen-1, 0)}, wallet.PostedNow)
	together(t, func(t *testing.T, caller int) {
		for i := range int64(requests) {
			require.NoError(t, l.Transfer(t.Context(), step(i+1, wallet.TransferHold, personal(1), holdAccount(1), fen)))
			// A separate request of each caller, for which the rest is not enough once all common requests are made.
			err := l.Transfer(t.Context(), step(1000+int64(caller), wallet.TransferHold, personal(1), holdAccount(1), requests*fen+fen))
			require.ErrorIs(t, err, wallet.ErrInsufficient)
		}
	})
	balance(t, l, personal(1), fen-1)
	balance(t, l, holdAccount(1), requests*fen)
}

// pooled returns the hold of a person who has joined several wallets.
func pooled(request int64, fen wallet.Money, pool ...wallet.AccountNo) wallet.Transfer {
	no := wallet.TransferNo{Withdrawal: wallet.WithdrawalNo{Account: asker, Request: request}, Step: wallet.TransferHold}
	return wallet.Transfer{No: no, Legs: []wallet.Leg{{Account: holdAccount(1), Amount: fen}}, Pool: pool, Take: fen}
}

func transferTakesFromPool(t *testing.T, l LedgerStore, _ *Clock) {
	post(t, l, []wallet.Credit{credit(number(1, 1), 10, 0), credit(number(3, 1), 20, 0)}, wallet.PostedNow, wallet.PostedNow)
	wallets := []wallet.AccountNo{personal(1), personal(2), personal(3)} // the second wallet is empty
	for range 2 {
		require.NoError(t, l.Transfer(t.Context(), pooled(1, 25, wallets...)), "the first pays all it has, the last the rest")
		balance(t, l, personal(1), 0)
		balance(t, l, personal(3), 5)
		balance(t, l, holdAccount(1), 25)
	}
	require.ErrorIs(t, l.Transfer(t.Context(), pooled(1, 24, wallets...)), wallet.ErrConflict)
	require.ErrorIs(t, l.Transfer(t.Context(), pooled(2, 6, wallets...)), wallet.ErrInsufficient, "the pool has five")
	balance(t, l, personal(3), 5)
	require.NoError(t, l.Transfer(t.Context(), pooled(3, 5, wallets...)))
	post(t, l, []wallet.Credit{credit(number(2, 1), 6, 0)}, wallet.PostedNow)
	require.ErrorIs(t, l.Transfer(t.Context(), pooled(2, 6, wallets...)), wallet.ErrInsufficient, "the first result is final")

	for name, bad := range map[string]wallet.Transfer{
		"no pool to take from":     pooled(4, 1),
		"nothing to take":          pooled(4, 0, personal(1)),
		"a wallet twice":           pooled(4, 1, personal(2), personal(2)),
		"not a personal account":   pooled(4, 1, holdAccount(1)),
		"less taken than its legs": {No: pooled(4, 1).No, Legs: pooled(4, 2).Legs, Pool: wallets, Take: 1},
		"takes a negative amount":  pooled(4, -1, wallets...),
		"an invalid account":       pooled(4, 1, wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: 9, Owner: 1}),
	} {
		require.ErrorIs(t, l.Transfer(t.Context(), bad), wallet.ErrInvalid, name)
	}
	costs(t, l, wallet.Official)
}
