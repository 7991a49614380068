package sqlstore

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"hongbao/reference/wallet"
)

// Group commit. A caller hands a job to its shard and waits. A committer takes all that waits, at most maxRows rows,
// and writes it in one transaction: the time of one commit is what fills the next, and in a crowd a moment more. All
// jobs of a kind are applied at once, so that a kind can write them in one statement. Each job has an answer of its own.
//
// To add a kind of job, in the terms of a store of notes:
//
//	type saving struct {      // one job: the request, then the answer
//		id   wallet.ActID
//		text string
//		new  bool
//	}
//
//	type Notes struct {
//		db   *DB
//		save *kind
//		add, find string
//	}
//
//	func NewNotes(db *DB) *Notes {
//		n := &Notes{db: db, add: db.text("INSERT INTO {p}notes (act_id, text) VALUES "), find: …}
//		n.save = &kind{rank: rankNotes, apply: n.apply}
//		return n
//	}
//
//	func (n *Notes) Save(ctx context.Context, id wallet.ActID, text string) (bool, error) {
//		s := &saving{id: id, text: text}
//		err := n.db.shard(id).do(ctx, n.save, 1, s) // after an error s belongs to the committer still: do not read it
//		if err != nil {
//			return false, err
//		}
//		return s.new, nil
//	}
//
//	// apply may run several times for a job; only what the last run left in it counts.
//	func (n *Notes) apply(ctx context.Context, t *txn, jobs []*job) error {
//		jobs = slices.Clone(jobs); sort them by key, so that transactions lock rows in one order
//		insert := insertion{n.add, 2, t.dialect.unless("act_id")}
//		return t.insert(ctx, insert, len(jobs), func(i int, args []any) []any {
//			s := jobs[i].in.(*saving)
//			return append(args, int64(s.id), s.text)
//		}, func(from, to int, affected int64) error {
//			// these rows were written by one statement: affected == to-from says that all of them are new;
//			// otherwise read (t.query) which are there with other content, and set new or job.err.
//		})
//	}
//
// A job that a rule refuses gets job.err from apply, which must have written nothing for it; the others are committed.
// When the database refuses a statement, the transaction is rolled back and its jobs are tried again in halves, until
// the one at fault stands alone. Two jobs of a transaction may have the same key: apply sees both.

// The bounds of group commit.
const (
	maxRows    = 2048 // of a transaction: at two hundred thousand rows a second, ten milliseconds for those who come next
	maxWaiting = 8192 // jobs: what a shard commits in about a tenth of a second; more is an overload
	maxTries   = 8    // of a transaction that was rolled back to let another go first; each time somebody got on

	// A transaction that had company jobs or more is followed by a moment of lingering. Measured: a fifth to a third more
	// grants a second on SQLite (BenchmarkServeGrant), for a millisecond that only a crowd waits.
	company   = 5
	lingering = time.Millisecond
)

// The ranks of the kinds of jobs: the order in which one transaction applies them, so that all transactions lock the
// tables in one order. B-trees that many transactions share come last.
const (
	rankAdmissions = 10 * (1 + iota)
	rankOrders
	rankReservations
	rankWithdrawals
	rankItems
	rankPackets
	rankIdentities
	rankQuotas
	rankBank
	rankAudit
	rankMoves
	rankPostings
)

// kind is a sort of job.
type kind struct {
	rank int
	// apply writes all the jobs of this kind in a transaction. An error rolls the transaction back. It must not hand in
	// jobs itself.
	apply func(ctx context.Context, t *txn, jobs []*job) error
}

// job is one caller's piece of writing.
type job struct {
	kind *kind
	in   any   // request and answer; the kind knows its type
	err  error // the answer, when a rule refused this job alone
	rows int
	ends chan struct{} // closed when err and the answer stand

	state atomic.Int32 // waiting, then taken or left
}

const (
	waiting = iota
	taken   // by a committer
	left    // by its caller, before anything was done
)

// do hands a job of so many rows to the committers and waits for its answer. ErrOverloaded: too many wait, or the
// context ended while this one did; nothing was done. ErrUnavailable: nothing was done. ErrUnknown: the commit had no
// answer, or the context ended meanwhile.
func (s *shard) do(ctx context.Context, k *kind, rows int, in any) error {
	j := &job{kind: k, in: in, rows: rows, ends: make(chan struct{})}
	select {
	case <-s.stop:
		return fmt.Errorf("%w: the store is closed", wallet.ErrUnavailable)
	default:
	}
	select {
	case s.queue <- j:
	default:
		return fmt.Errorf("%w: %d jobs wait for shard %d", wallet.ErrOverloaded, maxWaiting, s.no)
	}
	select {
	case <-j.ends:
		return j.err
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, left) {
			return fmt.Errorf("%w: waited for shard %d: %w", wallet.ErrOverloaded, s.no, context.Cause(ctx))
		}
		return fmt.Errorf("%w: shard %d: %w", wallet.ErrUnknown, s.no, context.Cause(ctx))
	case <-s.stopped:
	}
	if j.state.CompareAndSwap(waiting, left) {
		return fmt.Errorf("%w: the store was closed", wallet.ErrUnavailable)
	}
	<-j.ends
	return j.err
}

// start runs the committers until end.
func (s *shard) start() {
	for range s.dialect.writers {
		s.running.Go(func() { (&committer{shard: s}).run() })
	}
	if s.dialect.tend != nil {
		s.running.Go(func() { s.dialect.tend(s) })
	}
}

// end stops the committers after the transactions under way.
func (s *shard) end() {
	close(s.stop)
	s.running.Wait()
	close(s.stopped)
}
