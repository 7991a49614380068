package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// posting is the job of one Post call on one shard.
type posting struct {
	batch  []wallet.Credit
	out    []wallet.PostOutcome
	number int64 // of the transaction that wrote it
}

// Post implements wallet.Ledger. If the database refuses a credit for an unforeseen reason, that credit is PostRefused
// and the others are written.
//
// Credits of several shards are written in one transaction each. If one transaction fails and another one wrote
// something, Post returns ErrUnknown, and a retry settles it; the port's "all or none" then holds per shard.
func (l *Ledger) Post(ctx context.Context, batch []wallet.Credit) ([]wallet.PostOutcome, error) {
	if err := checkCredits(batch); err != nil {
		return nil, err
	}
	out := make([]wallet.PostOutcome, len(batch))
	if len(batch) == 0 {
		return out, nil
	}
	parts := make([]posting, len(l.db.shards))
	at := make([][]int, len(l.db.shards)) // positions of the part's credits in the batch
	for i, c := range batch {
		s := wallet.ShardOf(c.Order.ActID, len(parts))
		parts[s].batch = append(parts[s].batch, c)
		at[s] = append(at[s], i)
	}
	errs := make([]error, len(parts))
	var all sync.WaitGroup
	for s := range parts {
		if len(parts[s].batch) == 0 {
			continue
		}
		if len(parts[s].batch) == len(batch) {
			errs[s] = l.postOn(ctx, l.db.shards[s], &parts[s])
			break
		}
		all.Go(func() { errs[s] = l.postOn(ctx, l.db.shards[s], &parts[s]) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, partly(parts, errs, err)
	}
	for s, where := range at {
		for i, b := range where {
			out[b] = parts[s].out[i]
		}
	}
	return out, nil
}

// partly returns the error of a batch of which some parts failed: ErrUnknown unless no part can have written anything.
func partly(parts []posting, errs []error, err error) error {
	for s := range parts {
		wrote := errs[s] == nil && slices.Contains(parts[s].out, wallet.PostedNow)
		if wrote || errors.Is(errs[s], wallet.ErrUnknown) {
			return fmt.Errorf("%w: posting over several shards: %w", wallet.ErrUnknown, err)
		}
	}
	return err
}

// postOn writes one shard's part. If the result of the commit is unknown, it looks the outcome up.
func (l *Ledger) postOn(ctx context.Context, s *shard, p *posting) error {
	job := &posting{batch: p.batch} // owned by the committer: it may outlive this call
	err := s.do(ctx, l.post, len(job.batch), job)
	if errors.Is(err, wallet.ErrUnknown) && ctx.Err() == nil {
		err = l.resolved(ctx, s, job, err)
	}
	if err == nil {
		p.out = job.out
	}
	return err
}

// resolved checks, on a separate connection, whether a transaction with an unknown result was committed: it reads an
// order that the transaction wrote and compares the transaction's number. The locking read waits for a commit in
// progress, so the answer is final. It returns unknown when it cannot find out, and ErrUnavailable when nothing was
// written.
func (l *Ledger) resolved(ctx context.Context, s *shard, p *posting, unknown error) error {
	i := slices.Index(p.out, wallet.PostedNow)
	if i < 0 {
		return unknown
	}
	number := int64(0)
	err := s.ask(ctx, l.resolve, keyed(nil, p.batch[i].Order), func(r *sql.Rows) error { return r.Scan(&number) })
	switch {
	case err != nil:
		return unknown
	case number != p.number:
		return fmt.Errorf("%w: rolled back: %w", wallet.ErrUnavailable, errors.Unwrap(unknown))
	}
	return nil
}

// line is one credit of a transaction.
type line struct {
	wallet.Credit
	out      *wallet.PostOutcome
	recorded wallet.Money // amount under its number after this transaction; 0 when the database refused it
}

// applyPosts writes the credits of all jobs, and one debit of their sum per stage.
func (l *Ledger) applyPosts(ctx context.Context, t *txn, jobs []*job) error {
	number, now := l.draw(), l.clock.Now()
	var lines []line
	for _, j := range jobs {
		p := j.in.(*posting)
		p.out, p.number = make([]wallet.PostOutcome, len(p.batch)), number
		for i, c := range p.batch {
			lines = append(lines, line{c, &p.out[i], 0})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.Order.Compare(b.Order) })
	firsts := make([]*line, 0, len(lines)) // the first line of each number, the only one that may be written
	for i := range lines {
		if i == 0 || lines[i].Order != lines[i-1].Order {
			firsts = append(firsts, &lines[i])
		}
	}
	if err := l.writeGrants(ctx, t, firsts, number, now); err != nil {
		return err
	}
	for i := range lines {
		if a := &lines[i]; *a.out == 0 { // a duplicate, or recorded before
			if i > 0 && a.Order == lines[i-1].Order {
				a.recorded = lines[i-1].recorded
			}
			*a.out = wallet.PostRefused
			if a.recorded == a.Amount {
				*a.out = wallet.PostedBefore
			}
		}
	}
	firsts = slices.DeleteFunc(firsts, func(a *line) bool { return *a.out != wallet.PostedNow })
	return l.writeSums(ctx, t, firsts, number, now)
}

// writeGrants inserts the lines whose numbers are new and sets the recorded amount of each line. Lines that the
// database refuses are found by halving; lines written before the refusal are found again as this transaction's.
func (l *Ledger) writeGrants(ctx context.Context, t *txn, lines []*line, number int64, now wallet.Instant) error {
	err := t.insert(ctx, l.grants, len(lines), func(i int, args []any) []any {
		a := lines[i]
		return append(keyed(args, a.Order), int64(a.Amount), int64(a.Opened), int64(now), number)
	}, func(from, to int, affected int64) error {
		if affected != int64(to-from) {
			return l.lookUp(ctx, t, lines[from:to], number)
		}
		for _, a := range lines[from:to] {
			a.recorded, *a.out = a.Amount, wallet.PostedNow
		}
		return nil
	})
	if err == nil || t.dialect.faultOf(err) != refused {
		return err
	}
	if len(lines) == 1 {
		return nil // its result stays unset, and so becomes PostRefused
	}
	half := len(lines) / 2
	if err := l.writeGrants(ctx, t, lines[:half], number, now); err != nil {
		return err
	}
	return l.writeGrants(ctx, t, lines[half:], number, now)
}

// lookUpAtOnce bounds the numbers that one statement looks up: each is a range for the optimiser.
const lookUpAtOnce = 128

// padded returns how many numbers to query instead of n; the last one is repeated. It limits the number of different
// statements where preparing costs more than running.
func padded(d *dialect, n int) int {
	for _, size := range slices.Backward(d.rows) {
		if d.prepare && n <= size {
			return size
		}
	}
	return n
}

// lookUp sets the recorded amount of lines of which some existed, and whether this transaction wrote them. The lines
// are in key order, each number once.
func (l *Ledger) lookUp(ctx context.Context, t *txn, lines []*line, number int64) error {
	keyArgs := func(args []any, a *line) []any { return keyed(args, a.Order) }
	for condition, args := range lookUps(t.dialect, key, lines, keyArgs) {
		err := t.query(ctx, l.found+condition, args, func(r *sql.Rows) error {
			var no wallet.OrderNo
			var amount wallet.Money
			var of int64
			if err := r.Scan(&no.ActID, &no.Stage, &no.Scene, &no.Rain, &no.Award, &amount, &of); err != nil {
				return err
			}
			i, ok := slices.BinarySearchFunc(lines, no, func(a *line, no wallet.OrderNo) int { return a.Order.Compare(no) })
			if !ok {
				return fmt.Errorf("sql: looked up %d numbers and got %s, which is not one of them", len(lines), no)
			}
			lines[i].recorded = amount
			if of == number {
				*lines[i].out = wallet.PostedNow
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeSums adds the written amounts to the balances of their owners and subtracts them from one cost sub-account per
// stage. The cost accounts come last: every transaction needs them, so they are locked for the shortest time.
func (l *Ledger) writeSums(ctx context.Context, t *txn, lines []*line, number int64, now wallet.Instant) error {
	var sums [wallet.Stages + 1]wallet.Money
	var legs []wallet.Leg
	for _, a := range lines {
		to := wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: a.Order.Stage, Owner: int64(a.Order.ActID)}
		if len(legs) == 0 || legs[len(legs)-1].Account != to {
			legs = append(legs, wallet.Leg{Account: to})
		}
		last := &legs[len(legs)-1].Amount
		var err error
		if sums[to.Stage], err = sums[to.Stage].Add(a.Amount); err != nil {
			return err
		}
		*last += a.Amount // below the stage's sum, so within the range
	}
	personal := len(legs)
	sub := int64(l.turn.Add(1) % uint64(l.costs))
	for stage, sum := range sums {
		if sum != 0 {
			legs = append(legs, wallet.Leg{Account: wallet.AccountNo{Kind: wallet.CostAccount, Stage: wallet.Stage(stage), Owner: sub}, Amount: -sum})
		}
	}
	if err := l.add(ctx, t, legs[:personal], true); err != nil {
		return err
	}
	debits := legs[personal:]
	err := t.insert(ctx, l.debits, len(debits), func(i int, args []any) []any {
		return append(args, number, int64(debits[i].Account.Stage), sub, int64(debits[i].Amount), int64(now))
	}, nil)
	if err != nil {
		return err
	}
	return l.add(ctx, t, debits, false)
}

// add adds the legs' amounts to their balances; for grants also to the incomes.
func (l *Ledger) add(ctx context.Context, t *txn, legs []wallet.Leg, grants bool) error {
	return t.insert(ctx, l.accounts, len(legs), func(i int, args []any) []any {
		a, income := legs[i], int64(0)
		if grants {
			income = int64(a.Amount)
		}
		return append(args, row(a.Account), int64(a.Account.Kind), int64(a.Account.Stage), int64(a.Amount), income)
	}, nil)
}
