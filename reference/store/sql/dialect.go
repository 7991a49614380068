package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// dialect is all in which the two databases differ. Statements are written in what both understand.
type dialect struct {
	name    string
	goose   goose.Dialect
	writers int // committers a shard

	// open connects to a shard and checks its settings.
	open func(ctx context.Context, c Config, dsn string) (reads, writes *sql.DB, err error)
	// classify says what an error means before COMMIT was sent. It never returns noFault.
	classify func(err error) fault

	// tend looks after an open shard until it stops; nil: nobody need to.
	tend func(s *shard)

	// within returns the context of one transaction.
	within func(timeout time.Duration) (context.Context, context.CancelFunc)

	tables   string // lists the names of all tables
	lock     string // ends a SELECT whose rows nobody else may change until the commit
	tableEnd string // ends a CREATE TABLE
	long     string // type of 64-bit integers
	scene    string // type of a short text that is compared byte by byte
	blob     string // type of bytes, at most 4096
	large    string // type of more bytes than those
	triggers bool   // entries are guarded by triggers (F1)

	rows    []int // rows of one INSERT, descending to 1: what is prepared once each, or how far a packet may grow
	prepare bool  // whether a statement of one of those lengths is worth keeping prepared

	// unless ends an INSERT that leaves rows alone whose key is taken, and does not count them as affected. key is any
	// column of the primary key.
	unless func(key string) string
	// adding ends an INSERT that adds the columns to those of a row that is there already.
	adding func(keys string, columns ...string) string
}

func dialectOf(driver string) *dialect {
	if driver == "mysql" {
		return mysqlDialect()
	}
	return sqliteDialect()
}

// marks returns "(?,?,?)" for so many columns, rows times.
func marks(columns, rows int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + ")"
	return strings.TrimSuffix(strings.Repeat(row+",", rows), ",")
}
