package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"hongbao/reference/wallet"
)

// Discard drops all tables of marked load (K2), and with them their data; the live tables it cannot reach. Afterwards
// this DB is of no use but to Close; opening one makes the tables anew. ErrInvalid: the DB is of the live traffic.
// ErrUnknown and ErrUnavailable: some tables may be left; repeat the call.
func (db *DB) Discard(ctx context.Context) error {
	if db.prefix == "" {
		return fmt.Errorf("%w: live data is not for discarding", wallet.ErrInvalid)
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
