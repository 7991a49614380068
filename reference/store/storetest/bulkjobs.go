package storetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// BulkJobs tests an adapter of wallet.BulkJobs.
func BulkJobs(t *testing.T, open func(t *testing.T) wallet.BulkJobs) {
	t.Run("a list is a job once", func(t *testing.T) { listIsJobOnce(t, open(t)) })
	t.Run("the place moves forward", func(t *testing.T) { placeMovesForward(t, open(t)) })
	t.Run("states follow each other", func(t *testing.T) { bulkStatesFollow(t, open(t)) })
	t.Run("the longest list", func(t *testing.T) { longestList(t, open(t)) })
	t.Run("many record", func(t *testing.T) { manyRecord(t, open(t)) })
	t.Run("invalid jobs are refused", func(t *testing.T) { bulkRefusals(t, open(t)) })
}

func bulkJob(n byte) wallet.BulkJob {
	return wallet.BulkJob{Digest: wallet.BulkDigest{n, 31: 0xff}, Activity: "spring", By: "li", Created: eve}
}

func bulkRows(n int) []wallet.BulkRow {
	rows := make([]wallet.BulkRow, n)
	for i := range rows {
		rows[i] = wallet.BulkRow{Line: i + 2, Caller: wallet.Caller{App: wallet.Xigua, User: wallet.UserID(i + 1)}, Scene: "rain", Award: wallet.Cash, Amount: 1 << 40, Reason: "补发"}
	}
	return rows
}

func listIsJobOnce(t *testing.T, b wallet.BulkJobs) {
	want := bulkJob(1)
	want.ID, want.Rows, want.State = 1, 3, wallet.BulkReady
	write(b.Create(t.Context(), bulkJob(1), bulkRows(3))).records(t, want)
	again := bulkJob(1)
	again.By, again.Created = "wang", eve+1
	write(b.Create(t.Context(), again, bulkRows(2))).keeps(t, want, "the recorded job")
	filled := bulkJob(2)
	filled.Done, filled.Granted, filled.State, filled.ID = 5, 5, wallet.BulkDone, 77
	rows := bulkRows(1)
	rows[0].Outcome = "ok"
	other := wallet.BulkJob{ID: 2, Digest: wallet.BulkDigest{2, 31: 0xff}, Activity: "spring", By: "li", Created: eve, Rows: 1, State: wallet.BulkReady}
	write(b.Create(t.Context(), filled, rows)).returns(t, other, "the store sets the progress")
	for id, want := range map[int64]wallet.BulkJob{1: want, 2: other} {
		call(b.Job(t.Context(), id)).returns(t, want)
		second(b.Find(t.Context(), want.Digest)).returns(t, true)
		first(b.Find(t.Context(), want.Digest)).returns(t, want)
	}
	second(b.Find(t.Context(), wallet.BulkDigest{9})).returns(t, false)
	list := func(before int64, limit int) []wallet.BulkJob {
		jobs := call(b.Jobs(t.Context(), before, limit)).ok(t)
		return jobs
	}
	require.Equal(t, []wallet.BulkJob{other, want}, list(0, 10))
	require.Equal(t, []wallet.BulkJob{other}, list(0, 1))
	require.Equal(t, []wallet.BulkJob{want}, list(2, 10))
	call(b.Rows(t.Context(), 1, 0, 100)).returns(t, bulkRows(3))
	call(b.Rows(t.Context(), 1, 1, 1)).returns(t, bulkRows(3)[1:2])
	require.Empty(t, call(b.Rows(t.Context(), 1, 3, 5)).ok(t))
	require.Empty(t, call(b.Rows(t.Context(), 2, 0, 5)).ok(t)[0].Outcome)
}

func placeMovesForward(t *testing.T, b wallet.BulkJobs) {
	write(b.Create(t.Context(), bulkJob(1), bulkRows(5))).ok(t)
	record := func(from int, outcomes ...string) wallet.BulkJob {
		j := call(b.Record(t.Context(), 1, from, outcomes)).ok(t)
		return j
	}
	require.Zero(t, record(0, "ok").Done, "the job was not started")
	call(b.Move(t.Context(), 1, wallet.BulkRunning)).ok(t)
	for range 2 { // a repeat changes nothing
		j := record(0, "ok", "over_budget")
		require.Equal(t, 2, j.Done)
		require.Equal(t, 1, j.Granted)
	}
	require.Equal(t, 2, record(1, "not_found", "not_found", "not_found").Done, "not the current position")
	require.Equal(t, 2, record(3, "not_found").Done)
	require.Equal(t, 2, record(2).Done, "no outcomes")
	call(b.Move(t.Context(), 1, wallet.BulkStopped)).ok(t)
	j := record(2, "ok", "ok")
	require.Equal(t, 4, j.Done, "outcomes from before the stop are recorded")
	require.Equal(t, wallet.BulkStopped, j.State)
	call(b.Move(t.Context(), 1, wallet.BulkRunning)).ok(t)
	j = record(4, "fallback")
	require.Equal(t, wallet.BulkDone, j.State)
	require.Equal(t, 3, j.Granted)
	call(b.Job(t.Context(), 1)).returns(t, j)
	rows := call(b.Rows(t.Context(), 1, 0, 9)).ok(t)
	var outcomes []string
	for _, r := range rows {
		outcomes = append(outcomes, r.Outcome)
	}
	require.Equal(t, []string{"ok", "over_budget", "ok", "ok", "fallback"}, outcomes)
	require.Empty(t, call(b.Running(t.Context(), 10)).ok(t))
}

func bulkStatesFollow(t *testing.T, b wallet.BulkJobs) {
	for n := range byte(3) {
		write(b.Create(t.Context(), bulkJob(n+1), bulkRows(1))).ok(t)
	}
	move := func(id int64, s wallet.BulkState) error {
		j, err := b.Move(t.Context(), id, s)
		if err == nil {
			require.Equal(t, s, j.State)
		}
		return err
	}
	require.ErrorIs(t, move(1, wallet.BulkStopped), wallet.ErrNotUsable, "the job was not started")
	require.ErrorIs(t, move(1, wallet.BulkDone), wallet.ErrNotUsable)
	require.NoError(t, move(1, wallet.BulkReady), "the state is unchanged")
	for _, id := range []int64{3, 1} {
		require.NoError(t, move(id, wallet.BulkRunning))
		require.NoError(t, move(id, wallet.BulkRunning))
	}
	running := call(b.Running(t.Context(), 10)).ok(t)
	require.Len(t, running, 2)
	require.EqualValues(t, 1, running[0].ID, "the oldest comes first")
	require.Len(t, call(b.Running(t.Context(), 1)).ok(t), 1)
	require.NoError(t, move(1, wallet.BulkStopped))
	require.ErrorIs(t, move(1, wallet.BulkReady), wallet.ErrNotUsable)
	require.NoError(t, move(1, wallet.BulkRunning))
	call(b.Record(t.Context(), 1, 0, []string{"ok"})).ok(t)
	require.ErrorIs(t, move(1, wallet.BulkRunning), wallet.ErrNotUsable, "done is final")
	require.NoError(t, move(1, wallet.BulkDone))
}

func longestList(t *testing.T, b wallet.BulkJobs) {
	rows := bulkRows(wallet.MaxBulkRows)
	require.Equal(t, wallet.MaxBulkRows, write(b.Create(t.Context(), bulkJob(1), rows)).ok(t).Rows)
	call(b.Rows(t.Context(), 1, 0, wallet.MaxBulkRows)).returns(t, rows)
}

// manyRecord: if several callers record at one position, one of them advances it.
func manyRecord(t *testing.T, b wallet.BulkJobs) {
	const rows = 64
	write(b.Create(t.Context(), bulkJob(1), bulkRows(rows))).ok(t)
	call(b.Move(t.Context(), 1, wallet.BulkRunning)).ok(t)
	together(t, func(t *testing.T, caller int) {
		for {
			j := call(b.Job(t.Context(), 1)).ok(t)
			if j.State == wallet.BulkDone {
				return
			}
			require.Greater(t, call(b.Record(t.Context(), 1, j.Done, []string{"ok"})).ok(t).Done, j.Done, "by this caller or another one")
		}
	})
	j := call(b.Job(t.Context(), 1)).ok(t)
	require.Equal(t, rows, j.Done)
	require.Equal(t, rows, j.Granted, "no outcome was counted twice")
}

func bulkRefusals(t *testing.T, b wallet.BulkJobs) {
	for why, change := range map[string]func(*wallet.BulkJob, *[]wallet.BulkRow){
		"no rows":       func(_ *wallet.BulkJob, r *[]wallet.BulkRow) { *r = nil },
		"too many rows": func(_ *wallet.BulkJob, r *[]wallet.BulkRow) { *r = bulkRows(wallet.MaxBulkRows + 1) },
		"no operator":   func(j *wallet.BulkJob, _ *[]wallet.BulkRow) { j.By = "" },
		"a reason too long": func(_ *wallet.BulkJob, r *[]wallet.BulkRow) {
			(*r)[0].Reason = strings.Repeat("x", wallet.MaxBulkReason+1)
		},
		"an invalid app":   func(_ *wallet.BulkJob, r *[]wallet.BulkRow) { (*r)[0].App = 9 },
		"an invalid scene": func(_ *wallet.BulkJob, r *[]wallet.BulkRow) { (*r)[0].Scene = "A" },
		"an invalid award": func(_ *wallet.BulkJob, r *[]wallet.BulkRow) { (*r)[0].Award = 14 },
	} {
		j, rows := bulkJob(1), bulkRows(1)
		change(&j, &rows)
		write(b.Create(t.Context(), j, rows)).fails(t, wallet.ErrInvalid, why)
	}
	for _, id := range []int64{0, 1, -1, 1 << 40} {
		call(b.Job(t.Context(), id)).fails(t, wallet.ErrNotFound)
		call(b.Rows(t.Context(), id, 0, 1)).fails(t, wallet.ErrNotFound)
		call(b.Move(t.Context(), id, wallet.BulkRunning)).fails(t, wallet.ErrNotFound)
		call(b.Record(t.Context(), id, 0, []string{"ok"})).fails(t, wallet.ErrNotFound)
	}
	write(b.Create(t.Context(), bulkJob(1), bulkRows(1))).ok(t)
	call(b.Move(t.Context(), 1, wallet.BulkRunning)).ok(t)
	for why, outcomes := range map[string][]string{"too many": {"ok", "ok"}, "empty": {""}, "too long": {strings.Repeat("x", wallet.MaxBulkOutcome+1)}} {
		call(b.Record(t.Context(), 1, 0, outcomes)).fails(t, wallet.ErrInvalid, why)
	}
	call(b.Record(t.Context(), 1, -1, []string{"ok"})).fails(t, wallet.ErrInvalid)
}
