package sqlstore

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"hongbao/reference/wallet"
)

// Group commit. A caller puts a job into the queue of its shard and waits. A committer takes all waiting jobs, at most
// maxRows rows, and writes them in one transaction. While one transaction commits, the next batch fills; under load
// the committer also waits a short time for more jobs. All jobs of a kind are applied together, so that a kind can
// write them in one statement. Each job has a separate result.
//
// To add a kind of job, for example in a store of notes:
//
//	type saveJob struct {     // one job: the request, then the result
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
//		s := &saveJob{id: id, text: text}
//		err := n.db.shard(id).do(ctx, n.save, 1, s) // after an error the committer still owns s: do not read it
//		if err != nil {
//			return false, err
//		}
//		return s.new, nil
//	}
//
//	// apply may run several times for a job; only the result of the last run counts.
//	func (n *Notes) apply(ctx context.Context, t *txn, jobs []*job) error {
//		jobs = slices.Clone(jobs); sort them by key, so that transactions lock rows in one order
//		insert := insertion{n.add, 2, t.dialect.insertIgnore("act_id")}
//		return t.insert(ctx, insert, len(jobs), func(i int, args []any) []any {
//			s := jobs[i].in.(*saveJob)
//			return append(args, int64(s.id), s.text)
//		}, func(from, to int, affected int64) error {
//			// these rows were written by one statement: affected == to-from means that all of them are new;
//			// otherwise read (t.query) which rows exist with other content, and set new or job.err.
//		})
//	}
//
// When a rule refuses a job, apply sets job.err and must not have written anything for that job; the other jobs are
// committed. When the database refuses a statement, the transaction is rolled back and its jobs are retried in halves,
// until the faulty job is alone. Two jobs of a transaction may have the same key: apply gets both.

// The bounds of group commit.
const (
	maxRows    = 2048 // of a transaction: at 200,000 rows a second, the next batch waits 10 ms
	maxWaiting = 8192 // jobs: as many as a shard commits in about 0.1 s; more is an overload
	maxTries   = 8    // of a transaction that was rolled back in favour of another; each time some transaction made progress

	// After a transaction of at least lingerMinJobs jobs, the committer waits lingerTime for more jobs. Measured: 20 %
	// to 33 % more grants a second on SQLite (BenchmarkServeGrant), at the cost of 1 ms of waiting, and only under
	// load.
	lingerMinJobs = 5
	lingerTime    = time.Millisecond
)

// The ranks of the kinds of jobs: the order in which one transaction applies them, so that all transactions lock the
// tables in the same order. B-trees that many transactions share come last.
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

// kind is a type of job.
type kind struct {
	rank int
	// apply writes all jobs of this kind in one transaction. An error rolls the transaction back. It must not submit
	// jobs.
	apply func(ctx context.Context, t *txn, jobs []*job) error
}

// job is one caller's unit of writing.
type job struct {
	kind *kind
	in   any   // request and result; the kind knows the type
	err  error // the job's result when a rule refused only this job
	rows int
	done chan struct{} // closed when err and the result are final

	state atomic.Int32 // waiting, then taken or abandoned
}

const (
	waiting   = iota
	taken     // by a committer
	abandoned // by its caller, before any work was done
)

// do submits a job of the given number of rows and waits for its result. ErrOverloaded: too many jobs wait, or the
// context ended while this one waited; nothing was done. ErrUnavailable: nothing was done. ErrUnknown: the result of
// the commit is unknown, or the context ended while the job was in progress.
func (s *shard) do(ctx context.Context, k *kind, rows int, in any) error {
	j := &job{kind: k, in: in, rows: rows, done: make(chan struct{})}
	select {
	case <-s.stop:
		return fmt.Errorf("%w: the store is closed", wallet.ErrUnavailable)
	default:
	}
	select {
	case s.queue <- j:
	default:
		return fmt.Errorf("%w: %d jobs are waiting for shard %d", wallet.ErrOverloaded, maxWaiting, s.no)
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, abandoned) {
			return fmt.Errorf("%w: waited for shard %d: %w", wallet.ErrOverloaded, s.no, context.Cause(ctx))
		}
		return fmt.Errorf("%w: shard %d: %w", wallet.ErrUnknown, s.no, context.Cause(ctx))
	case <-s.stopped:
	}
	if j.state.CompareAndSwap(waiting, abandoned) {
		return fmt.Errorf("%w: the store was closed", wallet.ErrUnavailable)
	}
	<-j.done
	return j.err
}

// start runs the committers until end.
func (s *shard) start() {
	for range s.dialect.writers {
		s.running.Go(func() { (&committer{shard: s}).run() })
	}
	if s.dialect.maintain != nil {
		s.running.Go(func() { s.dialect.maintain(s) })
	}
}

// end stops the committers once the current transactions have ended.
func (s *shard) end() {
	close(s.stop)
	s.running.Wait()
	close(s.stopped)
}
