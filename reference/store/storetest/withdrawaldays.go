package storetest

import (
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// WithdrawalDays tests an adapter of wallet.WithdrawalDays.
func WithdrawalDays(t *testing.T, open func(t *testing.T) wallet.WithdrawalDays) {
	t.Run("limits amount and times", func(t *testing.T) { daysAreLimited(t, open(t)) })
	t.Run("a repeat counts once", func(t *testing.T) { countsOnce(t, open(t)) })
	t.Run("many callers stay below", func(t *testing.T) { callersStayBelow(t, open(t)) })
	t.Run("model", func(t *testing.T) { daysModel(t, open(t)) })
}

func daysAreLimited(t *testing.T, d wallet.WithdrawalDays) {
	limit := wallet.DayLimit{Fen: 100, Times: 3}
	for i, c := range []struct {
		why    string
		change func(*wallet.Withdrawal)
		limit  wallet.DayLimit
		want   error
	}{
		{"the first of 30 fen", nil, limit, nil},
		{"60", nil, limit, nil},
		{"71 fen would make 131", func(w *wallet.Withdrawal) { w.Amount = 71 }, limit, wallet.ErrDailyLimit},
		{"a larger limit allows it: 41 make 101", func(w *wallet.Withdrawal) { w.Amount = 41 }, wallet.DayLimit{Fen: 101}, nil},
		{"the third time, however small", func(w *wallet.Withdrawal) { w.Amount = 1 }, wallet.DayLimit{Times: 3}, wallet.ErrDailyLimit},
		{"another stage is counted separately", func(w *wallet.Withdrawal) { w.Stage = wallet.ExternalDrill }, limit, nil},
		{"and so is another day", func(w *wallet.Withdrawal) { w.Created = w.Created.Add(24 * time.Hour) }, limit, nil},
		{"a wallet counts together with the wallets that it joined", func(w *wallet.Withdrawal) { w.Owner = 6 }, limit, wallet.ErrDailyLimit},
		{"alone, it has withdrawn nothing", func(w *wallet.Withdrawal) { w.Owner, w.Wallets = 6, nil }, limit, nil},
		{"its withdrawal counts for the other wallet too", nil, wallet.DayLimit{Times: 4}, wallet.ErrDailyLimit},
		{"one fen above the limit in one withdrawal", func(w *wallet.Withdrawal) { w.Owner, w.Wallets, w.Amount = 7, nil, 101 }, limit, wallet.ErrDailyLimit},
		{"a zero limit is unlimited", func(w *wallet.Withdrawal) { w.Owner, w.Wallets, w.Amount = 7, nil, math.MaxInt64 }, wallet.DayLimit{}, nil},
		{"up to the largest countable amount", func(w *wallet.Withdrawal) { w.Owner, w.Wallets = 7, nil }, wallet.DayLimit{}, wallet.ErrDailyLimit},
	} {
		w := asked(int64(i+1), 0)
		if c.change != nil {
			c.change(&w)
		}
		err := d.Take(t.Context(), w, c.limit)
		require.ErrorIs(t, err, c.want, c.why)
	}
	w := asked(99, 0)
	w.Amount = 0
	require.ErrorIs(t, d.Take(t.Context(), w, limit), wallet.ErrInvalid)
}

func countsOnce(t *testing.T, d wallet.WithdrawalDays) {
	limit := wallet.DayLimit{Times: 1}
	first, second := asked(1, 0), asked(2, time.Second)
	for range 3 {
		require.NoError(t, d.Take(t.Context(), first, limit), "a repeat returns the first result")
		require.ErrorIs(t, d.Take(t.Context(), second, limit), wallet.ErrDailyLimit)
	}
	for range 3 {
		require.NoError(t, d.GiveBack(t.Context(), first))
	}
	require.ErrorIs(t, d.Take(t.Context(), first, limit), wallet.ErrInsufficient, "given back, it is refused")
	require.ErrorIs(t, d.Take(t.Context(), second, limit), wallet.ErrDailyLimit, "a refusal is final")
	require.NoError(t, d.GiveBack(t.Context(), second))
	require.ErrorIs(t, d.Take(t.Context(), second, wallet.DayLimit{}), wallet.ErrDailyLimit, "whatever the limit is now")
	require.NoError(t, d.Take(t.Context(), asked(6, 0), limit), "there is room for another one")
	require.ErrorIs(t, d.Take(t.Context(), asked(3, 0), limit), wallet.ErrDailyLimit, "repeated give-backs count once")
	never := asked(4, 0)
	require.NoError(t, d.GiveBack(t.Context(), never))
	require.ErrorIs(t, d.Take(t.Context(), never, wallet.DayLimit{}), wallet.ErrInsufficient, "given back before it was counted")
	require.NoError(t, d.Take(t.Context(), asked(5, 0), wallet.DayLimit{Times: 2}))
}

func callersStayBelow(t *testing.T, d wallet.WithdrawalDays) {
	const tries, most = 20, 7
	var let atomic.Int64
	together(t, func(t *testing.T, caller int) {
		for i := range int64(tries) {
			w := asked(int64(caller)*tries+i+1, 0)
			switch err := d.Take(t.Context(), w, wallet.DayLimit{Times: most}); {
			case err == nil:
				let.Add(1)
			default:
				require.ErrorIs(t, err, wallet.ErrDailyLimit)
			}
		}
	})
	require.EqualValues(t, most, let.Load())
}

// daysModel compares the counts with a plain list of the counted withdrawals.
func daysModel(t *testing.T, d wallet.WithdrawalDays) {
	request, round := int64(0), wallet.ActID(0)
	rapid.Check(t, func(t *rapid.T) {
		round++
		base := 10 * round // wallets of this round
		var known, counting []wallet.Withdrawal
		results := map[wallet.WithdrawalNo]error{} // result of Take for the known ones
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			var w wallet.Withdrawal
			if len(known) > 0 && rapid.Bool().Draw(t, "repeat") {
				w = rapid.SampledFrom(known).Draw(t, "which")
			} else {
				request++
				w = asked(request, time.Duration(rapid.IntRange(0, 1).Draw(t, "day"))*24*time.Hour)
				w.Amount = wallet.Money(rapid.Int64Range(1, 5).Draw(t, "fen"))
				w.Owner = base + wallet.ActID(rapid.IntRange(0, 3).Draw(t, "owner"))
				w.Wallets = []wallet.ActID{w.Owner}
				if w.Owner != base+3 && rapid.Bool().Draw(t, "joined") {
					w.Wallets = append(w.Wallets, base+3)
				}
				known = append(known, w)
			}
			want, decided := results[w.No]
			if rapid.IntRange(0, 3).Draw(t, "back") == 0 {
				require.NoError(t, d.GiveBack(t.Context(), w))
				if !decided || want == nil {
					results[w.No] = wallet.ErrInsufficient
				}
				counting = slices.DeleteFunc(counting, func(c wallet.Withdrawal) bool { return c.No == w.No })
				continue
			}
			limit := wallet.DayLimit{Fen: wallet.Money(rapid.Int64Range(0, 12).Draw(t, "limit")), Times: rapid.IntRange(0, 4).Draw(t, "times")}
			sum, times := w.Amount, 1
			for _, c := range counting {
				if c.Created.Day() == w.Created.Day() && (c.Owner == w.Owner || len(w.Wallets) > 1 && c.Owner == w.Wallets[1]) {
					sum, times = sum+c.Amount, times+1
				}
			}
			switch {
			case decided:
			case limit.Fen > 0 && sum > limit.Fen || limit.Times > 0 && times > limit.Times:
				want = wallet.ErrDailyLimit
			default:
				counting = append(counting, w)
			}
			results[w.No] = want
			require.ErrorIs(t, d.Take(t.Context(), w, limit), want)
		}
	})
}
