package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// transferStep is the job of a transfer, or of one step of it, on one shard. It is executed once per number and part.
type transferStep struct {
	no      wallet.TransferNo
	part    int
	request []byte // stored with it

	execute bool // false: it only claims its number
	legs    []wallet.Leg
	pool    []wallet.AccountNo
	take    wallet.Money
	partial bool // the pool may have less than take: then its content is taken; legs is the one leg that receives it

	state    moveState // the result, of this call or of an earlier one
	amount   wallet.Money
	recorded []byte
}

// moveID identifies a move's row.
type moveID struct {
	no   wallet.TransferNo
	part int
}

// step executes a step on a shard, or returns its recorded result.
func (l *Ledger) step(ctx context.Context, s *shard, m *transferStep) error {
	job := *m // owned by the committer: it may outlive this call
	if err := s.do(ctx, l.move, 2+len(m.legs)+len(m.pool), &job); err != nil {
		return err
	}
	*m = job
	return nil
}

// transferBatch is the set of transfers of one transaction: their recorded results, and the rows to write.
type transferBatch struct {
	known    map[moveID]*transferStep
	balances map[wallet.AccountNo]wallet.Money
	made     []*transferStep
	lines    []moveLine
}

// moveLine is a leg to write.
type moveLine struct {
	wallet.Leg
	of   *transferStep
	line int
}

// applyMoves executes the transfers of all jobs, one after another in memory on locked balances, and writes them
// together.
func (l *Ledger) applyMoves(ctx context.Context, t *txn, jobs []*job) error {
	m := transferBatch{known: map[moveID]*transferStep{}, balances: map[wallet.AccountNo]wallet.Money{}}
	if err := l.readMoves(ctx, t, jobs, &m); err != nil {
		return err
	}
	if err := l.readAccounts(ctx, t, jobs, &m); err != nil {
		return err
	}
	for _, j := range jobs {
		in := j.in.(*transferStep)
		id := moveID{in.no, in.part}
		if was := m.known[id]; was != nil {
			in.state, in.amount, in.recorded = was.state, was.amount, was.recorded
			continue
		}
		if j.err = m.make(in); j.err == nil {
			m.known[id] = in
			m.made = append(m.made, in)
		}
	}
	return l.writeMoves(ctx, t, &m)
}

// make decides one transfer. An error concerns only this one; nothing of it is recorded then.
func (m *transferBatch) make(in *transferStep) error {
	in.state, in.amount, in.recorded = claimed, 0, in.request
	if !in.execute {
		return nil
	}
	legs, rest := []wallet.Leg{}, in.take
	for _, a := range in.pool {
		if give := min(m.balances[a], rest); give > 0 {
			legs = append(legs, wallet.Leg{Account: a, Amount: -give})
			rest -= give
		}
	}
	in.amount = in.take - rest
	switch {
	case rest > 0 && !in.partial:
		in.state, in.amount = declined, 0
		return nil
	case in.partial && in.amount > 0:
		legs = append(legs, wallet.Leg{Account: in.legs[0].Account, Amount: in.amount})
	case !in.partial:
		legs = append(legs, in.legs...)
	}
	after := map[wallet.AccountNo]wallet.Money{}
	for _, leg := range legs {
		b, ok := after[leg.Account]
		if !ok {
			b = m.balances[leg.Account]
		}
		b, err := b.Add(leg.Amount)
		if err != nil {
			return err
		}
		after[leg.Account] = b
	}
	for a, b := range after {
		if b < 0 && !a.Kind.MayBeNegative() {
			in.state, in.amount = declined, 0
			return nil
		}
	}
	for a, b := range after {
		m.balances[a] = b
	}
	in.state = made
	for i, leg := range legs {
		m.lines = append(m.lines, moveLine{leg, in, i})
	}
	return nil
}

// readMoves reads the results of the jobs that were executed before.
func (l *Ledger) readMoves(ctx context.Context, t *txn, jobs []*job, m *transferBatch) error {
	const one = "family = ? AND account = ? AND request = ? AND step = ? AND part = ?"
	keyArgs := func(args []any, j *job) []any { return moveKeyed(args, j.in.(*transferStep)) }
	for condition, args := range lookUps(t.dialect, one, jobs, keyArgs) {
		err := t.query(ctx, l.answers+condition+t.dialect.lock, args, func(r *sql.Rows) error {
			was := &transferStep{}
			var of moveKey
			err := r.Scan(append(of.columns(), &was.part, &was.state, &was.amount, &was.recorded)...)
			was.no = of.no()
			m.known[moveID{was.no, was.part}] = was
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readAccounts locks and reads the balances that new transfers need, all in the order of the table, so that two
// transactions cannot deadlock.
func (l *Ledger) readAccounts(ctx context.Context, t *txn, jobs []*job, m *transferBatch) error {
	var accounts []wallet.AccountNo
	for _, j := range jobs {
		if in := j.in.(*transferStep); in.execute && m.known[moveID{in.no, in.part}] == nil {
			accounts = append(accounts, in.pool...)
			for _, leg := range in.legs {
				accounts = append(accounts, leg.Account)
			}
		}
	}
	slices.SortFunc(accounts, compareRows)
	accounts = slices.Compact(accounts)
	keyArgs := func(args []any, a wallet.AccountNo) []any { return append(args, row(a), int64(a.Kind), int64(a.Stage)) }
	for condition, args := range lookUps(t.dialect, "owner = ? AND kind = ? AND stage = ?", accounts, keyArgs) {
		balances, err := list(ctx, t.query, scanBalance, l.balance+condition+" ORDER BY owner, kind, stage"+t.dialect.lock, args...)
		if err != nil {
			return err
		}
		for _, b := range balances {
			m.balances[b.Account] = b.Amount
		}
	}
	return nil
}

// compareRows orders accounts as their table does.
func compareRows(a, b wallet.AccountNo) int {
	return cmp.Or(cmp.Compare(row(a), row(b)), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Stage, b.Stage))
}

// scanBalance reads a row of owner, kind, stage and balance.
func scanBalance(r rowScanner) (b wallet.Leg, err error) {
	var owner int64
	err = r.Scan(&owner, &b.Account.Kind, &b.Account.Stage, &b.Amount)
	b.Account = account(owner, b.Account.Kind, b.Account.Stage)
	return b, err
}

// moveKeyed appends the key of a move's row.
func moveKeyed(args []any, in *transferStep) []any {
	account, request := in.no.Key()
	return append(args, int64(account.Family), int64(account.User), request, int64(in.no.Step)+sharesFrom*int64(in.no.Share), int64(in.part))
}

// sharesFrom is the offset of a packet's shares in the step column: above all steps, so that a number without a share
// is stored as its step alone.
const sharesFrom = 16

// moveKey is a transfer's number as stored in its columns.
type moveKey struct {
	account       wallet.Account
	request, step int64
}

// columns returns the scan targets of family, account, request and step.
func (k *moveKey) columns() []any {
	return []any{&k.account.Family, &k.account.User, &k.request, &k.step}
}

func (k *moveKey) no() wallet.TransferNo {
	return wallet.TransferNoOf(k.account, k.request, wallet.TransferStep(k.step%sharesFrom), uint8(k.step/sharesFrom))
}

// writeMoves writes the results, the lines and the balances. If another instance has written one of the numbers first,
// the transaction is repeated and finds that result.
func (l *Ledger) writeMoves(ctx context.Context, t *txn, m *transferBatch) error {
	written := int64(0)
	err := t.insert(ctx, l.moves, len(m.made), func(i int, args []any) []any {
		in := m.made[i]
		return append(moveKeyed(args, in), int64(in.state), int64(in.amount), in.request)
	}, func(_, _ int, affected int64) error {
		written += affected
		return nil
	})
	if err != nil {
		return err
	}
	if written != int64(len(m.made)) {
		return fmt.Errorf("%w: %d of %d transfers were made meanwhile", errAgain, int64(len(m.made))-written, len(m.made))
	}
	now := l.clock.Now()
	err = t.insert(ctx, l.legs, len(m.lines), func(i int, args []any) []any {
		a := m.lines[i]
		args = moveKeyed(append(args, row(a.Account), int64(a.Account.Kind), int64(a.Account.Stage)), a.of)
		return append(args, int64(a.line), int64(a.Amount), int64(now))
	}, nil)
	if err != nil {
		return err
	}
	sums := map[wallet.AccountNo]wallet.Money{}
	for _, a := range m.lines {
		sums[a.Account] += a.Amount // the balances before and after are in range; intermediate wrap-around cancels out
	}
	legs := make([]wallet.Leg, 0, len(sums))
	for a, sum := range sums {
		legs = append(legs, wallet.Leg{Account: a, Amount: sum})
	}
	slices.SortFunc(legs, func(a, b wallet.Leg) int { return compareRows(a.Account, b.Account) })
	return l.add(ctx, t, legs, false)
}
