package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"hongbao/reference/wallet"
)

// Discard drops all tables of load-test traffic (K2) and so their data; it cannot touch the live tables. Afterwards
// this DB can only be closed; Open creates the tables again. ErrInvalid: the DB is that of the live traffic.
// ErrUnknown and ErrUnavailable: some tables may remain; repeat the call.
func (db *DB) Discard(ctx context.Context) error {
	if db.prefix == "" {
		return fmt.Errorf("%w: live data cannot be discarded", wallet.ErrInvalid)
	}
	drop := &kind{rank: rankPostings + 1, apply: func(ctx context.Context, t *txn, _ []*job) error {
		var tables []string
		err := t.query(ctx, db.dialect.tables, nil, func(r *sql.Rows) error {
			var name string
			err := r.Scan(&name)
			if strings.HasPrefix(name, db.prefix) {
				tables = append(tables, name)
			}
			return err
		})
		for _, name := range tables {
			if err == nil {
				_, err = t.exec(ctx, "DROP TABLE "+name)
			}
		}
		return err
	}}
	for _, s := range db.shards {
		if err := s.do(ctx, drop, maxRows, nil); err != nil {
			return err
		}
	}
	return nil
}
