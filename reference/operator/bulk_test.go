package operator

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

func TestCheck(t *testing.T) {
	f := newFixture(t)
	f.quotas.now = wallet.Quota{Reserved: 9_000, Leased: 9_900, Orphaned: 100}
	f.stocks.issued = 88
	list := []byte(Header + "\ndouyin,1,rain,cash,500,\ndouyin,2,rain,cash,300,\ndouyin,3,cards,cash,100,\nxigua,4,movie,movie-coupon,,\nxigua,5,movie,movie-coupon,0,\nxigua,6,pendant,avatar-pendant,,\n")
	plan, err := f.Check(t.Context(), list)
	require.NoError(t, err)
	require.Empty(t, plan.Faults)
	require.True(t, plan.Fits)
	require.Equal(t, []wallet.BulkNeed{
		{Scene: "cards", Award: wallet.Cash, Reward: "cash", Rows: 1, Amount: 100, Left: 900, Fits: true},
		{Scene: "movie", Award: wallet.MovieCoupon, Reward: "movie", Rows: 2, Left: 2, Fits: true},
		{Scene: "pendant", Award: wallet.AvatarPendant, Reward: "pendant", Rows: 1, Left: -1, Fits: true},
		{Scene: "rain", Award: wallet.Cash, Reward: "cash", Rows: 2, Amount: 800, Left: 900, Fits: true},
	}, plan.Needs, "scenes share a budget; coupons below the threshold cannot be granted")
	f.quotas.now.Reserved, f.stocks.issued = 9_001, 89
	plan, err = f.Check(t.Context(), list)
	require.NoError(t, err)
	require.False(t, plan.Fits)
	for _, n := range plan.Needs {
		require.Equal(t, n.Scene == "pendant", n.Fits, n.Scene)
	}
	f.quotas.err = wallet.ErrUnavailable
	_, err = f.Check(t.Context(), list)
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	require.Empty(t, f.centre.orders, "a dry run grants nothing")
	require.Zero(t, f.centre.calls)
	all, err := f.Jobs(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, all)

	plan, err = f.Check(t.Context(), []byte(Header+"\ndouyin,1,snow,cash,5,\ndouyin,1,rain,ad-coupon,,\ndouyin,2,rain,cash,1001,\ndouyin,3,rain,cash,1000,\n"))
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	f.quotas.err = nil
	plan, err = f.Check(t.Context(), []byte(Header+"\ndouyin,1,snow,cash,5,\ndouyin,1,rain,ad-coupon,,\ndouyin,2,rain,cash,1001,\ndouyin,3,rain,cash,1000,\n"))
	require.NoError(t, err)
	require.Equal(t, []wallet.BulkLineError{{Line: 2, Text: "unknown scene snow in stage official"}, {Line: 3, Text: "scene rain grants cash, not ad-coupon"},
		{Line: 4, Text: "1001 fen are above the cap of 1000"}}, plan.Faults)
	_, again, _, err := f.Create(t.Context(), "li", []byte(Header+"\ndouyin,1,snow,cash,5,\n"))
	require.ErrorIs(t, err, wallet.ErrInvalid)
	require.Len(t, again.Faults, 1)
	f.clock.Advance(2 * time.Hour)
	plan, err = f.Check(t.Context(), list)
	require.NoError(t, err)
	require.Equal(t, []wallet.BulkLineError{{Text: "no activity is running now"}}, plan.Faults)
}

func TestBulkFromListToEnd(t *testing.T) {
	f := newFixture(t)
	job, plan, isNew, err := f.Create(t.Context(), "li", payList(250, 10))
	require.NoError(t, err)
	require.True(t, isNew)
	require.Zero(t, plan.ExistingJob)
	n, err := f.Step(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "nothing is granted before the start")
	f.clock.Advance(time.Minute)
	again, plan, isNew, err := f.Create(t.Context(), "wang", payList(250, 10))
	require.NoError(t, err)
	require.False(t, isNew)
	require.Equal(t, job, again, "each list is one job")
	require.Equal(t, job.ID, plan.ExistingJob)

	_, err = f.Start(t.Context(), job.ID)
	require.NoError(t, err)
	f.leases.holder = "b"
	n, err = f.Step(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "another instance holds the lease")
	f.leases.holder = ""
	n, err = f.Step(t.Context())
	require.NoError(t, err)
	require.Equal(t, stepRows, n, "without access to the lease the instance works")
	_, err = f.Stop(t.Context(), job.ID)
	require.NoError(t, err)
	n, err = f.Step(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = f.Start(t.Context(), job.ID)
	require.NoError(t, err)
	for range 2 {
		_, err = f.Step(t.Context())
		require.NoError(t, err)
	}
	done, err := f.Job(t.Context(), job.ID)
	require.NoError(t, err)
	require.Equal(t, wallet.BulkDone, done.State)
	require.Equal(t, 250, done.Granted)
	require.Len(t, f.centre.orders, 250)
	require.EqualValues(t, 2500, f.centre.spent)
	require.Equal(t, 250, f.centre.calls)
	for no := range f.centre.orders {
		require.Contains(t, no, fmt.Sprintf(" %d 1 %d", wallet.BulkRain+1, job.Created), "the job's number gives the rain, and its creation is the win time")
		break
	}
	require.Equal(t, []wallet.Action{{At: f.clock.Now(), Operator: "li", Method: "bulk re-issue done", Detail: `{"job":1,"granted":250,"refused":0}`, Outcome: "ok"}}, f.log.actions)
	started, err := f.Start(t.Context(), job.ID)
	require.NoError(t, err)
	require.Equal(t, wallet.BulkDone, started.State, "a finished job is not started again")
}

func TestStartWantsEnough(t *testing.T) {
	f := newFixture(t)
	job, _, _, err := f.Create(t.Context(), "li", payList(100, 10))
	require.NoError(t, err)
	coupons, _, _, err := f.Create(t.Context(), "li", []byte(Header+"\nxigua,4,movie,movie-coupon,,\n"))
	require.NoError(t, err)
	f.quotas.now.Reserved, f.stocks.issued = 9_001, 90
	_, err = f.Start(t.Context(), job.ID)
	require.ErrorIs(t, err, wallet.ErrOverBudget)
	_, err = f.Start(t.Context(), coupons.ID)
	require.ErrorIs(t, err, wallet.ErrSoldOut)
	f.quotas.now.Reserved = 9_000
	_, err = f.Start(t.Context(), job.ID)
	require.NoError(t, err)
	_, err = f.Start(t.Context(), 77)
	require.ErrorIs(t, err, wallet.ErrNotFound)
	_, err = f.Stop(t.Context(), coupons.ID)
	require.ErrorIs(t, err, wallet.ErrNotUsable)
}

// TestOutcomes: a final refusal is the row's outcome; any other error stops the job at the row.
func TestOutcomes(t *testing.T) {
	f := newFixture(t)
	job, _, _, err := f.Create(t.Context(), "li", payList(4, 10))
	require.NoError(t, err)
	_, err = f.Start(t.Context(), job.ID)
	require.NoError(t, err)
	for _, passing := range []error{wallet.ErrUnavailable, wallet.ErrSwitchedOff, wallet.ErrLimited, wallet.ErrUnknown, context.DeadlineExceeded} {
		f.centre.errs = func(user wallet.UserID) (bool, error) {
			if user == 3 {
				return true, passing
			}
			if user == 2 {
				return false, wallet.ErrOverBudget
			}
			return false, nil
		}
		_, err := f.Step(t.Context())
		require.ErrorIs(t, err, passing)
		require.ErrorContains(t, err, "job 1, line 4")
		now, err := f.Job(t.Context(), job.ID)
		require.NoError(t, err)
		require.Equal(t, 2, now.Done, "up to the failing row, and no further")
		require.Equal(t, 1, now.Granted)
	}
	f.centre.errs = nil
	f.log.broken = wallet.ErrUnavailable
	n, err := f.Step(t.Context())
	require.ErrorIs(t, err, wallet.ErrUnavailable, "a job does not end without its audit record")
	require.Zero(t, n)
	f.log.broken = nil
	f.centre.item = &wallet.Item{State: wallet.ItemVoid}
	_, err = f.Step(t.Context())
	require.NoError(t, err)
	rows, err := f.Rows(t.Context(), job.ID, 0, 10)
	require.NoError(t, err)
	require.Equal(t, []string{"ok", "over_budget", "greeting", "greeting"}, []string{rows[0].Outcome, rows[1].Outcome, rows[2].Outcome, rows[3].Outcome})
	require.Len(t, f.centre.orders, 3)

	f.centre.item = &wallet.Item{State: wallet.ItemIssued, Asked: "movie", Reward: "other"}
	fallen, _, _, err := f.Create(t.Context(), "li", payList(1, 10))
	require.NoError(t, err)
	_, err = f.Start(t.Context(), fallen.ID)
	require.NoError(t, err)
	_, err = f.Step(t.Context())
	require.NoError(t, err)
	rows, err = f.Rows(t.Context(), fallen.ID, 0, 10)
	require.NoError(t, err)
	require.Equal(t, "fallback", rows[0].Outcome)
}

// lossyJobs is a store of jobs that loses calls and replies, and whose process may die between two calls.
type lossyJobs struct {
	wallet.BulkJobs
	draw *rapid.T
}

func (s lossyJobs) Record(ctx context.Context, id int64, from int, outcomes []string) (wallet.BulkJob, error) {
	switch rapid.IntRange(0, 3).Draw(s.draw, "record") {
	case 0:
		return wallet.BulkJob{}, wallet.ErrUnknown // the call was lost, or the process died before it
	case 1:
		_, _ = s.BulkJobs.Record(ctx, id, from, outcomes)
		return wallet.BulkJob{}, wallet.ErrUnknown // the reply was lost
	}
	return s.BulkJobs.Record(ctx, id, from, outcomes)
}

// TestBulkModel: whatever is lost, repeated, stopped and started, by any instances, at the end each row that could be
// granted is granted exactly once and has that outcome, and the budget is not exceeded.
func TestBulkModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFixture(t)
		n := rapid.IntRange(1, 230).Draw(t, "rows")
		const fen = 60 // 166 of them fit
		f.quotas.now.Reserved = 0
		job, _, _, err := f.Create(context.Background(), "li", payList(n, fen))
		require.NoError(t, err)
		f.ports.Jobs = lossyJobs{f.jobs, t}
		failing := rapid.SliceOfN(rapid.IntRange(0, 5), 16, 16).Draw(t, "failures")
		f.centre.errs = func(user wallet.UserID) (bool, error) {
			switch failing[(int(user)+f.centre.calls)%len(failing)] {
			case 0:
				return true, wallet.ErrUnknown
			case 1:
				return false, wallet.ErrOverloaded
			}
			return false, nil
		}
		f.centre.budget = 1 << 40
		if n*fen > 10_000 {
			_, err = f.Start(context.Background(), job.ID)
			require.ErrorIs(t, err, wallet.ErrOverBudget)
			_, err = f.jobs.Move(context.Background(), job.ID, wallet.BulkRunning) // the budget was spent by other grants meanwhile
			require.NoError(t, err)
			f.centre.budget = 10_000
		}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "stop") {
				_, _ = f.Stop(context.Background(), job.ID)
				_, _ = f.jobs.Move(context.Background(), job.ID, wallet.BulkRunning)
			}
			_, _ = f.Step(context.Background())
		}
		f.centre.errs, f.ports.Jobs = nil, f.jobs
		_, _ = f.jobs.Move(context.Background(), job.ID, wallet.BulkRunning)
		for range n/stepRows + 2 {
			_, err := f.Step(context.Background())
			require.NoError(t, err)
		}
		done, err := f.Job(context.Background(), job.ID)
		require.NoError(t, err)
		require.Equal(t, wallet.BulkDone, done.State)
		rows, err := f.Rows(context.Background(), job.ID, 0, n)
		require.NoError(t, err)
		ok := 0
		for _, r := range rows {
			require.Contains(t, []string{"ok", "over_budget"}, r.Outcome)
			if r.Outcome == "ok" {
				ok++
			}
		}
		require.Equal(t, len(f.centre.orders), ok)
		require.Equal(t, done.Granted, ok)
		require.LessOrEqual(t, f.centre.spent, f.centre.budget)
		if n*fen <= 10_000 {
			require.Equal(t, n, ok)
		}
	})
}

// TestRun: the work is paced, waits when there is none, and ends with its context.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.centre.budget = 1 << 40
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); f.Run(ctx, slog.New(slog.DiscardHandler)) }()
		time.Sleep(time.Minute)
		job, _, _, err := f.Create(t.Context(), "li", payList(1000, 1))
		require.NoError(t, err)
		_, err = f.Start(t.Context(), job.ID)
		require.NoError(t, err)
		began := time.Now()
		for {
			now, err := f.Job(t.Context(), job.ID)
			require.NoError(t, err)
			if now.State == wallet.BulkDone {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		took := time.Since(began)
		require.Greater(t, took, 1700*time.Millisecond, "at most 500 rows a second")
		require.Less(t, took, 3500*time.Millisecond, "started within a second, and not slower")
		cancel()
		<-ended
	})
}
