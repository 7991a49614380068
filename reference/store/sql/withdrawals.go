package sqlstore

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// Withdrawals stores withdrawals of record, each on the shard of the account that requested it. The shard does not
// depend on the wallet, because binding a phone between two attempts changes the wallet, and the second attempt must
// find the first.
type Withdrawals struct {
	db     *DB
	writes once[wallet.Withdrawal]

	create, advance *kind

	advanced, exists, get, of, due, byOwner, owners string // states 1, 2 and 5 are not final
}

var (
	_ wallet.Withdrawals      = (*Withdrawals)(nil)
	_ wallet.WithdrawalReader = (*Withdrawals)(nil)
)

const withdrawalColumns = "family, account, request, owner, stage, amount, created, state, wallets"

// withdrawalKey selects the row of a withdrawal.
const withdrawalKey = "family = ? AND account = ? AND request = ?"

// NewWithdrawals returns the withdrawals in db.
func NewWithdrawals(db *DB) *Withdrawals {
	from := "SELECT " + withdrawalColumns + " FROM {p}withdrawals WHERE "
	w := &Withdrawals{db: db,
		advanced: db.text("UPDATE {p}withdrawals SET due = CASE WHEN ? IN (1, 2, 5) THEN due END, state = ? WHERE state IN (1, 2, 5) AND state < ? AND " + withdrawalKey),
		exists:   db.text("SELECT state FROM {p}withdrawals WHERE " + withdrawalKey),
		get:      db.text(from + withdrawalKey),
		of:       db.text(from + "owner = ? AND stage = ? ORDER BY created DESC, family, account, request LIMIT ?"),
		due:      db.text("SELECT " + withdrawalColumns + ", due FROM {p}withdrawals WHERE due >= ? AND due < ? ORDER BY due, family, account, request LIMIT ?"),
		byOwner:  db.text(from + "owner BETWEEN ? AND ? ORDER BY owner, created, family, account, request"),
		owners:   db.text("SELECT DISTINCT owner FROM {p}withdrawals WHERE owner > ? ORDER BY owner LIMIT ?"),
	}
	w.writes = once[wallet.Withdrawal]{
		insert: insertion{db.text("INSERT INTO {p}withdrawals (" + withdrawalColumns + ", due, written) VALUES "), 11, db.dialect.insertIgnore("family")},
		find:   db.text("SELECT " + withdrawalColumns + ", written FROM {p}withdrawals WHERE "), key: withdrawalKey,
		args: func(args []any, v wallet.Withdrawal) []any {
			var due any
			if !v.State.Final() {
				due = placeAsked(v.Created, v.No.Account, v.No.Request)
			}
			return append(withdrawalKeyed(args, v.No), int64(v.Owner), int64(v.Stage), int64(v.Amount), int64(v.Created), int64(v.State),
				packWallets(v.Wallets), due)
		},
		keyArgs: func(args []any, v wallet.Withdrawal) []any { return withdrawalKeyed(args, v.No) },
		scan:    scanWithdrawal,
		compare: func(a, b wallet.Withdrawal) int { return compareWithdrawals(a.No, b.No) },
	}
	w.create = &kind{rank: rankWithdrawals, apply: w.writes.apply}
	w.advance = &kind{rank: rankWithdrawals + 1, apply: w.applyAdvance}
	return w
}

// withdrawalKeyed appends the arguments of withdrawalKey.
func withdrawalKeyed(args []any, no wallet.WithdrawalNo) []any {
	return append(args, int64(no.Account.Family), int64(no.Account.User), no.Request)
}

func compareWithdrawals(a, b wallet.WithdrawalNo) int {
	return cmp.Or(cmp.Compare(a.Account.Family, b.Account.Family), cmp.Compare(a.Account.User, b.Account.User), cmp.Compare(a.Request, b.Request))
}

func scanWithdrawal(r rowScanner) (w wallet.Withdrawal, err error) {
	var wallets []byte
	err = r.Scan(&w.No.Account.Family, &w.No.Account.User, &w.No.Request, &w.Owner, &w.Stage, &w.Amount, &w.Created, &w.State, &wallets)
	w.Wallets = unpackWallets(wallets)
	return w, err
}

// unpackWallets is the inverse of packWallets.
func unpackWallets(b []byte) (ids []wallet.ActID) {
	for ; len(b) >= 8; b = b[8:] {
		ids = append(ids, wallet.ActID(binary.BigEndian.Uint64(b)))
	}
	return ids
}

// packWallets returns the value of the column wallets.
func packWallets(ids []wallet.ActID) []byte {
	b := make([]byte, 0, 8*len(ids))
	for _, id := range ids {
		b = binary.BigEndian.AppendUint64(b, uint64(id))
	}
	return b
}

// shardOf returns the shard of an account.
func (w *Withdrawals) shardOf(a wallet.Account) *shard { return w.db.shard(wallet.ActID(a.User)) }

// Create implements wallet.Withdrawals. ErrInvalid: an invalid account, owner, stage or state, or more wallets than
// one person can have. ErrOverloaded and ErrUnavailable: nothing was recorded.
func (w *Withdrawals) Create(ctx context.Context, v wallet.Withdrawal) (wallet.Withdrawal, bool, error) {
	if err := v.No.Account.Validate(); err != nil {
		return wallet.Withdrawal{}, false, err
	}
	if v.Owner <= 0 || v.Stage.Validate() != nil || len(v.Wallets) > wallet.MaxFormer+1 ||
		!v.State.Valid() {
		return wallet.Withdrawal{}, false, fmt.Errorf("%w: withdrawal of wallet %d in stage %d, state %d, from %d wallets",
			wallet.ErrInvalid, v.Owner, v.Stage, v.State, len(v.Wallets))
	}
	return w.writes.create(ctx, w.shardOf(v.No.Account), w.create, 1, v)
}

// Get implements wallet.Withdrawals. ErrInvalid: an invalid account.
func (w *Withdrawals) Get(ctx context.Context, no wallet.WithdrawalNo) (found wallet.Withdrawal, err error) {
	if err := no.Account.Validate(); err != nil {
		return found, err
	}
	all, err := list(ctx, w.shardOf(no.Account).ask, scanWithdrawal, w.get, withdrawalKeyed(nil, no)...)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%w: withdrawal %s", wallet.ErrNotFound, no)
	}
	if err != nil {
		return found, err
	}
	return all[0], nil
}

// advanceJob is the job of one Advance call.
type advanceJob struct {
	no    wallet.WithdrawalNo
	state wallet.WithdrawalState
}

// Advance implements wallet.Withdrawals. ErrInvalid for an unknown state.
func (w *Withdrawals) Advance(ctx context.Context, no wallet.WithdrawalNo, state wallet.WithdrawalState) error {
	if !state.Valid() {
		return fmt.Errorf("%w: withdrawal state %d", wallet.ErrInvalid, state)
	}
	if err := no.Account.Validate(); err != nil {
		return err
	}
	return w.shardOf(no.Account).do(ctx, w.advance, 1, &advanceJob{no, state})
}

func (w *Withdrawals) applyAdvance(ctx context.Context, t *txn, jobs []*job) error {
	jobs = slices.Clone(jobs)
	slices.SortStableFunc(jobs, func(a, b *job) int { return compareWithdrawals(a.in.(*advanceJob).no, b.in.(*advanceJob).no) })
	for _, j := range jobs {
		a := j.in.(*advanceJob)
		state, key := int64(a.state), withdrawalKeyed(nil, a.no)
		affected, err := t.exec(ctx, w.advanced, append([]any{state, state, state}, key...)...)
		if err != nil {
			return err
		}
		if affected > 0 {
			continue
		}
		there, err := readOne(ctx, t.query, w.exists, key, &state)
		if err != nil {
			return err
		}
		if !there {
			j.err = fmt.Errorf("%w: withdrawal %s", wallet.ErrNotFound, a.no)
		}
	}
	return nil
}

// Of implements wallet.Withdrawals. Of two withdrawals with the same time, the one with the lower number comes first.
func (w *Withdrawals) Of(ctx context.Context, id wallet.ActID, stage wallet.Stage, limit int) ([]wallet.Withdrawal, error) {
	limit = max(limit, 0)
	out, err := onAllShards(w.db, func(s *shard) ([]wallet.Withdrawal, error) {
		return list(ctx, s.ask, scanWithdrawal, w.of, int64(id), int64(stage), limit)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b wallet.Withdrawal) int {
		return cmp.Or(cmp.Compare(b.Created, a.Created), compareWithdrawals(a.No, b.No))
	})
	return out[:min(len(out), limit)], nil
}

// Unfinished implements wallet.Withdrawals. Oldest means created first.
func (w *Withdrawals) Unfinished(ctx context.Context, before wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Withdrawal, wallet.ScanCursor, error) {
	if limit <= 0 {
		return nil, 0, nil
	}
	list := listing[wallet.Withdrawal]{w.due, scanWithdrawal, w.writes.compare}
	return list.page(ctx, w.db, limit, int64(from), placesBefore(before), limit+1)
}

// Withdrawals implements wallet.WithdrawalReader. It reads one page of wallets at a time; each page is from its own
// point in time.
func (w *Withdrawals) Withdrawals(ctx context.Context, yield func(wallet.Withdrawal) bool) error {
	return eachOwner(ctx, w.db, w.owners, rowsOf(scanWithdrawal, w.byOwner), func(v wallet.Withdrawal) int64 { return int64(v.Owner) }, yield)
}
