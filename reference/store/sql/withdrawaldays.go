package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"hongbao/reference/wallet"
)

// WithdrawalDays counts the withdrawals of a day, each wallet's on the wallet's shard. A transaction that counts locks
// the row of the day, so that two instances together never exceed the limit.
type WithdrawalDays struct {
	db         *DB
	take, back *kind

	known, undo, sum, add, sub string
	open, counted              insertion
}

var _ wallet.WithdrawalDays = (*WithdrawalDays)(nil)

// NewWithdrawalDays returns the daily counts in db.
func NewWithdrawalDays(db *DB) *WithdrawalDays {
	const day = "owner = ? AND stage = ? AND day = ?"
	d := &WithdrawalDays{db: db,
		known:   db.text("SELECT counts FROM {p}withdrawal_takes WHERE " + withdrawalKey),
		undo:    db.text("UPDATE {p}withdrawal_takes SET counts = 0 WHERE counts = 1 AND " + withdrawalKey),
		sum:     db.text("SELECT amount, times FROM {p}withdrawal_days WHERE " + day),
		add:     db.text("UPDATE {p}withdrawal_days SET amount = amount + ?, times = times + 1 WHERE amount <= ? AND times <= ? AND " + day),
		sub:     db.text("UPDATE {p}withdrawal_days SET amount = amount - ?, times = times - 1 WHERE " + day),
		open:    insertion{db.text("INSERT INTO {p}withdrawal_days (owner, stage, day, amount, times) VALUES "), 5, db.dialect.insertIgnore("owner")},
		counted: insertion{db.text("INSERT INTO {p}withdrawal_takes (family, account, request, counts) VALUES "), 4, db.dialect.insertIgnore("family")},
	}
	d.take = &kind{rank: rankWithdrawals + 2, apply: d.applyTake}
	d.back = &kind{rank: rankWithdrawals + 3, apply: d.applyBack}
	return d
}

// The states of a number, in withdrawal_takes.counts.
const (
	givenBack int64 = iota // the withdrawal failed
	counts
	limited // Take has refused it
)

// dayCountJob is the job of one Take or GiveBack call. Take computes how much the day may already contain.
type dayCountJob struct {
	wallet.Withdrawal
	fen, times int64 // upper bounds of what the day contains before this withdrawal
}

// day appends the key of the day in which the withdrawal counts.
func (c *dayCountJob) day(args []any) []any {
	return append(args, int64(c.Owner), int64(c.Stage), int64(c.Created.Day()))
}

// Take implements wallet.WithdrawalDays. ErrInvalid: an invalid account, or an amount not above zero. ErrOverloaded
// and ErrUnavailable: nothing was counted. ErrUnknown: repeat the call.
func (d *WithdrawalDays) Take(ctx context.Context, w wallet.Withdrawal, l wallet.DayLimit) error {
	if err := checkCounting(w); err != nil {
		return err
	}
	c := &dayCountJob{w, math.MaxInt64 - int64(w.Amount), math.MaxInt64 - 1}
	if l.Fen > 0 {
		c.fen = max(-1, int64(l.Fen-w.Amount))
	}
	if l.Times > 0 {
		c.times = int64(l.Times) - 1
	}
	for _, id := range w.Wallets {
		if id == w.Owner {
			continue
		}
		other := dayCountJob{Withdrawal: w}
		other.Owner = id
		var fen, times int64 // zero if the wallet has withdrawn nothing on the day
		if _, err := readOne(ctx, d.db.shard(id).ask, d.sum, other.day(nil), &fen, &times); err != nil {
			return err
		}
		c.fen, c.times = max(-1, c.fen-fen), max(-1, c.times-times)
	}
	return d.db.shard(w.Owner).do(ctx, d.take, 2, c)
}

// GiveBack implements wallet.WithdrawalDays. Errors are those of Take, without ErrDailyLimit.
func (d *WithdrawalDays) GiveBack(ctx context.Context, w wallet.Withdrawal) error {
	if err := checkCounting(w); err != nil {
		return err
	}
	return d.db.shard(w.Owner).do(ctx, d.back, 2, &dayCountJob{Withdrawal: w})
}

// result returns the result of Take for a number in a state.
func (c *dayCountJob) result(s int64) error {
	switch s {
	case counts:
		return nil
	case limited:
		return fmt.Errorf("%w: withdrawal %s", wallet.ErrDailyLimit, c.No)
	}
	return fmt.Errorf("%w: withdrawal %s has failed", wallet.ErrInsufficient, c.No)
}

func checkCounting(w wallet.Withdrawal) error {
	if err := w.No.Account.Validate(); err != nil {
		return err
	}
	if w.Amount <= 0 || w.Owner <= 0 || len(w.Wallets) > wallet.MaxFormer+1 {
		return fmt.Errorf("%w: withdrawal of %d fen from wallet %d and %d in all", wallet.ErrInvalid, w.Amount, w.Owner, len(w.Wallets))
	}
	return w.Stage.Validate()
}

// inOrder returns the jobs in the order of their days, so that all transactions lock rows in the same order.
func inOrder(jobs []*job) []*job {
	jobs = slices.Clone(jobs)
	slices.SortStableFunc(jobs, func(a, b *job) int {
		x, y := a.in.(*dayCountJob), b.in.(*dayCountJob)
		return cmp.Or(cmp.Compare(x.Owner, y.Owner), cmp.Compare(x.Stage, y.Stage), cmp.Compare(x.Created, y.Created), compareWithdrawals(x.No, y.No))
	})
	return jobs
}

func (d *WithdrawalDays) applyTake(ctx context.Context, t *txn, jobs []*job) error {
	for _, j := range inOrder(jobs) {
		c := j.in.(*dayCountJob)
		standing := int64(0)
		known, err := readOne(ctx, t.query, d.known, withdrawalKeyed(nil, c.No), &standing)
		if err != nil {
			return err
		}
		if known {
			j.err = c.result(standing)
			continue
		}
		if _, err := t.insertRow(ctx, d.open, append(c.day(nil), 0, 0)...); err != nil {
			return err
		}
		affected, err := t.exec(ctx, d.add, c.day([]any{int64(c.Amount), c.fen, c.times})...)
		if err != nil {
			return err
		}
		if standing = counts; affected == 0 {
			standing = limited
		}
		j.err = c.result(standing)
		affected, err = t.insertRow(ctx, d.counted, append(withdrawalKeyed(nil, c.No), standing)...)
		if err == nil && affected == 0 {
			err = fmt.Errorf("%w: withdrawal %s was counted meanwhile", errAgain, c.No)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *WithdrawalDays) applyBack(ctx context.Context, t *txn, jobs []*job) error {
	for _, j := range inOrder(jobs) {
		c := j.in.(*dayCountJob)
		affected, err := t.exec(ctx, d.undo, withdrawalKeyed(nil, c.No)...)
		switch {
		case err != nil:
		case affected > 0:
			err = t.change(ctx, d.sub, c.day([]any{int64(c.Amount)})...)
		default:
			_, err = t.insertRow(ctx, d.counted, append(withdrawalKeyed(nil, c.No), givenBack)...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
