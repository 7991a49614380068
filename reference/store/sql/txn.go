package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// maxPrepared bounds the prepared statements: more than there are different ones of the fixed lengths.
const maxPrepared = 256

// txn is a transaction that jobs write in. It ends after the last of them.
type txn struct {
	*committer
	tx *sql.Tx
}

// exec runs a statement and returns the number of affected rows.
func (t *txn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// query calls scan for each row that the transaction sees.
func (t *txn) query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := t.rows(ctx, query, args)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

func (t *txn) rows(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	stmt, err := t.prepared(ctx, query)
	if stmt == nil || err != nil {
		return t.tx.QueryContext(ctx, query, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// prepared returns the connection's prepared statement for a query, or nil where preparing gains nothing. It belongs
// to the connection, so it outlives the transaction.
func (t *txn) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	stmt := t.stmts[query]
	if stmt != nil || !t.dialect.prepare || len(t.stmts) >= maxPrepared {
		return stmt, nil
	}
	stmt, err := t.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if t.stmts == nil {
		t.stmts = map[string]*sql.Stmt{}
	}
	t.stmts[query] = stmt
	return stmt, nil
}

// insertion is an INSERT of any number of rows.
type insertion struct {
	head    string // up to VALUES
	columns int
	tail    string // after the rows: dialect.insertIgnore, dialect.upsertAdd, or nothing
}

// insert writes n rows in few statements. row appends the arguments of row i; done, which may be nil, gets after each
// statement the rows it wrote and the number of rows that the database counts as affected.
func (t *txn) insert(ctx context.Context, in insertion, n int, row func(i int, args []any) []any, done func(from, to int, affected int64) error) error {
	var args []any
	for from := 0; from < n; {
		size := t.chunk(n - from)
		args = args[:0]
		for i := from; i < from+size; i++ {
			args = row(i, args)
		}
		affected, err := t.insertChunk(ctx, in, size, args)
		if err == nil && done != nil {
			err = done(from, from+size, affected)
		}
		if err != nil {
			return err
		}
		from += size
	}
	return nil
}

// insertRow writes one row and returns the number of rows that the database counts as affected.
func (t *txn) insertRow(ctx context.Context, in insertion, args ...any) (affected int64, err error) {
	return t.insertChunk(ctx, in, 1, args)
}

// chunk returns how many of n rows go into the next statement.
func (t *txn) chunk(n int) int {
	if !t.dialect.prepare {
		return min(n, t.dialect.rows[0])
	}
	for _, size := range t.dialect.rows {
		if size <= n {
			return size
		}
	}
	return 1
}

func (t *txn) insertChunk(ctx context.Context, in insertion, rows int, args []any) (int64, error) {
	query := in.head + placeholders(in.columns, rows) + in.tail
	stmt, err := t.prepared(ctx, query)
	if stmt == nil || err != nil {
		return t.exec(ctx, query, args...)
	}
	r, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// drop closes the connection and forgets its statements.
func (c *committer) drop() {
	if c.conn == nil {
		return
	}
	for _, s := range c.stmts {
		_ = s.Close()
	}
	_ = c.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.conn.Close()
	c.conn, c.stmts = nil, nil
}
