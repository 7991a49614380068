package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// Items stores rewards other than cash, each on the shard of its wallet.
type Items struct {
	db     *DB
	writes once[wallet.Item]

	create, advance *kind

	replace                      insertion
	get, of, list, count, owners string
}

var (
	_ wallet.Items      = (*Items)(nil)
	_ wallet.ItemReader = (*Items)(nil)
)

const (
	itemColumns = "act_id, stage, scene, rain, award, asked, family, account, opened, created, granted, reward, counted, state, changed, ref, expires"
	itemCount   = 19 // columns, including place and written
)

// NewItems returns the items in db.
func NewItems(db *DB) *Items {
	from := "SELECT " + itemColumns + " FROM {p}items WHERE "
	s := &Items{db: db,
		replace: insertion{head: db.text("REPLACE INTO {p}items (" + itemColumns + ", place, written) VALUES "), columns: itemCount},
		get:     db.text(from),
		of:      db.text(from + "act_id = ? AND stage = ? AND state BETWEEN 2 AND 9 AND opened <= ? ORDER BY opened DESC, scene, rain, award"),
		list: db.text("SELECT " + itemColumns + ", place FROM {p}items WHERE state = ? AND place >= ? AND place < ? " +
			"ORDER BY place, act_id, stage, scene, rain, award LIMIT ?"),
		count:  db.text("SELECT state, COUNT(*) FROM {p}items WHERE stage = ? GROUP BY state"),
		owners: db.text("SELECT DISTINCT act_id FROM {p}items WHERE act_id > ? ORDER BY act_id LIMIT ?"),
	}
	s.writes = once[wallet.Item]{
		insert:  insertion{db.text("INSERT INTO {p}items (" + itemColumns + ", place, written) VALUES "), itemCount, db.dialect.insertIgnore("act_id")},
		find:    db.text("SELECT " + itemColumns + ", written FROM {p}items WHERE "),
		key:     key,
		args:    itemArgs,
		keyArgs: func(args []any, v wallet.Item) []any { return keyed(args, v.No) },
		scan:    scanItem,
		compare: func(a, b wallet.Item) int { return a.No.Compare(b.No) },
	}
	s.create = &kind{rank: rankItems, apply: s.writes.apply}
	s.advance = &kind{rank: rankItems + 1, apply: s.applyAdvance}
	return s
}

// itemArgs appends the values of itemColumns, and the item's place.
func itemArgs(args []any, v wallet.Item) []any {
	counted := []byte{}
	if v.Counted != (wallet.OrderNo{}) {
		counted = v.Counted.Append(nil)
	}
	return append(keyed(args, v.No), string(v.Asked), int64(v.Account.Family), int64(v.Account.User), int64(v.Opened), int64(v.Created),
		int64(v.Award), string(v.Reward), counted, int64(v.State), int64(v.Changed), []byte(v.Ref), int64(v.Expires), itemPlace(v))
}

func scanItem(r rowScanner) (i wallet.Item, err error) {
	var counted, ref []byte
	err = r.Scan(&i.No.ActID, &i.No.Stage, &i.No.Scene, &i.No.Rain, &i.No.Award, &i.Asked, &i.Account.Family, &i.Account.User,
		&i.Opened, &i.Created, &i.Award, &i.Reward, &counted, &i.State, &i.Changed, &ref, &i.Expires)
	i.Ref = string(ref)
	if err == nil && len(counted) > 0 {
		i.Counted, err = wallet.ParseOrderNo(string(counted))
	}
	return i, err
}

// checkItem returns ErrInvalid for an item that cannot be stored.
func checkItem(v wallet.Item) error {
	if err := v.Validate(); err != nil {
		return err
	}
	if v.Created < 0 || v.Changed < 0 || v.Created > lastCreated || v.Changed > lastCreated || v.Expires < 0 {
		return fmt.Errorf("%w: item %s: created %s, changed %s, expires %s", wallet.ErrInvalid, v.No, v.Created, v.Changed, v.Expires)
	}
	return v.Account.Validate()
}

// Create implements wallet.Items. ErrInvalid: an item that Item.Validate refuses, a state that is not an initial
// state, or a time before 1970 or after 2041. ErrOverloaded and ErrUnavailable: nothing was recorded.
func (s *Items) Create(ctx context.Context, v wallet.Item) (wallet.Item, bool, error) {
	if err := checkItem(v); err != nil {
		return wallet.Item{}, false, err
	}
	if v.State > wallet.ItemIssued && v.State != wallet.ItemMoved {
		return wallet.Item{}, false, fmt.Errorf("%w: item %s begins as %s", wallet.ErrInvalid, v.No, v.State)
	}
	return s.writes.create(ctx, s.db.shard(v.No.ActID), s.create, 1, v)
}

// Get implements wallet.Items.
func (s *Items) Get(ctx context.Context, nos []wallet.OrderNo) ([]wallet.Item, error) {
	return getAll(ctx, s.db, nos, scanItem, itemNo, s.get)
}

func itemNo(v wallet.Item) wallet.OrderNo { return v.No }

// Of implements wallet.Items. It reads what a wallet has won in a stage up to the cursor's time: at most one item per
// scene and rain.
func (s *Items) Of(ctx context.Context, wallets []wallet.ActID, stage wallet.Stage, after wallet.Cursor, limit int) ([]wallet.Item, error) {
	last := wallet.Never
	if after != (wallet.Cursor{}) {
		last = after.Opened
	}
	out := []wallet.Item{}
	for _, id := range wallets {
		err := s.db.shard(id).ask(ctx, s.of, []any{int64(id), int64(stage), int64(last)}, func(r *sql.Rows) error {
			v, err := scanItem(r)
			if after.After(v.Opened, v.No) {
				out = append(out, v)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b wallet.Item) int {
		switch {
		case a.No == b.No:
			return 0
		case (wallet.Cursor{Opened: a.Opened, Order: a.No}).After(b.Opened, b.No):
			return -1
		}
		return 1
	})
	return out[:min(len(out), max(limit, 0))], nil
}

// Items implements wallet.ItemReader. It reads one page of wallets at a time; each page is from its own point in time.
func (s *Items) Items(ctx context.Context, yield func(wallet.Item) bool) error {
	return eachOwner(ctx, s.db, s.owners, rowsOf(scanItem, s.get+"act_id BETWEEN ? AND ? ORDER BY act_id, stage, scene, rain, award"),
		func(v wallet.Item) int64 { return int64(v.No.ActID) }, yield)
}
