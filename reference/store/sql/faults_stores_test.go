package sqlstore

import (
	"testing"

	"github.com/DATA-DOG/go-sqlmock"
	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

func winOf(id wallet.ActID) wallet.OrderNo {
	return wallet.OrderNo{ActID: id, Scene: "rain-cash", Rain: 1, Award: wallet.Cash, Stage: wallet.Official}
}

// TestCreateWithoutAnswer: after COMMIT was sent the outcome is unknown, and the retry finds it.
func TestCreateWithoutAnswer(t *testing.T) {
	l, mock := mocked(t)
	o := NewOrders(l.db)
	want := wallet.Order{No: winOf(1), Amount: 5, Opened: 1, Created: 2}
	mock.ExpectBegin()
	mock.ExpectExec("INSERT INTO orders").WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectCommit().WillReturnError(mysql.ErrInvalidConn)
	_, _, err := o.Create(t.Context(), want)
	require.ErrorIs(t, err, wallet.ErrUnknown)

	mock.ExpectBegin()
	mock.ExpectExec("INSERT INTO orders").WillReturnResult(sqlmock.NewResult(0, 0)) // the row exists
	mock.ExpectQuery("SELECT act_id, .* FROM orders WHERE").WillReturnRows(sqlmock.NewRows(
		[]string{"act_id", "stage", "scene", "rain", "award", "amount", "opened", "created", "state", "written"}).
		AddRow(1, 3, "rain-cash", 1, int64(wallet.Cash), 5, 1, 2, 0, 41))
	mock.ExpectCommit()
	got, isNew, err := o.Create(t.Context(), want)
	require.NoError(t, err)
	require.False(t, isNew)
	require.Equal(t, want, got)
}

// TestCreateLost: before COMMIT nothing was done, whatever happened to the connection.
func TestCreateLost(t *testing.T) {
	l, mock := mocked(t)
	o := NewOrders(l.db)
	for _, lost := range []error{mysql.ErrInvalidConn, refusal(1290)} {
		mock.ExpectBegin()
		mock.ExpectExec("INSERT INTO orders").WillReturnError(lost)
		mock.ExpectRollback()
		_, _, err := o.Create(t.Context(), wallet.Order{No: winOf(1), Amount: 5})
		require.ErrorIs(t, err, wallet.ErrUnavailable)
	}
}

// expectRecord expects one reservation on an open or a closed fence, up to its commit.
func expectRecord(mock sqlmock.Sqlmock, closed int, onRecord *sqlmock.Rows) {
	mock.ExpectBegin()
	mock.ExpectQuery("SELECT act_id, .* FROM orders WHERE block IS NOT NULL").
		WillReturnRows(sqlmock.NewRows([]string{"act_id", "stage", "scene", "rain", "award", "amount", "block"}))
	mock.ExpectQuery("SELECT block, closed FROM quota_fences .* FOR UPDATE").
		WillReturnRows(sqlmock.NewRows([]string{"block", "closed"}).AddRow(7, closed))
	if closed == 0 {
		mock.ExpectExec("INSERT INTO quota_reservations").WillReturnResult(sqlmock.NewResult(0, 1))
		mock.ExpectExec("INSERT INTO quota_fences .* reserved = reserved").WillReturnResult(sqlmock.NewResult(0, 2))
		return
	}
	mock.ExpectQuery("SELECT act_id, .* FROM quota_reservations").WillReturnRows(onRecord)
}

// TestRecordWithoutAnswer: a reservation whose commit has an unknown result may be recorded. Ending its block
// meanwhile does not undo it: the recorded result is returned first.
func TestRecordWithoutAnswer(t *testing.T) {
	l, mock := mocked(t)
	q := NewQuotas(l.db)
	want := wallet.Reservation{Order: winOf(1), Amount: 5, Block: 7}
	columns := []string{"act_id", "stage", "scene", "rain", "award", "amount", "block", "written"}
	expectRecord(mock, 0, nil)
	mock.ExpectCommit().WillReturnError(mysql.ErrInvalidConn)
	_, _, err := q.Record(t.Context(), want)
	require.ErrorIs(t, err, wallet.ErrUnknown)

	expectRecord(mock, 1, sqlmock.NewRows(columns).AddRow(1, 3, "rain-cash", 1, int64(wallet.Cash), 5, 7, 41))
	mock.ExpectCommit()
	got, isNew, err := q.Record(t.Context(), want)
	require.NoError(t, err)
	require.False(t, isNew)
	require.Equal(t, want, got)

	expectRecord(mock, 1, sqlmock.NewRows(columns))
	mock.ExpectCommit()
	_, _, err = q.Record(t.Context(), want)
	require.ErrorIs(t, err, wallet.ErrStale)
}

// TestAdmitWithoutAnswer is the same for an order that is recorded together with its reservation.
func TestAdmitWithoutAnswer(t *testing.T) {
	l, mock := mocked(t)
	a := NewAdmissions(NewOrders(l.db), NewQuotas(l.db))
	want := wallet.Order{No: winOf(1), Amount: 5, Opened: 3, Created: 4}
	expect := func(closed int) {
		mock.ExpectBegin()
		mock.ExpectQuery("SELECT block, closed FROM quota_fences .* FOR UPDATE").
			WillReturnRows(sqlmock.NewRows([]string{"block", "closed"}).AddRow(7, closed))
	}
	expect(0)
	mock.ExpectExec("INSERT INTO orders .*block, written").WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectExec("INSERT INTO quota_fences .* reserved = reserved").WillReturnResult(sqlmock.NewResult(0, 2))
	mock.ExpectCommit().WillReturnError(mysql.ErrInvalidConn)
	_, err := a.Admit(t.Context(), want, 7)
	require.ErrorIs(t, err, wallet.ErrUnknown)

	columns := []string{"act_id", "stage", "scene", "rain", "award", "amount", "opened", "created", "state", "block", "written"}
	expect(1)
	mock.ExpectQuery("SELECT act_id, .* block, written FROM orders").
		WillReturnRows(sqlmock.NewRows(columns).AddRow(1, 3, "rain-cash", 1, int64(wallet.Cash), 5, 3, 4, 0, 7, 41))
	mock.ExpectCommit()
	got, err := a.Admit(t.Context(), want, 7)
	require.NoError(t, err)
	require.Equal(t, wallet.Admitted{Order: want, Block: 7}, got)

	expect(1)
	mock.ExpectQuery("SELECT act_id, .* block, written FROM orders").WillReturnRows(sqlmock.NewRows(columns))
	mock.ExpectCommit()
	_, err = a.Admit(t.Context(), want, 7)
	require.ErrorIs(t, err, wallet.ErrStale)
}

// TestLeaseWithoutAnswer: the block may have been leased.
func TestLeaseWithoutAnswer(t *testing.T) {
	l, mock := mocked(t)
	q := NewQuotas(l.db)
	mock.ExpectBegin()
	mock.ExpectQuery("SELECT stage, leased FROM quota_stages .* FOR UPDATE").
		WillReturnRows(sqlmock.NewRows([]string{"stage", "leased"}).AddRow(1, 0).AddRow(2, 0).AddRow(3, 90))
	mock.ExpectQuery("SELECT COALESCE").WillReturnRows(sqlmock.NewRows([]string{"latest"}).AddRow(4))
	mock.ExpectQuery("SELECT block, stage, state, leased, holder FROM quota_blocks").
		WillReturnRows(sqlmock.NewRows([]string{"block", "stage", "state", "leased", "holder"}))
	mock.ExpectExec("UPDATE quota_stages").WithArgs(95, 3).WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectExec("INSERT INTO quota_blocks").WithArgs(11, 3, 0, 5, []byte("a")).WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectCommit().WillReturnError(mysql.ErrInvalidConn)
	_, err := q.Lease(t.Context(), "a", wallet.Official, 5, 5, 100)
	require.ErrorIs(t, err, wallet.ErrUnknown)
}

// TestStrandThatDied: an instance crashed after it marked a holder's blocks as orphaned and before it closed their
// fences. The blocks can still grant until the audit, which closes the fences itself and misses no grant.
func TestStrandThatDied(t *testing.T) {
	for _, shards := range []int{1, 3} {
		q := NewQuotas(openSQLiteTest(t, shards))
		block, err := q.Lease(t.Context(), "a", wallet.Official, 50, 50, 100)
		require.NoError(t, err)
		record := func(id wallet.ActID) error {
			_, _, err := q.Record(t.Context(), wallet.Reservation{Order: winOf(id), Amount: 10, Block: block.ID})
			return err
		}
		require.NoError(t, record(1))
		s := &orphanStep{holder: "a"}
		require.NoError(t, q.db.shards[0].do(t.Context(), q.ledger, 1, s))
		require.Len(t, s.out, 1)
		require.NoError(t, record(2))
		next, err := q.Lease(t.Context(), "a", wallet.Official, 50, 50, 100)
		require.NoError(t, err)
		require.Greater(t, next.ID, block.ID, "nothing more is leased to an orphaned block")
		back, err := q.Reclaim(t.Context(), wallet.Official)
		require.NoError(t, err)
		require.EqualValues(t, 30, back)
		for id := range wallet.ActID(6) { // on every shard
			require.ErrorIs(t, record(10+id), wallet.ErrStale)
		}
		got, err := q.Quota(t.Context(), wallet.Official)
		require.NoError(t, err)
		require.Equal(t, wallet.Quota{Reserved: 20, Leased: 70}, got)
	}
}

func TestRecordOnAnotherStagesBlock(t *testing.T) {
	q := NewQuotas(openSQLiteTest(t, 1))
	block, err := q.Lease(t.Context(), "a", wallet.Official, 50, 50, 100)
	require.NoError(t, err)
	_, _, err = q.Record(t.Context(), wallet.Reservation{Order: winOf(1), Amount: 10, Block: block.ID})
	require.NoError(t, err)
	drill := winOf(2)
	drill.Stage = wallet.ExternalDrill
	_, _, err = q.Record(t.Context(), wallet.Reservation{Order: drill, Amount: 10, Block: block.ID})
	require.ErrorIs(t, err, wallet.ErrInvalid)
}

// TestCut: orders of one place stay together, and a walk ends however many share one.
func TestCut(t *testing.T) {
	for _, c := range []struct {
		places []int64
		limit  int
		page   int
		next   int64
		why    string
	}{
		{nil, 3, 0, 0, "empty"},
		{[]int64{1, 2, 3}, 3, 3, 0, "all fit"},
		{[]int64{1, 2, 3}, 2, 2, 3, "the next page begins with what did not fit"},
		{[]int64{1, 2, 2}, 2, 1, 2, "a place is not split"},
		{[]int64{2, 2, 2}, 2, 2, 3, "more than fit share a place: the walk continues after it"},
		{[]int64{1, 1, 2}, 2, 2, 2, "a place that fits is returned completely"},
	} {
		var all []placed[wallet.Order]
		for _, p := range c.places {
			all = append(all, placed[wallet.Order]{place: p})
		}
		page, next := cut(all, c.limit)
		require.Len(t, page, c.page, c.why)
		require.Equal(t, c.next, next, c.why)
	}
}

func TestCreateRefusesInstantsWithoutPlace(t *testing.T) {
	o := NewOrders(openSQLiteTest(t, 1))
	for _, at := range []wallet.Instant{-1, lastCreated + 1, wallet.Never} {
		_, _, err := o.Create(t.Context(), wallet.Order{No: winOf(1), Amount: 1, Created: at})
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
	_, isNew, err := o.Create(t.Context(), wallet.Order{No: winOf(1), Amount: 1, Created: lastCreated})
	require.NoError(t, err)
	require.True(t, isNew)
	got, next, err := o.Open(t.Context(), wallet.Never, 0, 1)
	require.NoError(t, err)
	require.Zero(t, next)
	require.Len(t, got, 1)
}
