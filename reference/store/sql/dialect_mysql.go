package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"

	"hongbao/reference/wallet"
)

// mysqlWriters is the number of committers per shard: enough to keep a server's log and cores busy, few enough that
// batches stay large.
const mysqlWriters = 4

func mysqlDialect() *dialect {
	return &dialect{
		name:     "mysql",
		goose:    goose.DialectMySQL,
		writers:  mysqlWriters,
		open:     openMySQL,
		classify: classifyMySQL,
		txContext: func(timeout time.Duration) (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), timeout)
		},
		tables:       "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
		lock:         " FOR UPDATE",
		tableEnd:     "ENGINE = InnoDB DEFAULT CHARSET = ascii COLLATE = ascii_bin",
		long:         "BIGINT",
		scene:        "VARCHAR(32)",
		blob:         "VARBINARY(4096)",
		large:        "MEDIUMBLOB",
		rows:         []int{1000, 1}, // about 80 kB per statement, far below every max_allowed_packet
		insertIgnore: func(key string) string { return " ON DUPLICATE KEY UPDATE " + key + " = " + key },
		upsertAdd: func(_ string, columns ...string) string {
			return " ON DUPLICATE KEY UPDATE " + sums(columns, "VALUES(%[1]s)")
		},
	}
}

// openMySQL connects with session settings that override the DSN: strict mode, so that no value is cut to fit, and
// READ COMMITTED, so that writers lock the rows they touch and not the gaps between them. A read is one statement, and
// so sees one point in time.
func openMySQL(ctx context.Context, c Config, dsn string) (reads, writes *sql.DB, err error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil || cfg.DBName == "" {
		return nil, nil, fmt.Errorf("%w: the data source cannot be read or names no database", wallet.ErrInvalid)
	}
	cfg.InterpolateParams, cfg.ParseTime, cfg.MultiStatements, cfg.ClientFoundRows = true, false, false, false
	cfg.Timeout, cfg.ReadTimeout, cfg.WriteTimeout = c.Timeout, c.Timeout, c.Timeout
	cfg.Logger = &mysql.NopLogger{} // its messages are returned as errors too
	isolation, err := checkMySQL(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["sql_mode"] = "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"
	cfg.Params[isolation] = "'READ-COMMITTED'"
	cfg.Params["innodb_lock_wait_timeout"] = strconv.Itoa(max(1, int(c.Timeout.Seconds()/2))) // the server reports the timeout before the client gives up
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: the data source: %w", wallet.ErrInvalid, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(max(c.MaxConns, mysqlWriters+1))
	db.SetMaxIdleConns(max(c.MaxConns, mysqlWriters+1))
	return db, db, nil
}

// checkMySQL refuses a server that can lose commits, and returns the name of its isolation variable.
func checkMySQL(ctx context.Context, cfg *mysql.Config) (isolation string, err error) {
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return "", fmt.Errorf("%w: the data source: %w", wallet.ErrInvalid, err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SHOW VARIABLES WHERE Variable_name IN "+
		"('tx_isolation', 'transaction_isolation', 'innodb_flush_log_at_trx_commit')")
	if err != nil {
		return "", fmt.Errorf("%w: %w", wallet.ErrUnavailable, err)
	}
	flush := ""
	err = eachRow(rows, func(r *sql.Rows) error {
		var name, value string
		if err := r.Scan(&name, &value); err != nil {
			return err
		}
		if name == "innodb_flush_log_at_trx_commit" {
			flush = value
		} else {
			isolation = name
		}
		return nil
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", wallet.ErrUnavailable, err)
	case isolation == "":
		return "", fmt.Errorf("%w: the server has no isolation levels", wallet.ErrInvalid)
	case flush != "1":
		return "", fmt.Errorf("%w: the server has innodb_flush_log_at_trx_commit = %s: set it to 1, or a crash loses commits",
			wallet.ErrInvalid, flush)
	}
	return isolation, nil
}

// classifyMySQL maps the server's error numbers.
func classifyMySQL(err error) fault {
	e := (*mysql.MySQLError)(nil)
	if !errors.As(err, &e) {
		return lost
	}
	switch e.Number {
	case 1264, 1690: // out of range for the column, for BIGINT
		return overflows
	case 1048, 1062, 1265, 1366, 1406, 1644, 3819, 4025: // null, duplicate, truncated, wrong value, too long, a trigger's SIGNAL, CHECK in MySQL, CHECK in MariaDB
		return refused
	case 1205, 1213, 1020: // lock wait timeout, deadlock, changed since last read
		return again
	case 1290, 1792, 1836, 1114, 1021, 28, 1040, 1203: // read-only (three forms), table full, disk full, no space, too many connections in total, too many of the user
		return down
	}
	return lost
}
