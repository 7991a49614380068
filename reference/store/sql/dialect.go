package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// dialect is the set of differences between the two databases. All other statements use SQL that both support.
type dialect struct {
	name    string
	goose   goose.Dialect
	writers int // committers a shard

	// open connects to a shard and checks its settings.
	open func(ctx context.Context, c Config, dsn string) (reads, writes *sql.DB, err error)
	// classify returns the meaning of an error before COMMIT was sent. It never returns noFault.
	classify func(err error) fault

	// maintain runs on an open shard until it stops; nil if the database needs no maintenance.
	maintain func(s *shard)

	// txContext returns the context of one transaction.
	txContext func(timeout time.Duration) (context.Context, context.CancelFunc)

	tables   string // lists the names of all tables
	lock     string // ends a SELECT that locks its rows until the commit
	tableEnd string // ends a CREATE TABLE
	long     string // type of 64-bit integers
	scene    string // type of a short text that is compared byte by byte
	blob     string // type of bytes, at most 4096
	large    string // type of longer byte strings
	triggers bool   // triggers protect entries (F1)

	rows    []int // rows per INSERT, descending to 1: limits the number of prepared statements, and the packet size
	prepare bool  // whether to keep statements of these lengths prepared

	// insertIgnore ends an INSERT that skips rows whose key exists, and does not count them as affected. key is any
	// column of the primary key.
	insertIgnore func(key string) string
	// upsertAdd ends an INSERT that adds the columns' values to those of an existing row.
	upsertAdd func(keys string, columns ...string) string
}

func dialectOf(driver string) *dialect {
	if driver == "mysql" {
		return mysqlDialect()
	}
	return sqliteDialect()
}

// sums returns the assignments that add new values, in a dialect's notation for a column, to the columns.
func sums(columns []string, newValue string) string {
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = fmt.Sprintf("%[1]s = %[1]s + "+newValue, c)
	}
	return strings.Join(set, ", ")
}

// placeholders returns "(?,?,?)" for the given number of columns, repeated rows times.
func placeholders(columns, rows int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + ")"
	return strings.TrimSuffix(strings.Repeat(row+",", rows), ",")
}
