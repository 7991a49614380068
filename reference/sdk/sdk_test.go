package sdk_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/node"
	"hongbao/reference/runningtotal"
	"hongbao/reference/sdk"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

// festival is one instance over stores in memory, whose token lists and ledger can fail.
type festival struct {
	*sdk.SDK
	node   *node.Node
	clock  *storetest.Clock
	ledger *failingLedger
	tokens *failingTokens
	paid   *countingWithdrawals
	writer *runningtotal.Writer
	reader *runningtotal.Reader
}

type failingLedger struct {
	wallet.Ledger
	err error
}

func (l *failingLedger) View(ctx context.Context, q wallet.ViewQuery) (wallet.View, error) {
	if l.err != nil {
		return wallet.View{}, l.err
	}
	return l.Ledger.View(ctx, q)
}

// countingWithdrawals counts how often a person's withdrawals are read.
type countingWithdrawals struct {
	wallet.Withdrawals
	read int
}

func (s *countingWithdrawals) Of(ctx context.Context, id wallet.ActID, stage wallet.Stage, limit int) ([]wallet.Withdrawal, error) {
	s.read++
	return s.Withdrawals.Of(ctx, id, stage, limit)
}

type failingTokens struct {
	wallet.Tokens
	err error
}

func (s *failingTokens) List(ctx context.Context, id wallet.ActID, stage wallet.Stage) ([]wallet.Token, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.Tokens.List(ctx, id, stage)
}

func newFestival(t testing.TB, strategy wallet.Strategy) *festival {
	clock := storetest.NewClock()
	keys, err := token.NewKeyring(rand.NewChaCha8([32]byte{1}))
	require.NoError(t, err)
	sealer, err := token.NewModelled(keys, token.DefaultPolicy())
	require.NoError(t, err)
	orders, backlog := mem.NewOrders(), mem.NewBacklog(clock, storetest.Shards, storetest.Lease)
	f := &festival{clock: clock, ledger: &failingLedger{Ledger: mem.NewLedger(clock, 1)}, tokens: &failingTokens{Tokens: mem.NewTokens(backlog)},
		paid: &countingWithdrawals{Withdrawals: mem.NewWithdrawals()}}
	child := wallet.Child{ID: "official", Stage: wallet.Official, From: clock.Now().Add(-time.Hour), To: clock.Now().Add(time.Hour),
		Budget: 1 << 50, SingleCap: 1000, Rewards: []wallet.RewardType{{Type: wallet.Cash, Rewards: []wallet.Reward{{
			ID: "cash", Scenes: []wallet.Scene{{ID: "rain"}}}}}}}
	f.node, err = node.New(node.Config{Strategy: strategy, Activity: wallet.Activity{Parent: "spring", Children: []wallet.Child{child}},
		Instances: 1, Batch: 100, Release: wallet.Release{Num: 1, Den: 1}},
		node.Ports{Clock: clock, Identities: mem.NewIdentities(), Orders: orders, OpenOrders: orders, Budgets: mem.NewBudgets(),
			Tokens: f.tokens, Backlog: backlog, Ledger: f.ledger, Withdrawals: f.paid, Bank: mem.NewBank(), Sealer: sealer,
			Alarm: func(k wallet.AlarmKind, detail string) { t.Fatal(k, detail) }})
	require.NoError(t, err)
	totals := mem.NewTotals()
	f.writer = runningtotal.NewWriter("a", totals)
	f.reader, err = runningtotal.NewReader(totals)
	require.NoError(t, err)
	f.SDK, err = sdk.New(sdk.Ports{Pages: f.node, Totals: f.reader})
	require.NoError(t, err)
	return f
}

func person(user wallet.UserID) wallet.Caller { return wallet.Caller{App: wallet.Douyin, User: user} }

func (f *festival) grant(t testing.TB, user wallet.UserID, rain int32, fen wallet.Money) []byte {
	r, err := f.node.Grant(context.Background(), wallet.GrantRequest{Caller: person(user), Activity: "spring", Scene: "rain", Rain: rain,
		Award: wallet.Cash, Amount: fen, Opened: f.clock.Now()})
	require.NoError(t, err)
	return r.Token
}

func (f *festival) post(t testing.TB) {
	for shard := range storetest.Shards {
		_, err := f.node.PostBatch(context.Background(), shard)
		require.NoError(t, err)
	}
}

func (f *festival) sums(t *testing.T, user wallet.UserID, balance, income wallet.Money, won bool, why string) {
	t.Helper()
	b, err := f.Balance(t.Context(), person(user))
	require.NoError(t, err, why)
	require.Equal(t, balance, b, why)
	i, err := f.Income(t.Context(), person(user))
	require.NoError(t, err, why)
	require.Equal(t, income, i, why)
	w, err := f.HasWon(t.Context(), person(user))
	require.NoError(t, err, why)
	require.Equal(t, won, w, why)
}

func TestSums(t *testing.T) {
	f := newFestival(t, wallet.StrategyToken)
	f.sums(t, 1, 0, 0, false, "nothing was won yet")
	f.grant(t, 1, 1, 100)
	f.sums(t, 1, 100, 100, true, "promised, not posted")
	f.post(t)
	f.sums(t, 1, 100, 100, true, "posted")
	f.grant(t, 1, 2, 30)
	f.sums(t, 1, 130, 130, true, "some of each")
	_, err := f.node.Withdraw(t.Context(), wallet.WithdrawRequest{Caller: person(1), Request: 1, Amount: 130})
	require.NoError(t, err)
	f.sums(t, 1, 0, 130, true, "withdrawn money still counts as income")
	f.sums(t, 2, 0, 0, false, "another person")
	require.Zero(t, f.paid.read, "withdrawals were not read")
}

// TestSyncStrategy: the SDK works without tokens.
func TestSyncStrategy(t *testing.T) {
	f := newFestival(t, wallet.StrategySync)
	f.grant(t, 1, 1, 100)
	f.sums(t, 1, 100, 100, true, "posted before the reply")
}

func TestSourcesMissing(t *testing.T) {
	for _, c := range []struct {
		tokens, ledger error
		won            error // what HasWon returns for a winner whose money is promised and posted
		lost           error // what HasWon returns for a person who has won nothing
		sums           error
		why            string
	}{
		{nil, nil, nil, nil, nil, "all sources can be read"},
		{wallet.ErrUnavailable, nil, nil, wallet.ErrUnavailable, wallet.ErrUnavailable, "without the promised money a sum is too small"},
		{nil, wallet.ErrOverloaded, nil, wallet.ErrUnavailable, wallet.ErrUnavailable, "without the posted money too; one visible grant is enough for HasWon"},
		{wallet.ErrUnavailable, wallet.ErrUnavailable, wallet.ErrUnavailable, wallet.ErrUnavailable, wallet.ErrUnavailable, "no source can be read"},
	} {
		f := newFestival(t, wallet.StrategyToken)
		f.grant(t, 1, 1, 100)
		f.post(t)
		f.grant(t, 1, 2, 10)
		f.tokens.err, f.ledger.err = c.tokens, c.ledger
		balance, err := f.Balance(t.Context(), person(1))
		require.ErrorIs(t, err, c.sums, c.why)
		income, err := f.Income(t.Context(), person(1))
		require.ErrorIs(t, err, c.sums, c.why)
		if c.sums != nil {
			require.Zero(t, balance+income, c.why)
		}
		won, err := f.HasWon(t.Context(), person(1))
		require.ErrorIs(t, err, c.won, c.why)
		require.Equal(t, c.won == nil, won, c.why)
		won, err = f.HasWon(t.Context(), person(2))
		require.ErrorIs(t, err, c.lost, c.why)
		require.False(t, won, c.why)
	}
}

func TestErrors(t *testing.T) {
	f := newFestival(t, wallet.StrategyToken)
	ask := func(want error, why string, c wallet.Caller) {
		t.Helper()
		_, err := f.Balance(t.Context(), c)
		require.ErrorIs(t, err, want, why)
		_, err = f.Income(t.Context(), c)
		require.ErrorIs(t, err, want, why)
		_, err = f.HasWon(t.Context(), c)
		require.ErrorIs(t, err, want, why)
		require.ErrorIs(t, f.ForcePost(t.Context(), c, nil), want, why)
	}
	ask(wallet.ErrInvalid, "unknown app", wallet.Caller{App: 9, User: 1})
	f.clock.Advance(2 * time.Hour)
	ask(wallet.ErrNoActivity, "the festival is over", person(1))
	require.ErrorIs(t, f.ForcePost(t.Context(), person(1), make([][]byte, wallet.MaxClientTokens+1)), wallet.ErrInvalid)
	_, err := sdk.New(sdk.Ports{})
	require.ErrorIs(t, err, wallet.ErrInvalid)
}

func TestForcePost(t *testing.T) {
	f := newFestival(t, wallet.StrategyToken)
	f.grant(t, 1, 1, 100)
	f.grant(t, 2, 1, 7)
	posted := func(want wallet.Money, why string) {
		t.Helper()
		v, err := f.ledger.View(t.Context(), wallet.ViewQuery{Wallets: []wallet.ActID{1, 2}, Stage: wallet.Official, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, want, v.Balance, why)
	}
	posted(0, "held")
	require.NoError(t, f.ForcePost(t.Context(), person(1), nil))
	posted(100, "only this person's money is posted")
	require.NoError(t, f.ForcePost(t.Context(), person(1), nil))
	posted(100, "a repeat changes nothing")

	sealed := f.grant(t, 1, 2, 50)
	f.tokens.Tokens.(*mem.Tokens).Flush()
	require.NoError(t, f.ForcePost(t.Context(), person(1), [][]byte{sealed}))
	posted(150, "the server's copies are lost, the person's copy is enough")
	f.ledger.err = wallet.ErrUnavailable
	require.NoError(t, f.ForcePost(t.Context(), person(1), nil), "posting works although the page cannot be read")
}

func TestRunningTotal(t *testing.T) {
	f := newFestival(t, wallet.StrategyToken)
	_, ok := f.RunningTotal(wallet.Official)
	require.False(t, ok, "nothing was read yet")
	require.NoError(t, f.writer.Add(wallet.Official, 5))
	require.NoError(t, f.writer.Flush(t.Context()))
	first, err := f.AwaitRunningTotal(t.Context(), wallet.Official)
	require.NoError(t, err)
	require.EqualValues(t, 5, first, "a first read waits for the store")
	require.NoError(t, f.reader.Refresh(t.Context()))
	sum, ok := f.RunningTotal(wallet.Official)
	require.True(t, ok)
	require.EqualValues(t, 5, sum)
	require.Zero(t, testing.AllocsPerRun(1000, func() { f.RunningTotal(wallet.Official) }))

	without, err := sdk.New(sdk.Ports{Pages: f.node})
	require.NoError(t, err)
	_, ok = without.RunningTotal(wallet.Official)
	require.False(t, ok, "without the totals port")
	_, err = without.AwaitRunningTotal(t.Context(), wallet.Official)
	require.ErrorIs(t, err, wallet.ErrUnavailable)
}

// BenchmarkRunningTotal measures the bound of B6: at most 20 ns, without allocation.
func BenchmarkRunningTotal(b *testing.B) {
	f := newFestival(b, wallet.StrategyToken)
	require.NoError(b, f.reader.Refresh(b.Context()))
	b.ReportAllocs()
	for b.Loop() {
		f.RunningTotal(wallet.Official)
	}
}

// BenchmarkBalance measures a balance over stores in memory: ten grants per person, all posted or all promised.
func BenchmarkBalance(b *testing.B) {
	for _, posted := range []bool{true, false} {
		b.Run(map[bool]string{true: "posted", false: "promised"}[posted], func(b *testing.B) {
			f := newFestival(b, wallet.StrategyToken)
			const people = 10 // one batch per shard posts them all
			for i := range 10 * people {
				f.grant(b, wallet.UserID(i%people+1), int32(i/people), 88)
			}
			if posted {
				f.post(b)
			}
			ctx := context.Background()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if sum, err := f.Balance(ctx, person(wallet.UserID(i%people+1))); err != nil || sum != 880 {
					b.Fatal(sum, err)
				}
			}
		})
	}
}
