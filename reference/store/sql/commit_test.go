package sqlstore

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// gate is a kind of job whose transaction signals that it began and then waits until it is released. Jobs submitted
// meanwhile wait.
type gate struct{ began, open chan struct{} }

func newGate() *gate { return &gate{make(chan struct{}), make(chan struct{})} }

func (g *gate) kind() *kind {
	return &kind{apply: func(context.Context, *txn, []*job) error {
		g.began <- struct{}{}
		<-g.open
		return nil
	}}
}

// hold submits a job that keeps the only committer busy until release is called; release returns the job's result.
func hold(t *testing.T, s *shard) (release func() error) {
	t.Helper()
	g, end := newGate(), make(chan error, 1)
	k := g.kind()
	go func() { end <- s.do(context.Background(), k, 1, nil) }()
	<-g.began
	return func() error { close(g.open); return <-end }
}

// handIn submits n jobs concurrently and waits until they are in the queue. wait returns their results.
func handIn(t *testing.T, s *shard, k *kind, rows int, ins ...any) (wait func() []error) {
	t.Helper()
	errs := make([]error, len(ins))
	var all sync.WaitGroup
	before := len(s.queue)
	for i, in := range ins {
		all.Go(func() { errs[i] = s.do(context.Background(), k, rows, in) })
	}
	require.Eventually(t, func() bool { return len(s.queue) == before+len(ins) }, eventually, tick)
	return func() []error { all.Wait(); return errs }
}

func TestJobsThatWaitShareATransaction(t *testing.T) {
	s := openSQLiteTest(t, 1).shards[0]
	release := hold(t, s)
	var sizes []int
	wait := handIn(t, s, &kind{apply: func(_ context.Context, _ *txn, jobs []*job) error {
		sizes = append(sizes, len(jobs))
		return nil
	}}, 1, make([]any, 50)...)
	require.NoError(t, release())
	require.NoError(t, errors.Join(wait()...))
	require.Equal(t, []int{50}, sizes)
}

func TestTransactionsAreBounded(t *testing.T) {
	s := openSQLiteTest(t, 1).shards[0]
	release := hold(t, s)
	var sizes []int
	wait := handIn(t, s, &kind{apply: func(_ context.Context, _ *txn, jobs []*job) error {
		sizes = append(sizes, len(jobs))
		return nil
	}}, maxRows/2, make([]any, 5)...)
	require.NoError(t, release())
	require.NoError(t, errors.Join(wait()...))
	require.Equal(t, []int{2, 2, 1}, sizes)
}

func TestKindsAreAppliedByRank(t *testing.T) {
	s := openSQLiteTest(t, 1).shards[0]
	release := hold(t, s)
	var order []int
	of := func(rank int) *kind {
		return &kind{rank: rank, apply: func(_ context.Context, _ *txn, jobs []*job) error {
			order = append(order, rank*100+len(jobs))
			return nil
		}}
	}
	low, high := of(1), of(2)
	var waits []func() []error
	for range 3 {
		waits = append(waits, handIn(t, s, high, 1, nil), handIn(t, s, low, 1, nil))
	}
	require.NoError(t, release())
	for _, wait := range waits {
		require.NoError(t, errors.Join(wait()...))
	}
	require.Equal(t, []int{103, 203}, order)
}

// TestOneRefusedJobHarmsNoOther: the database refuses a statement over many jobs because of two of them.
func TestOneRefusedJobHarmsNoOther(t *testing.T) {
	db := openSQLiteTest(t, 1)
	s := db.shards[0]
	release := hold(t, s)
	insert := insertion{"INSERT INTO ledger_debits (posting, stage, sub, amount, posted) VALUES ", 5, ""}
	write := &kind{apply: func(ctx context.Context, tx *txn, jobs []*job) error {
		return tx.insert(ctx, insert, len(jobs), func(i int, args []any) []any {
			return append(args, int64(i)+1000*int64(jobs[i].in.(int)), 3, 0, int64(jobs[i].in.(int)), 0) // the amount must be below zero
		}, nil)
	}}
	wait := handIn(t, s, write, 1, -1, -2, 3, -4, -5, -6, 7, -8)
	require.NoError(t, release())
	for i, err := range wait() {
		if i == 2 || i == 6 {
			require.ErrorIs(t, err, wallet.ErrInvalid)
		} else {
			require.NoError(t, err)
		}
	}
	var n int
	require.NoError(t, s.reads.QueryRow("SELECT COUNT(*) FROM ledger_debits").Scan(&n))
	require.Equal(t, 6, n)
}

func TestAJobsOwnErrorIsItsAlone(t *testing.T) {
	s := openSQLiteTest(t, 1).shards[0]
	release := hold(t, s)
	wait := handIn(t, s, &kind{apply: func(_ context.Context, _ *txn, jobs []*job) error {
		for _, j := range jobs {
			if j.in == 2 {
				j.err = wallet.ErrConflict
			}
		}
		return nil
	}}, 1, 1, 2, 3)
	require.NoError(t, release())
	errs := wait()
	require.NoError(t, errs[0])
	require.ErrorIs(t, errs[1], wallet.ErrConflict)
	require.NoError(t, errs[2])
}

func TestWhoLeavesTheQueueLeavesNothingDone(t *testing.T) {
	s := openSQLiteTest(t, 1).shards[0]
	release := hold(t, s)
	applied := 0
	k := &kind{apply: func(_ context.Context, _ *txn, jobs []*job) error { applied += len(jobs); return nil }}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() { gone <- s.do(ctx, k, 1, nil) }()
	require.Eventually(t, func() bool { return len(s.queue) == 1 }, eventually, tick)
	cancel()
	require.ErrorIs(t, <-gone, wallet.ErrOverloaded)
	stays := handIn(t, s, k, 1, nil)
	require.NoError(t, release())
	require.NoError(t, errors.Join(stays()...))
	require.Equal(t, 1, applied)
}

func TestWhoLeavesATransactionKnowsNothing(t *testing.T) {
	s := openSQLiteTest(t, 1).shards[0]
	g := newGate()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	k := g.kind()
	go func() { gone <- s.do(ctx, k, 1, nil) }()
	<-g.began
	cancel()
	require.ErrorIs(t, <-gone, wallet.ErrUnknown)
	close(g.open)
}

func TestAFullQueueIsAnOverload(t *testing.T) {
	s := openSQLiteTest(t, 1).shards[0]
	release := hold(t, s)
	nothing := &kind{apply: func(context.Context, *txn, []*job) error { return nil }}
	for range maxWaiting {
		s.queue <- &job{kind: nothing, rows: 1, done: make(chan struct{})}
	}
	require.ErrorIs(t, s.do(t.Context(), nothing, 1, nil), wallet.ErrOverloaded)
	require.NoError(t, release())
	require.Eventually(t, func() bool { return s.do(t.Context(), nothing, 1, nil) == nil }, eventually, tick)
}

func TestCloseAnswersWhoWaits(t *testing.T) {
	db, err := Open(t.Context(), Config{Driver: "sqlite", DSNs: sqliteFiles(t, 1)})
	require.NoError(t, err)
	s := db.shards[0]
	release := hold(t, s)
	nothing := &kind{apply: func(context.Context, *txn, []*job) error { return nil }}
	wait := handIn(t, s, nothing, 1, nil, nil)
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	<-s.stop
	require.NoError(t, release(), "the transaction in progress is finished")
	for _, err := range wait() {
		require.ErrorIs(t, err, wallet.ErrUnavailable)
	}
	require.NoError(t, <-closed)
	require.ErrorIs(t, s.do(t.Context(), nothing, 1, nil), wallet.ErrUnavailable)
}

func TestTransactionsAreTriedAgain(t *testing.T) {
	s := openSQLiteTest(t, 1).shards[0]
	for _, c := range []struct {
		fails int
		want  error
		why   string
	}{
		{maxTries - 1, nil, "the last attempt succeeds"},
		{maxTries, wallet.ErrOverloaded, "the number of attempts is bounded"},
	} {
		tries := 0
		err := s.do(t.Context(), &kind{apply: func(context.Context, *txn, []*job) error {
			if tries++; tries <= c.fails {
				return errAgain
			}
			return nil
		}}, 1, nil)
		require.ErrorIs(t, err, c.want, c.why)
	}
}

// TestRefusedTransactionsLeaveNothing: the writes of a job are rolled back when another job of its transaction fails,
// and are written once by the retry.
func TestRefusedTransactionsLeaveNothing(t *testing.T) {
	s := openSQLiteTest(t, 1).shards[0]
	tries := 0
	require.NoError(t, s.do(t.Context(), &kind{apply: func(ctx context.Context, tx *txn, _ []*job) error {
		if _, err := tx.exec(ctx, "INSERT INTO ledger_accounts VALUES (1, 2, 3, 4, 5)"); err != nil {
			return err
		}
		if tries++; tries < 3 {
			return errAgain
		}
		return nil
	}}, 1, nil))
	var n int
	require.NoError(t, s.reads.QueryRow("SELECT COUNT(*) FROM ledger_accounts").Scan(&n))
	require.Equal(t, 1, n)
}
