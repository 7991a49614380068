package sqlstore

import (
	"context"
)

// The counters on shard 0. A transaction that takes a number locks the counter's row until the commit. So numbers
// become visible in order: a reader that has seen a number has seen all lower ones.
const (
	countWallets = 1 + iota
	countPayments
	countActions
	countAnnouncements
	countPageConfigs
	countBulkJobs
)

// counter issues the numbers of one kind, ascending from 1.
type counter struct {
	id        int64
	read, set string
	put       insertion
}

func newCounter(db *DB, id int64) counter {
	return counter{id: id,
		read: db.text("SELECT value FROM {p}counters WHERE id = ?") + db.dialect.lock,
		set:  db.text("UPDATE {p}counters SET value = ? WHERE id = ?"),
		put:  insertion{db.text("INSERT INTO {p}counters (id, value) VALUES "), 2, db.dialect.insertIgnore("id")},
	}
}

// last locks the counter and returns the number issued last.
func (c counter) last(ctx context.Context, t *txn) (last int64, err error) {
	for range 2 {
		found, err := readOne(ctx, t.query, c.read, []any{c.id}, &last)
		if err != nil || found {
			return last, err
		}
		if _, err = t.insertRow(ctx, c.put, c.id, 0); err != nil {
			return 0, err
		}
	}
	return 0, errAgain
}

// handOut records that all numbers up to last are issued.
func (c counter) handOut(ctx context.Context, t *txn, last int64) error {
	return t.change(ctx, c.set, last, c.id)
}
