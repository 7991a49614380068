package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"hongbao/reference/wallet"
)

// committer writes one transaction after another on a separate connection.
type committer struct {
	*shard
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt // of the connection, at most maxPrepared
	batch   []*job
	carried *job // taken, but its rows did not fit into the last batch
}

func (c *committer) run() {
	defer c.drop()
	for {
		select {
		case <-c.stop:
			c.rejectCarried()
			return
		default:
		}
		if c.carried == nil {
			select {
			case <-c.stop:
				return
			case j := <-c.queue:
				c.take(j)
			}
		}
		c.linger()
		c.settle(c.gather())
	}
}

// linger waits a short time for more jobs when the last transaction had several: the callers that were just answered
// usually send the next request soon, and a transaction of 100 jobs costs little more than one of 10. A single caller
// never waits.
func (c *committer) linger() {
	if c.carried != nil && len(c.batch) >= lingerMinJobs {
		time.Sleep(lingerTime)
	}
}

// take claims a job, unless its caller has abandoned it.
func (c *committer) take(j *job) {
	if j.state.CompareAndSwap(waiting, taken) {
		c.carried = j
	}
}

// rejectCarried answers the job that was taken but will not be written.
func (c *committer) rejectCarried() {
	if c.carried != nil {
		c.carried.finish(fmt.Errorf("%w: the store was closed", wallet.ErrUnavailable))
	}
}

// gather returns the next batch: the carried job and the waiting ones, as long as they fit.
func (c *committer) gather() []*job {
	c.batch = c.batch[:0]
	rows := 0
	for c.carried != nil && (rows == 0 || rows+c.carried.rows <= maxRows) {
		c.batch = append(c.batch, c.carried)
		rows += c.carried.rows
		c.carried = nil
		for more := true; more && c.carried == nil; {
			select {
			case j := <-c.queue:
				c.take(j)
			default:
				more = false
			}
		}
	}
	slices.SortStableFunc(c.batch, func(a, b *job) int { return cmp.Compare(a.kind.rank, b.kind.rank) })
	return c.batch
}

// settle writes the jobs and answers each. When the database refuses the data of one of them, it retries in halves.
func (c *committer) settle(jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	err, unknown := c.try(jobs)
	switch f := c.dialect.faultOf(err); {
	case unknown:
		for _, j := range jobs {
			j.finish(fmt.Errorf("%w: shard %d: commit: %w", wallet.ErrUnknown, c.no, err))
		}
	case len(jobs) > 1 && (f == refused || f == overflows):
		half := len(jobs) / 2
		c.settle(jobs[:half])
		c.settle(jobs[half:])
	case err != nil:
		for _, j := range jobs {
			j.finish(c.dialect.notDone(err))
		}
	default:
		for _, j := range jobs {
			j.finish(j.err)
		}
	}
}

func (j *job) finish(err error) {
	j.err = err
	close(j.done)
}

// try runs one transaction of the jobs, and repeats it while the database rolls it back in favour of another one.
// unknown: COMMIT was sent and not confirmed.
func (c *committer) try(jobs []*job) (err error, unknown bool) { //nolint:revive // the error is what was tried, not that trying failed
	for range maxTries {
		for _, j := range jobs {
			j.err = nil
		}
		err, unknown = c.transact(jobs)
		if unknown || c.dialect.faultOf(err) != again {
			break
		}
	}
	return err, unknown
}

// transact runs one transaction. A failure before COMMIT is sent means that nothing was written: the server rolls
// back. After a failed COMMIT the connection is closed, so that no part of the transaction can remain on it.
func (c *committer) transact(jobs []*job) (err error, unknown bool) {
	ctx, cancel := c.dialect.txContext(c.timeout)
	defer cancel()
	tx, err := c.begin(ctx)
	if err != nil {
		return err, false
	}
	t := &txn{committer: c, tx: tx}
	for from := 0; from < len(jobs) && err == nil; {
		to := from + 1
		for to < len(jobs) && jobs[to].kind == jobs[from].kind {
			to++
		}
		err = jobs[from].kind.apply(ctx, t, jobs[from:to])
		from = to
	}
	if err != nil {
		broken := tx.Rollback() != nil
		if f := c.dialect.faultOf(err); broken || f == lost || f == down {
			c.drop()
		}
		return err, false
	}
	if err = tx.Commit(); err != nil {
		c.drop()
		return err, true
	}
	return nil, false
}

// begin opens a transaction, on a new connection if the old one is broken (nothing was done on it yet). A server that
// accepts no writes counts as broken, because another server may have become the primary.
func (c *committer) begin(ctx context.Context) (*sql.Tx, error) {
	if c.conn != nil {
		tx, err := c.conn.BeginTx(ctx, nil)
		if f := c.dialect.faultOf(err); f != lost && f != down {
			return tx, err
		}
		c.drop()
	}
	conn, err := c.writes.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c.conn = conn
	return conn.BeginTx(ctx, nil)
}
