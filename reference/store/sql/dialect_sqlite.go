package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"hongbao/reference/wallet"
)

// The memory of a file's writer. Writes go to random wallets, so nearly every row is on a different page: cached pages
// need not be read, and a page that is written many times between two checkpoints is copied once.
const (
	writerCache     = 64 << 10 // KiB of pages
	checkpointPages = 16 << 10 // of 4 KiB: the log grows up to 64 MiB
)

// journalAgain is the delay before an instance retries to set the journal mode of a new file.
const journalAgain = 10 * time.Millisecond

func sqliteDialect() *dialect {
	return &dialect{
		name:         "sqlite",
		goose:        goose.DialectSQLite3,
		writers:      1, // a file has one writer at a time: a second would wait for the first
		open:         openSQLite,
		classify:     classifySQLite,
		maintain:     checkpoints,
		txContext:    func(time.Duration) (context.Context, context.CancelFunc) { return context.Background(), func() {} }, // a local file needs no timeout, and the driver's watching of contexts costs time
		tables:       "SELECT name FROM sqlite_schema WHERE type = 'table'",
		tableEnd:     "STRICT, WITHOUT ROWID", // STRICT: a sum that overflows is an error, not a float
		long:         "INTEGER",
		scene:        "TEXT",
		blob:         "BLOB",
		large:        "BLOB",
		triggers:     true,
		rows:         []int{128, 32, 8, 1},
		prepare:      true,
		insertIgnore: func(string) string { return " ON CONFLICT DO NOTHING" },
		upsertAdd: func(keys string, columns ...string) string {
			return " ON CONFLICT (" + keys + ") DO UPDATE SET " + sums(columns, "excluded.%[1]s")
		},
	}
}

// openSQLite opens a file with a write-ahead log, so that readers do not wait for the writer, and with synchronous
// FULL, so that commits survive a power failure. Readers cannot write.
func openSQLite(ctx context.Context, c Config, file string) (reads, writes *sql.DB, err error) {
	name := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(file) // the name is parsed as a URI
	busy := "busy_timeout(" + strconv.FormatInt(c.Timeout.Milliseconds(), 10) + ")"
	cache := fmt.Sprintf("cache_size(-%d)", writerCache)
	checkpoint := fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages)
	write := url.Values{"_pragma": {busy, "journal_mode(WAL)", "synchronous(FULL)", cache, checkpoint}, "_txlock": {"immediate"}}
	if writes, err = sql.Open("sqlite", name+"?"+write.Encode()); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", wallet.ErrInvalid, err)
	}
	writes.SetMaxOpenConns(1)
	read := url.Values{"_pragma": {busy, "query_only(1)"}}
	if reads, err = sql.Open("sqlite", name+"?"+read.Encode()); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: %w", wallet.ErrInvalid, err), writes.Close())
	}
	reads.SetMaxOpenConns(c.MaxConns)
	reads.SetMaxIdleConns(c.MaxConns)
	if err := checkSQLite(ctx, writes, c.Timeout); err != nil {
		return nil, nil, errors.Join(err, writes.Close(), reads.Close())
	}
	return reads, writes, nil
}

// checkSQLite opens the first connection and refuses a file system that does not support the write-ahead log. When
// several instances switch a new file to WAL at the same time, SQLite refuses some of them at once, whatever their
// busy timeout; they retry until timeout has passed.
func checkSQLite(ctx context.Context, db *sql.DB, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var mode string
	for {
		err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode)
		if err == nil {
			break
		}
		if classifySQLite(err) != again || ctx.Err() != nil {
			return fmt.Errorf("%w: %w", wallet.ErrUnavailable, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(journalAgain):
		}
	}
	if mode != "wal" {
		return fmt.Errorf("%w: the file has journal mode %q, not wal", wallet.ErrInvalid, mode)
	}
	return nil
}

// checkpointEvery is the interval between checkpoints that run concurrently with the writer.
const checkpointEvery = time.Second

// checkpoints copies committed pages from the log into the file while the writer continues. The writer copies the rest
// when the log has grown to checkpointPages; with these checkpoints that takes milliseconds and not seconds.
func checkpoints(s *shard) {
	t := time.NewTicker(checkpointEvery)
	defer t.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-t.C:
		}
		// A failed checkpoint is made up for by the next one, or by the writer.
		_, _ = s.reads.Exec("PRAGMA wal_checkpoint(PASSIVE)")
	}
}

func classifySQLite(err error) fault {
	e := (*sqlite.Error)(nil)
	if !errors.As(err, &e) {
		return lost
	}
	if e.Code() == lib.SQLITE_CONSTRAINT_DATATYPE {
		return overflows // all columns are integers, and only an overflowing sum is not one
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_CONSTRAINT, lib.SQLITE_TOOBIG, lib.SQLITE_MISMATCH, lib.SQLITE_RANGE:
		return refused
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return again
	case lib.SQLITE_READONLY, lib.SQLITE_FULL:
		return down
	}
	return lost
}
