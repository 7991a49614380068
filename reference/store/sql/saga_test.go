package sqlstore

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// personalOf, holdOf and packetOf return accounts of the official stage.
func personalOf(id int64) wallet.AccountNo {
	return wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: id}
}

func holdOf(id int64) wallet.AccountNo {
	return wallet.AccountNo{Kind: wallet.HoldAccount, Stage: wallet.Official, Owner: id}
}

func packetOf(id int64) wallet.AccountNo {
	return wallet.AccountNo{Kind: wallet.PacketAccount, Stage: wallet.Official, Owner: id}
}

// pooled returns the hold of an amount from several wallets for the first one.
func pooled(user, request int64, amount wallet.Money, wallets ...int64) wallet.Transfer {
	no := wallet.TransferNo{Withdrawal: wallet.WithdrawalNo{Account: wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(user)}, Request: request}, Step: wallet.TransferHold}
	t := wallet.Transfer{No: no, Legs: []wallet.Leg{{Account: holdOf(wallets[0]), Amount: amount}}, Take: amount}
	for _, id := range wallets {
		t.Pool = append(t.Pool, personalOf(id))
	}
	return t
}

// balancesOf returns all balances except those of cost accounts, and requires every shard to sum to zero.
func balancesOf(t require.TestingT, l *Ledger) map[wallet.AccountNo]wallet.Money {
	entries(t, l)
	out := map[wallet.AccountNo]wallet.Money{}
	require.NoError(t, l.Balances(context.Background(), func(a wallet.AccountNo, m wallet.Money) bool {
		if a.Kind != wallet.CostAccount && m != 0 {
			out[a] = m
		}
		return true
	}))
	return out
}

// failing makes a step of a transfer fail before it is executed, when fails returns true.
func failing(l *Ledger, fails func() bool) {
	whole := l.move.apply
	l.move.apply = func(ctx context.Context, t *txn, jobs []*job) error {
		if fails() {
			return wallet.ErrUnavailable
		}
		return whole(ctx, t, jobs)
	}
}

// TestSagaStopsAnywhere interrupts a transfer between shards after each of its steps. The moved money is in transit,
// and repeating the call completes the transfer.
func TestSagaStopsAnywhere(t *testing.T) {
	for _, c := range []struct {
		amount wallet.Money
		want   error
		after  map[wallet.AccountNo]wallet.Money
		steps  int
		why    string
	}{
		{25, nil, map[wallet.AccountNo]wallet.Money{holdOf(1): 25, personalOf(3): 5}, 6, "claim, three draws, decision, one gift"},
		{31, wallet.ErrInsufficient, map[wallet.AccountNo]wallet.Money{personalOf(1): 10, personalOf(3): 20}, 7, "claim, three draws, decision, two returns"},
	} {
		for stop := range c.steps + 1 {
			t.Run(fmt.Sprintf("%s/%d", c.why, stop), func(t *testing.T) {
				l := NewLedger(openSQLiteTest(t, 3), storetest.NewClock(), 1)
				_, err := l.Post(t.Context(), []wallet.Credit{grantTo(1, 1, 10), grantTo(3, 1, 20)})
				require.NoError(t, err)
				made, broken := 0, true
				failing(l, func() bool {
					if broken && made == stop {
						return true
					}
					made++
					return false
				})
				transfer := pooled(5, 1, c.amount, 1, 2, 3) // the second wallet is empty
				err = l.Transfer(t.Context(), transfer)
				switch {
				case stop == c.steps: // it completed
					require.ErrorIs(t, err, c.want)
				case stop < 2:
					require.ErrorIs(t, err, wallet.ErrUnavailable, "no money was moved")
				default:
					require.ErrorIs(t, err, wallet.ErrUnknown)
				}
				var sum wallet.Money
				for _, m := range balancesOf(t, l) {
					sum += m
				}
				require.EqualValues(t, 30, sum, "money in transit is not lost")
				broken = false
				for range 2 {
					require.ErrorIs(t, l.Transfer(t.Context(), transfer), c.want)
					require.Equal(t, c.after, balancesOf(t, l))
				}
				require.GreaterOrEqual(t, made, c.steps)
				other := transfer
				other.Take, other.Legs = 1, []wallet.Leg{{Account: holdOf(1), Amount: 1}}
				err = l.Transfer(t.Context(), other)
				if c.want == nil {
					require.ErrorIs(t, err, wallet.ErrConflict)
				} else {
					require.ErrorIs(t, err, c.want, "once refused, always refused")
				}
				require.Equal(t, c.after, balancesOf(t, l))
			})
		}
	}
}

// TestPoolMayGrowBetweenTries: a person joins another wallet before the repeat. The content of the first call counts.
func TestPoolMayGrowBetweenTries(t *testing.T) {
	l := NewLedger(openSQLiteTest(t, 3), storetest.NewClock(), 1)
	_, err := l.Post(t.Context(), []wallet.Credit{grantTo(1, 1, 10), grantTo(2, 1, 20), grantTo(3, 1, 40)})
	require.NoError(t, err)
	require.NoError(t, l.Transfer(t.Context(), pooled(5, 1, 30, 1, 2)))
	require.NoError(t, l.Transfer(t.Context(), pooled(5, 1, 30, 1, 3, 2)))
	require.Equal(t, map[wallet.AccountNo]wallet.Money{holdOf(1): 30, personalOf(3): 40}, balancesOf(t, l))
}

// TestTransfersOfOneTransactionSeeEachOther: five transfers of 30 of 100 fen, each sent twice, in one group commit.
func TestTransfersOfOneTransactionSeeEachOther(t *testing.T) {
	l := NewLedger(openSQLiteTest(t, 1), storetest.NewClock(), 1)
	_, err := l.Post(t.Context(), []wallet.Credit{grantTo(1, 1, 100)})
	require.NoError(t, err)
	s := l.db.shards[0]
	release := hold(t, s)
	var errs [10]error
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = l.Transfer(context.Background(), pooled(5, int64(i%5), 30, 1)) })
	}
	require.Eventually(t, func() bool { return len(s.queue) == len(errs) }, eventually, tick)
	require.NoError(t, release())
	all.Wait()
	made := 0
	for i, err := range errs {
		require.Equal(t, wallet.CodeOf(errs[i%5]) == wallet.CodeRefused, err != nil, "both get the same result")
		if err == nil {
			made++
		} else {
			require.ErrorIs(t, err, wallet.ErrInsufficient)
		}
	}
	require.Equal(t, 6, made, "three transfers, each reported twice")
	require.Equal(t, map[wallet.AccountNo]wallet.Money{personalOf(1): 10, holdOf(1): 90}, balancesOf(t, l))
}

// TestManyCallersDriveOneSaga: each caller repeats all transfers, from different starts.
func TestManyCallersDriveOneSaga(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		l := NewLedger(open(t), storetest.NewClock(), 3)
		_, err := l.Post(t.Context(), []wallet.Credit{grantTo(1, 1, 100), grantTo(2, 1, 100), grantTo(3, 1, 100)})
		require.NoError(t, err)
		const transfers = 20
		var refused [transfers]atomic.Int32
		var all sync.WaitGroup
		const callers = 6
		for caller := range callers {
			all.Go(func() {
				for i := range int64(transfers) {
					n := (i + int64(caller)*7) % transfers
					err := l.Transfer(context.Background(), pooled(n%4, n, 30, 1+n%3, 1+(n+1)%3, 1+(n+2)%3))
					for range 50 { // an unknown or overloaded call is repeated, as services do
						if err == nil || wallet.CodeOf(err) == wallet.CodeRefused {
							break
						}
						err = l.Transfer(context.Background(), pooled(n%4, n, 30, 1+n%3, 1+(n+1)%3, 1+(n+2)%3))
					}
					if wallet.CodeOf(err) == wallet.CodeRefused {
						refused[n].Add(1)
					} else if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		made := 0
		for i := range refused {
			n := refused[i].Load()
			require.True(t, n == 0 || n == callers, "all callers get the same result for transfer %d, not %d refusals", i, n)
			if n == 0 {
				made++
			}
		}
		require.LessOrEqual(t, made, 10, "there are 300 fen")
		require.Positive(t, made)
		var held, left wallet.Money
		for a, m := range balancesOf(t, l) {
			require.NotEqual(t, wallet.TransitAccount, a.Kind)
			require.Positive(t, m, "%+v", a)
			if a.Kind == wallet.HoldAccount {
				held += m
			} else {
				left += m
			}
		}
		require.EqualValues(t, 30*made, held)
		require.EqualValues(t, 300-30*made, left)
	})
}

// TestSagaModel compares random transfers between random wallets of three shards, interrupted at random steps, with a
// plain map.
func TestSagaModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := NewLedger(openSQLiteTest(t, 3), storetest.NewClock(), 2)
		model := map[wallet.AccountNo]wallet.Money{}
		for id := range int64(5) {
			amount := wallet.Money(rapid.Int64Range(1, 50).Draw(rt, "has"))
			_, err := l.Post(context.Background(), []wallet.Credit{grantTo(wallet.ActID(id+1), 1, amount)})
			require.NoError(rt, err)
			model[personalOf(id+1)] = amount
		}
		left := 0 // steps until the next failure
		failing(l, func() bool { left--; return left == 0 })
		for request := range int64(rapid.IntRange(1, 5).Draw(rt, "transfers")) {
			transfer := drawTransfer(rt, request)
			var err error
			for tries := 0; ; tries++ {
				left = rapid.IntRange(0, 8).Draw(rt, "fails after") // zero: never
				if tries > 20 {
					left = 0
				}
				if err = l.Transfer(context.Background(), transfer); err == nil || wallet.CodeOf(err) == wallet.CodeRefused {
					break
				}
				require.Contains(rt, []wallet.Code{wallet.CodeUnknown, wallet.CodeUnavailable}, wallet.CodeOf(err))
				balancesOf(rt, l) // sums to zero in the middle too
			}
			left = 0
			if apply(model, transfer) {
				require.NoError(rt, err)
			} else {
				require.ErrorIs(rt, err, wallet.ErrInsufficient)
			}
			require.Equal(rt, model, balancesOf(rt, l))
		}
	})
}

// drawTransfer draws a transfer from a pool, or by legs.
func drawTransfer(rt *rapid.T, request int64) wallet.Transfer {
	owners := rapid.SliceOfNDistinct(rapid.Int64Range(1, 5), 1, 4, rapid.ID[int64]).Draw(rt, "owners")
	t := pooled(rapid.Int64Range(0, 3).Draw(rt, "user"), request, wallet.Money(rapid.Int64Range(1, 100).Draw(rt, "amount")), owners...)
	if rapid.Bool().Draw(rt, "pool") {
		return t
	}
	t.Pool, t.Take, t.Legs = nil, 0, nil
	if rapid.Bool().Draw(rt, "packet") {
		return drawPacketStep(rt, t)
	}
	for _, id := range owners {
		amount := wallet.Money(rapid.Int64Range(1, 40).Draw(rt, "leg"))
		to := holdOf(rapid.Int64Range(1, 5).Draw(rt, "to"))
		t.Legs = append(t.Legs, wallet.Leg{Account: personalOf(id), Amount: -amount}, wallet.Leg{Account: to, Amount: amount})
	}
	return t
}

// drawPacketStep draws a step of a packet under the number of t: sent, opened or returned.
func drawPacketStep(rt *rapid.T, t wallet.Transfer) wallet.Transfer {
	account, request := t.No.Key()
	draw := func(what string) int64 { return rapid.Int64Range(1, 5).Draw(rt, what) }
	step := rapid.SampledFrom([]wallet.TransferStep{wallet.TransferSend, wallet.TransferOpen, wallet.TransferReturn}).Draw(rt, "step")
	share, from, to := uint8(0), packetOf(draw("sender")), personalOf(draw("guest"))
	if step == wallet.TransferSend {
		from, to = to, from
	} else {
		share = rapid.Uint8Range(0, wallet.MaxShares-1).Draw(rt, "share")
	}
	amount := wallet.Money(rapid.Int64Range(1, 20).Draw(rt, "share's amount"))
	return wallet.Transfer{No: wallet.TransferNoOf(account, request, step, share),
		Legs: []wallet.Leg{{Account: from, Amount: -amount}, {Account: to, Amount: amount}}}
}

// apply makes a transfer in the model, or returns false if money is missing.
func apply(model map[wallet.AccountNo]wallet.Money, t wallet.Transfer) bool {
	after := map[wallet.AccountNo]wallet.Money{}
	for a, m := range model {
		after[a] = m
	}
	rest := t.Take
	for _, a := range t.Pool {
		give := min(after[a], rest)
		after[a] -= give
		rest -= give
	}
	for _, leg := range t.Legs {
		after[leg.Account] += leg.Amount
	}
	for _, m := range after {
		if m < 0 || rest > 0 {
			return false
		}
	}
	clear(model)
	for a, m := range after {
		if m != 0 {
			model[a] = m
		}
	}
	return true
}
