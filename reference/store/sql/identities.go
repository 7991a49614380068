package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"hongbao/reference/wallet"
)

// Identities stores accounts, phones and joined wallets, all on shard 0: a change touches several of them, and the
// person must be known before the shard is.
type Identities struct {
	db      *DB
	change  *kind
	wallets counter
	people  groupReader[wallet.Account, wallet.Person]

	present, leftOf        string // parts of the query of Person
	rowAndHolder           string
	accounts, phones       string // parts of the queries of a change
	former, left           string
	forget                 string
	setAccounts, setPhones insertion
	add, addLeft           insertion
}

var _ wallet.IdentityStore = (*Identities)(nil)

// NewIdentities returns the identities in db.
func NewIdentities(db *DB) *Identities {
	s := &Identities{db: db, wallets: newCounter(db, countWallets),
		present: db.text("SELECT a.family, a.account, a.act_id, COALESCE(f.former, 0), 0, 0 FROM {p}accounts a " +
			"LEFT JOIN {p}former_wallets f ON f.act_id = a.act_id WHERE "),
		leftOf: db.text(" UNION ALL SELECT l.family, l.account, 0, 0, l.act_id, l.at FROM {p}left_wallets l WHERE "),
		rowAndHolder: db.text("SELECT COALESCE(a.act_id, 0), COALESCE(a.phone, 0), COALESCE(p.bound, 0), COALESCE(h.holder, 0) " +
			"FROM (SELECT 1 AS one) o LEFT JOIN {p}accounts a ON a.family = ? + 0 AND a.account = ? + 0 " +
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
	s.people.read = s.persons
	return s
}

// Person implements wallet.IdentityStore, by one query on primary keys, so that the whole result is from one point in
// time. ErrInvalid for an account of no known family. Concurrent calls are looked up together.
func (s *Identities) Person(ctx context.Context, a wallet.Account) (wallet.Person, error) {
	if err := a.Validate(); err != nil {
		return wallet.Person{}, err
	}
	p, ok, err := s.people.ask(ctx, a)
	if err == nil && !ok {
		err = wallet.ErrNotFound
	}
	return p, err
}

// accountKey selects an account. SQLite reads the bound values when it plans a statement, and plans it again when they
// change; for a list of accounts that takes ten times as long as the query. It does not do so for a sum.
const accountKey = "family = ? + 0 AND account = ? + 0"

// persons returns the people of the accounts; unknown accounts are left out.
func (s *Identities) persons(ctx context.Context, accounts []wallet.Account) (map[wallet.Account]wallet.Person, error) {
	n := padded(s.db.dialect, len(accounts))
	args := make([]any, 0, 4*n)
	for range 2 {
		for i := range n {
			a := accounts[min(i, len(accounts)-1)]
			args = append(args, int64(a.Family), int64(a.User))
		}
	}
	people := make(map[wallet.Account]wallet.Person, len(accounts))
	earlier := map[wallet.Account][]wallet.LeftWallet{}
	err := s.db.shards[0].ask(ctx, s.present+anyOf(accountKey, n)+s.leftOf+anyOf(accountKey, n), args, func(r *sql.Rows) error {
		var a wallet.Account
		var present, former wallet.ActID
		var left wallet.LeftWallet
		err := r.Scan(&a.Family, &a.User, &present, &former, &left.ActID, &left.At)
		if left.ActID != 0 {
			earlier[a] = append(earlier[a], left)
			return err
		}
		p := people[a]
		p.ActID = present
		if former != 0 {
			p.Former = append(p.Former, former)
		}
		people[a] = p
		return err
	})
	for a, p := range people {
		slices.Sort(p.Former)
		p.Left = wallet.LeftAfter(earlier[a], nil, p, 0) // without wallets that belong to the person again
		people[a] = p
	}
	return people, err
}

// Row implements wallet.IdentityStore. ErrInvalid for an account of no known family.
func (s *Identities) Row(ctx context.Context, a wallet.Account, phone wallet.Phone) (row wallet.AccountRow, holder wallet.ActID, err error) {
	if err := a.Validate(); err != nil {
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

// identityJob is the job of one Apply call.
type identityJob struct {
	wallet.IdentityChange
	out wallet.Person
}

// Apply implements wallet.IdentityStore. ErrInvalid also for a wallet that was never issued, or a join of a wallet
// with itself or with a wallet that it has joined before.
func (s *Identities) Apply(ctx context.Context, c wallet.IdentityChange) (wallet.Person, error) {
	if err := c.Account.Validate(); err != nil {
		return wallet.Person{}, err
	}
	j := &identityJob{IdentityChange: c}
	if err := s.db.shards[0].do(ctx, s.change, 1, j); err != nil {
		return wallet.Person{}, err
	}
	return j.out, nil
}
