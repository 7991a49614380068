package sqlstore

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/DATA-DOG/go-sqlmock"
	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// mocked returns a ledger over one shard of a scripted MySQL, with one committer. Its transactions have the number 42.
func mocked(t *testing.T) (*Ledger, sqlmock.Sqlmock) {
	t.Helper()
	db, mock, err := sqlmock.New()
	require.NoError(t, err)
	spare, err := db.Conn(t.Context()) // the mock would end with its last connection
	require.NoError(t, err)
	d := mysqlDialect()
	d.writers = 1
	s := newShard(d, time.Second, db, db)
	s.start()
	l := NewLedger(&DB{dialect: d, shards: []*shard{s}}, storetest.NewClock(), 1)
	l.draw = func() int64 { return 42 }
	t.Cleanup(func() {
		s.end()
		require.NoError(t, mock.ExpectationsWereMet())
		_ = spare.Close()
		_ = db.Close()
	})
	return l, mock
}

// refusal returns an error as the server sends it.
func refusal(number uint16) error {
	return &mysql.MySQLError{Number: number, Message: fmt.Sprintf("error %d", number)}
}

// expectPost expects one new credit, up to its commit.
func expectPost(mock sqlmock.Sqlmock) {
	mock.ExpectBegin()
	mock.ExpectExec("INSERT INTO ledger_grants").WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectExec("INSERT INTO ledger_accounts").WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectExec("INSERT INTO ledger_debits").WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectExec("INSERT INTO ledger_accounts").WillReturnResult(sqlmock.NewResult(0, 2))
}

func postOne(t *testing.T, l *Ledger) error {
	t.Helper()
	got, err := l.Post(t.Context(), []wallet.Credit{grantTo(1, 1, 5)})
	if err == nil {
		require.Equal(t, []wallet.PostOutcome{wallet.PostedNow}, got)
	}
	return err
}

func TestRolledBackInFavourOfAnother(t *testing.T) {
	for _, number := range []uint16{1213, 1205} { // deadlock, lock wait timeout
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			l, mock := mocked(t)
			mock.ExpectBegin()
			mock.ExpectExec("INSERT INTO ledger_grants").WillReturnError(refusal(number))
			mock.ExpectRollback()
			expectPost(mock)
			mock.ExpectCommit()
			require.NoError(t, postOne(t, l))
		})
	}
	t.Run("always", func(t *testing.T) {
		l, mock := mocked(t)
		for range maxTries {
			mock.ExpectBegin()
			mock.ExpectExec("INSERT INTO ledger_grants").WillReturnError(refusal(1213))
			mock.ExpectRollback()
		}
		require.ErrorIs(t, postOne(t, l), wallet.ErrOverloaded)
	})
}

// TestServersThatTakeNoWrites: nothing is done, and the next transaction uses a new connection.
func TestServersThatTakeNoWrites(t *testing.T) {
	for _, number := range []uint16{1290, 1792, 1836, 1114, 1021, 28} { // read-only (three forms); table, disk and device full
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			l, mock := mocked(t)
			mock.ExpectBegin()
			mock.ExpectExec("INSERT INTO ledger_grants").WillReturnError(refusal(number))
			mock.ExpectRollback()
			require.ErrorIs(t, postOne(t, l), wallet.ErrUnavailable)
			require.Equal(t, 1, l.db.shards[0].writes.Stats().OpenConnections, "the committer's is closed")
			expectPost(mock)
			mock.ExpectCommit()
			require.NoError(t, postOne(t, l))
		})
	}
}

// TestLostBeforeCommit: without COMMIT a server rolls back, so nothing was done, wherever the connection ended.
func TestLostBeforeCommit(t *testing.T) {
	for _, lost := range []error{mysql.ErrInvalidConn, driver.ErrBadConn, errors.New("i/o timeout")} {
		t.Run(lost.Error(), func(t *testing.T) {
			l, mock := mocked(t)
			mock.ExpectBegin()
			mock.ExpectExec("INSERT INTO ledger_grants").WillReturnResult(sqlmock.NewResult(0, 1))
			mock.ExpectExec("INSERT INTO ledger_accounts").WillReturnError(lost)
			mock.ExpectRollback()
			require.ErrorIs(t, postOne(t, l), wallet.ErrUnavailable)
			require.Equal(t, 1, l.db.shards[0].writes.Stats().OpenConnections, "the committer's is closed")
			expectPost(mock)
			mock.ExpectCommit()
			require.NoError(t, postOne(t, l))
		})
	}
}

// TestLostBeforeBegin: a connection that ended while idle causes no error.
func TestLostBeforeBegin(t *testing.T) {
	l, mock := mocked(t)
	expectPost(mock)
	mock.ExpectCommit()
	require.NoError(t, postOne(t, l))
	mock.ExpectBegin().WillReturnError(mysql.ErrInvalidConn)
	expectPost(mock)
	mock.ExpectCommit()
	require.NoError(t, postOne(t, l))
}

// TestCommitWithoutAnswer: the outcome is looked up by order number, on another connection.
func TestCommitWithoutAnswer(t *testing.T) {
	for why, c := range map[string]struct {
		found func(*sqlmock.ExpectedQuery)
		want  error
	}{
		"it exists, written by this transaction": {numbers(42), nil},
		"it does not exist":                      {numbers(), wallet.ErrUnavailable},
		"it exists, written by another posting":  {numbers(41), wallet.ErrUnavailable},
		"the query fails":                        {func(q *sqlmock.ExpectedQuery) { q.WillReturnError(mysql.ErrInvalidConn) }, wallet.ErrUnknown},
		"it is still in progress":                {func(q *sqlmock.ExpectedQuery) { q.WillReturnError(refusal(1205)) }, wallet.ErrUnknown},
	} {
		t.Run(why, func(t *testing.T) {
			l, mock := mocked(t)
			expectPost(mock)
			mock.ExpectCommit().WillReturnError(mysql.ErrInvalidConn)
			c.found(mock.ExpectQuery("SELECT posting FROM ledger_grants .* FOR UPDATE").WithArgs(1, 3, "rain-cash", 1, 1))
			require.ErrorIs(t, postOne(t, l), c.want)
		})
	}
}

func numbers(of ...int64) func(*sqlmock.ExpectedQuery) {
	rows := sqlmock.NewRows([]string{"posting"})
	for _, n := range of {
		rows.AddRow(n)
	}
	return func(q *sqlmock.ExpectedQuery) { q.WillReturnRows(rows) }
}

// TestTransferCommitWithoutAnswer: repeating the call finds the outcome by the transfer's number.
func TestTransferCommitWithoutAnswer(t *testing.T) {
	l, mock := mocked(t)
	expect := func() {
		mock.ExpectBegin()
		mock.ExpectQuery("SELECT .* FROM ledger_moves .* FOR UPDATE").WillReturnRows(sqlmock.NewRows(make([]string, 8)))
		mock.ExpectQuery("SELECT .* FROM ledger_accounts .* FOR UPDATE").WillReturnRows(
			sqlmock.NewRows([]string{"owner", "kind", "stage", "balance"}).AddRow(1, 2, 3, 100))
	}
	write := func(moves int64) {
		mock.ExpectExec("INSERT INTO ledger_moves").WillReturnResult(sqlmock.NewResult(0, moves))
		if moves > 0 {
			mock.ExpectExec("INSERT INTO ledger_legs").WillReturnResult(sqlmock.NewResult(0, 2))
			mock.ExpectExec("INSERT INTO ledger_accounts").WillReturnResult(sqlmock.NewResult(0, 4))
		}
	}
	expect()
	write(1)
	mock.ExpectCommit().WillReturnError(mysql.ErrInvalidConn)
	require.ErrorIs(t, l.Transfer(t.Context(), lift(1, grantTo(1, 1, 5))), wallet.ErrUnknown)

	expect() // another instance makes the same transfer between this one's read and write: repeat
	write(0)
	mock.ExpectRollback()
	expect()
	write(1)
	mock.ExpectCommit()
	require.NoError(t, l.Transfer(t.Context(), lift(1, grantTo(1, 1, 5))))
}

func TestReadsThatFailAreUnavailable(t *testing.T) {
	l, mock := mocked(t)
	mock.ExpectQuery("SELECT").WillReturnError(mysql.ErrInvalidConn)
	_, err := l.View(t.Context(), wallet.ViewQuery{Wallets: []wallet.ActID{1}, Stage: wallet.Official, Limit: 1})
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	mock.ExpectQuery("SELECT").WillReturnRows(sqlmock.NewRows([]string{"owner", "kind", "stage", "balance"}).AddRow(1, 2, 3, 4).RowError(0, mysql.ErrInvalidConn))
	require.ErrorIs(t, l.Balances(t.Context(), func(wallet.AccountNo, wallet.Money) bool { return true }), wallet.ErrUnavailable)
}
