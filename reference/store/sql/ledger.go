package sqlstore

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// Ledger is the double-entry ledger of record. A wallet's entries, balance and income are on its shard; every shard
// has the cost sub-accounts, so that each transaction sums to zero within its shard.
type Ledger struct {
	db    *DB
	clock wallet.Clock
	costs int           // cost sub-accounts per stage
	turn  atomic.Uint64 // selects them round robin, so that none is hot
	draw  func() int64  // draws the number of a transaction

	post, move  *kind
	grants      insertion // skips existing rows
	accounts    insertion // adds to existing rows
	debits      insertion
	moves, legs insertion

	found, resolve             string // grants by number
	viewed, listed, check      string // parts of a view
	balances, balance          string
	grantRows, legRows, owners string
	answers                    string
}

var (
	_ wallet.Ledger       = (*Ledger)(nil)
	_ wallet.LedgerReader = (*Ledger)(nil)
)

// maxPost bounds the credits of one Post call: as many as a few statements write in one transaction.
const maxPost = 16384

// key selects the row of a grant.
const key = "act_id = ? AND stage = ? AND scene = ? AND rain = ? AND award = ?"

// NewLedger returns the ledger in db with the given number of cost sub-accounts per stage, at least one. The number
// may grow between starts and must not shrink.
func NewLedger(db *DB, clock wallet.Clock, costAccounts int) *Ledger {
	d := db.dialect
	l := &Ledger{db: db, clock: clock, costs: max(costAccounts, 1), draw: rand.Int64,
		grants: insertion{db.text("INSERT INTO {p}ledger_grants (act_id, stage, scene, rain, award, amount, opened, posted, posting) VALUES "),
			9, d.insertIgnore("act_id")},
		accounts: insertion{db.text("INSERT INTO {p}ledger_accounts (owner, kind, stage, balance, income) VALUES "),
			5, d.upsertAdd("owner, kind, stage", "balance", "income")},
		debits: insertion{db.text("INSERT INTO {p}ledger_debits (posting, stage, sub, amount, posted) VALUES "), 5, ""},
		moves: insertion{db.text("INSERT INTO {p}ledger_moves (family, account, request, step, part, state, amount, asked) VALUES "),
			8, d.insertIgnore("family")},
		legs: insertion{db.text("INSERT INTO {p}ledger_legs (owner, kind, stage, family, account, request, step, part, line, amount, posted) VALUES "),
			11, ""},

		found:   db.text("SELECT act_id, stage, scene, rain, award, amount, posting FROM {p}ledger_grants WHERE "),
		resolve: db.text("SELECT posting FROM {p}ledger_grants WHERE "+key) + d.lock,
		viewed:  db.text("SELECT 0, owner, stage, '', 0, 0, balance, income, 0 FROM {p}ledger_accounts WHERE kind = 2 AND stage = ? AND owner IN "),
		listed:  db.text("SELECT 1, act_id, stage, scene, rain, award, amount, opened, posted FROM {p}ledger_grants WHERE stage = ? AND act_id IN "),
		check:   db.text("SELECT 2, act_id, stage, scene, rain, award, 0, 0, 0 FROM {p}ledger_grants WHERE "),

		balances:  db.text("SELECT owner, kind, stage, balance FROM {p}ledger_accounts WHERE owner BETWEEN ? AND ? ORDER BY owner, kind, stage"),
		balance:   db.text("SELECT owner, kind, stage, balance FROM {p}ledger_accounts WHERE "),
		grantRows: db.text("SELECT act_id, stage, scene, rain, award, amount, opened, posted FROM {p}ledger_grants WHERE act_id BETWEEN ? AND ? ORDER BY act_id"),
		legRows:   db.text("SELECT owner, kind, stage, amount, family, account, request, step, posted FROM {p}ledger_legs WHERE owner BETWEEN ? AND ? ORDER BY owner"),
		owners:    db.text("SELECT DISTINCT owner FROM {p}ledger_accounts WHERE owner > ? ORDER BY owner LIMIT ?"),
		answers:   db.text("SELECT family, account, request, step, part, state, amount, asked FROM {p}ledger_moves WHERE "),
	}
	l.post = &kind{rank: rankPostings, apply: l.applyPosts}
	l.move = &kind{rank: rankMoves, apply: l.applyMoves}
	l.turn.Store(rand.Uint64()) // instances begin at different sub-accounts
	return l
}

// keyed appends the arguments of key.
func keyed(args []any, no wallet.OrderNo) []any {
	return append(args, int64(no.ActID), int64(no.Stage), string(no.Scene), int64(no.Rain), int64(no.Award))
}

// checkCredits returns ErrInvalid for a malformed number, an amount not above zero or too many credits, and
// ErrOverflow when a stage's sum leaves the range of Money.
func checkCredits(batch []wallet.Credit) error {
	if len(batch) > maxPost {
		return fmt.Errorf("%w: %d credits at once, more than %d", wallet.ErrInvalid, len(batch), maxPost)
	}
	var sums [wallet.Stages + 1]wallet.Money
	for _, c := range batch {
		if err := c.Order.Validate(); err != nil {
			return err
		}
		if c.Amount <= 0 {
			return fmt.Errorf("%w: credit of %d fen", wallet.ErrInvalid, int64(c.Amount))
		}
		var err error
		if sums[c.Order.Stage], err = sums[c.Order.Stage].Add(c.Amount); err != nil {
			return err
		}
	}
	return nil
}

// row returns the owner column of an account's balance: accounts without an owner are below zero.
func row(a wallet.AccountNo) int64 {
	if a.Kind == wallet.CostAccount || a.Kind == wallet.TransitAccount {
		return -1 - a.Owner
	}
	return a.Owner
}

// account is the inverse of row.
func account(owner int64, k wallet.AccountKind, s wallet.Stage) wallet.AccountNo {
	if k == wallet.CostAccount || k == wallet.TransitAccount {
		owner = -1 - owner
	}
	return wallet.AccountNo{Kind: k, Stage: s, Owner: owner}
}
