package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"hongbao/reference/wallet"
)

// Identities keeps accounts, phones and joined wallets, all on shard 0: a change touches several of them, and who a
// person is must be known before any shard is.
type Identities struct {
	db      *DB
	change  *kind
	wallets counter

	person, rowAndHolder   string
	accounts, phones       string // parts of what a change reads
	former, left           string
	forget                 string
	setAccounts, setPhones insertion
	add, addLeft           insertion
}

var _ wallet.IdentityStore = (*Identities)(nil)

// NewIdentities returns the identities in db.
func NewIdentities(db *DB) *Identities {
	s := &Identities{db: db, wallets: newCounter(db, countWallets),
		person: db.text("SELECT a.act_id, COALESCE(f.former, 0), 0, 0 FROM {p}accounts a LEFT JOIN {p}former_wallets f ON f.act_id = a.act_id " +
			"WHERE a.family = ? AND a.account = ? " +
			"UNION ALL SELECT 0, 0, l.act_id, l.at FROM {p}left_wallets l WHERE l.family = ? AND l.account = ?"),
		rowAndHolder: db.text("SELECT COALESCE(a.act_id, 0), COALESCE(a.phone, 0), COALESCE(p.bound, 0), COALESCE(h.holder, 0) " +
			"FROM (SELECT 1 AS one) o LEFT JOIN {p}accounts a ON a.family = ? AND a.account = ? " +
			"LEFT JOIN {p}phones p ON p.phone = a.phone AND p.phone <> 0 LEFT JOIN {p}phones h ON h.phone = ?"),
		accounts:    db.text("SELECT family, account, act_id, phone FROM {p}accounts WHERE "),
		phones:      db.text("SELECT phone, holder, bound FROM {p}phones WHERE phone IN "),
		former:      db.text("SELECT act_id, former FROM {p}former_wallets WHERE act_id IN "),
		left:        db.text("SELECT family, account, act_id, at FROM {p}left_wallets WHERE "),
		forget:      db.text("DELETE FROM {p}former_wallets WHERE act_id = ?"),
		setAccounts: insertion{db.text("REPLACE INTO {p}accounts (family, account, act_id, phone) VALUES "), 4, ""},
		setPhones:   insertion{db.text("REPLACE INTO {p}phones (phone, holder, bound) VALUES "), 3, ""},
		add:         insertion{db.text("REPLACE INTO {p}former_wallets (act_id, former) VALUES "), 2, ""},
		addLeft:     insertion{db.text("REPLACE INTO {p}left_wallets (family, account, act_id, at) VALUES "), 4, ""},
	}
	s.change = &kind{rank: rankIdentities, apply: s.applyChanges}
	return s
}

// Person implements wallet.IdentityStore, by one query on primary keys, so that all it says is of one moment. ErrInvalid for an account of no known family.
func (s *Identities) Person(ctx context.Context, a wallet.Account) (p wallet.Person, err error) {
	if err := checkAccount(a); err != nil {
		return wallet.Person{}, err
	}
	var earlier []wallet.LeftWallet
	args := []any{int64(a.Family), int64(a.User), int64(a.Family), int64(a.User)}
	err = s.db.shards[0].ask(ctx, s.person, args, func(r *sql.Rows) error {
		var present, former wallet.ActID
		var left wallet.LeftWallet
		err := r.Scan(&present, &former, &left.ActID, &left.At)
		if left.ActID != 0 {
			earlier = append(earlier, left)
			return err
		}
		p.ActID = present
		if former != 0 {
			p.Former = append(p.Former, former)
		}
		return err
	})
	if err == nil && p.ActID == 0 {
		err = wallet.ErrNotFound
	}
	slices.Sort(p.Former)
	p.Left = wallet.Leave(earlier, nil, p, 0) // without those that came back to the person since
	return p, err
}

// Row implements wallet.IdentityStore. ErrInvalid for an account of no known family.
func (s *Identities) Row(ctx context.Context, a wallet.Account, phone wallet.Phone) (row wallet.AccountRow, holder wallet.ActID, err error) {
	if err := checkAccount(a); err != nil {
		return row, 0, err
	}
	err = s.db.shards[0].ask(ctx, s.rowAndHolder, []any{int64(a.Family), int64(a.User), int64(phone)}, func(r *sql.Rows) error {
		bound := int64(0)
		err := r.Scan(&row.ActID, &row.Phone, &bound, &holder)
		row.Alone = bound == 1
		return err
	})
	return row, holder, err
}

// changing is the job of one Apply.
type changing struct {
	wallet.IdentityChange
	out wallet.Person
}

// Apply implements wallet.IdentityStore. ErrInvalid also for a wallet that was never handed out, or that is to join
// itself or a wallet that it has joined before.
func (s *Identities) Apply(ctx context.Context, c wallet.IdentityChange) (wallet.Person, error) {
	if err := checkAccount(c.Account); err != nil {
		return wallet.Person{}, err
	}
	j := &changing{IdentityChange: c}
	if err := s.db.shards[0].do(ctx, s.change, 1, j); err != nil {
		return wallet.Person{}, err
	}
	return j.out, nil
}
