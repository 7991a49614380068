// Package sqlstore stores the records of the wallet in MySQL (or MariaDB) and in SQLite: one code base and two small
// dialects. Its folder is named sql; the package is not, so that it can be imported together with database/sql.
//
// All rows of a wallet are on one shard, chosen by its ActID. Every write goes through the shard's group commit:
// callers submit small jobs, and the jobs that wait while one transaction commits go into the next (see commit.go).
// Reads do not use the queue.
//
// Units are those of package wallet: fen and microseconds, in 64-bit integer columns. Tables belong to the live
// traffic or, under Config.Shadow, to load-test traffic (K2); a DB sees one of the two sets and cannot touch the
// other.
//
// It must not hide an unknown outcome by retrying, must not change or delete an entry of the ledger, and must not
// print a DSN.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// The bounds of Config and its defaults.
const (
	maxShards      = 256 // with more, readers that scan all shards in parallel would hold too many pages
	defaultConns   = 16  // a server of four cores gains nothing from more connections per instance
	defaultTimeout = 5 * time.Second
	warmAtOnce     = 8 // connections opened concurrently per shard: a server that just started is busy
)

// Config describes where the data is stored.
type Config struct {
	// Driver is "sqlite" or "mysql"; MariaDB counts as the latter.
	Driver string
	// DSNs are the shards, in an order that must never change: files for SQLite, go-sql-driver DSNs for MySQL, which
	// must name the database. wallet.ShardOf selects the shard of a wallet.
	DSNs []string
	// Shadow selects the tables of load-test traffic (K2).
	Shadow bool
	// MaxConns bounds the connections per shard; zero means 16.
	MaxConns int
	// Timeout bounds connecting, each statement and each transaction; zero means 5 s. An operation that has not ended
	// by then counts as lost.
	Timeout time.Duration
}

// Validate returns wallet.ErrInvalid with the reason. It never quotes a DSN.
func (c Config) Validate() error {
	switch {
	case c.Driver != "sqlite" && c.Driver != "mysql":
		return fmt.Errorf("%w: sql driver %q is neither sqlite nor mysql", wallet.ErrInvalid, c.Driver)
	case len(c.DSNs) == 0 || len(c.DSNs) > maxShards:
		return fmt.Errorf("%w: %d shards, not 1 to %d", wallet.ErrInvalid, len(c.DSNs), maxShards)
	case c.MaxConns < 0 || c.Timeout < 0:
		return fmt.Errorf("%w: negative number of connections or timeout", wallet.ErrInvalid)
	}
	seen := map[string]bool{}
	for i, dsn := range c.DSNs {
		if dsn == "" || seen[dsn] {
			return fmt.Errorf("%w: the data source of shard %d is empty or the same as another's", wallet.ErrInvalid, i)
		}
		seen[dsn] = true
	}
	return nil
}

// DB is the set of open shards. It is safe for concurrent use.
type DB struct {
	dialect *dialect
	prefix  string // of every table
	shards  []*shard
}

// shard is one database.
type shard struct {
	no      int
	dialect *dialect
	timeout time.Duration
	reads   *sql.DB
	writes  *sql.DB // the same as reads, except for SQLite: a single connection for the single writer

	mu    sync.Mutex
	stmts map[string]*sql.Stmt // of reads, at most maxPrepared

	queue   chan *job
	stop    chan struct{} // closed by Close
	stopped chan struct{} // closed when all committers have ended
	running sync.WaitGroup
}

// Open connects to all shards, checks that the servers' settings make commits durable, and migrates the tables;
// several instances may do so concurrently. ErrInvalid: the configuration. ErrUnavailable: a shard does not answer.
// The caller must close the DB.
func Open(ctx context.Context, c Config) (*DB, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.MaxConns == 0 {
		c.MaxConns = defaultConns
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	db := &DB{dialect: dialectOf(c.Driver)}
	if c.Shadow {
		db.prefix = "shadow_"
	}
	for i, dsn := range c.DSNs {
		s, err := openShard(ctx, db.dialect, c, dsn)
		if err == nil {
			s.no = i
			db.shards = append(db.shards, s)
			err = db.migrate(ctx, s)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("shard %d: %w", i, err), db.Close())
		}
	}
	return db, nil
}

func openShard(ctx context.Context, d *dialect, c Config, dsn string) (*shard, error) {
	reads, writes, err := d.open(ctx, c, dsn)
	if err != nil {
		return nil, err
	}
	s := newShard(d, c.Timeout, reads, writes)
	s.start()
	return s, nil
}

func newShard(d *dialect, timeout time.Duration, reads, writes *sql.DB) *shard {
	return &shard{dialect: d, timeout: timeout, reads: reads, writes: writes, stmts: map[string]*sql.Stmt{},
		queue: make(chan *job, maxWaiting), stop: make(chan struct{}), stopped: make(chan struct{})}
}

// Close stops the committers and closes all connections. Waiting jobs get ErrUnavailable.
func (db *DB) Close() error {
	var errs []error
	for _, s := range db.shards {
		s.end()
		errs = append(errs, s.reads.Close())
		if s.writes != s.reads {
			errs = append(errs, s.writes.Close())
		}
	}
	return errors.Join(errs...)
}

// Ping checks that every shard answers. ErrUnavailable: one does not.
func (db *DB) Ping(ctx context.Context) error {
	for _, s := range db.shards {
		if err := s.reads.PingContext(ctx); err != nil {
			return fmt.Errorf("%w: shard %d: %w", wallet.ErrUnavailable, s.no, err)
		}
	}
	return nil
}

// Warm opens up to n connections per shard before the first request needs them (K1). ErrUnavailable as in Ping.
func (db *DB) Warm(ctx context.Context, n int) error {
	for _, s := range db.shards {
		if err := s.warm(ctx, min(n, s.reads.Stats().MaxOpenConnections)); err != nil {
			return fmt.Errorf("%w: shard %d: %w", wallet.ErrUnavailable, s.no, err)
		}
	}
	return nil
}

func (s *shard) warm(ctx context.Context, n int) error {
	var held []*sql.Conn
	defer func() {
		for _, c := range held {
			_ = c.Close()
		}
	}()
	for len(held) < n {
		at := len(held)
		conns, errs := make([]*sql.Conn, min(n-at, warmAtOnce)), make([]error, warmAtOnce)
		var all sync.WaitGroup
		for i := range conns {
			all.Go(func() { conns[i], errs[i] = s.reads.Conn(ctx) })
		}
		all.Wait()
		for _, c := range conns {
			if c != nil {
				held = append(held, c)
			}
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return nil
}

// shard returns the shard of a wallet.
func (db *DB) shard(id wallet.ActID) *shard { return db.shards[wallet.ShardOf(id, len(db.shards))] }

// text returns a statement with the table prefix filled in: "{p}orders" becomes orders or shadow_orders.
func (db *DB) text(query string) string { return strings.ReplaceAll(query, "{p}", db.prefix) }

// ask runs a read on a shard and calls scan for each row. It returns errors of package wallet: a failed read changed
// nothing, so all of them are ErrUnavailable.
func (s *shard) ask(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	rows, err := s.query(ctx, query, args)
	if err != nil {
		return s.dialect.notDone(err)
	}
	return s.dialect.notDone(eachRow(rows, scan))
}

// query uses a prepared statement where preparing costs more than running the query.
func (s *shard) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	if !s.dialect.prepare {
		return s.reads.QueryContext(ctx, query, args...)
	}
	s.mu.Lock()
	stmt := s.stmts[query]
	full := len(s.stmts) >= maxPrepared
	s.mu.Unlock()
	if stmt == nil {
		if full {
			return s.reads.QueryContext(ctx, query, args...)
		}
		var err error
		if stmt, err = s.reads.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.stmts[query] == nil { // otherwise another call stored one first, and this one is closed with the DB
			s.stmts[query] = stmt
		}
	}
	return stmt.QueryContext(ctx, args...)
}

// eachRow scans all rows and closes them.
func eachRow(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
