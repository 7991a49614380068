package operator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// Bounds of the work: 500 rows a second, which is negligible beside a festival's traffic, and twenty seconds for the
// longest list.
const (
	stepRows    = 100
	stepEvery   = 200 * time.Millisecond
	stepWorkers = 8                // concurrent grants: few, so that users' grants come first
	stepTimeout = 10 * time.Second // of one step; unfinished rows are tried in the next
	idleEvery   = 5                // idle steps between two reads of the store: a second
)

// lease is the name of the lease on this work, and leaseTime how long it lasts after its last renewal.
const (
	lease     = "bulk"
	leaseTime = 15 * time.Second // above stepTimeout
)

// Run works on jobs until ctx ends.
func (b *Bulk) Run(ctx context.Context, log *slog.Logger) {
	idleSteps := 0
	repeatEvery(ctx, stepEvery, func() {
		if idleSteps > 0 {
			idleSteps--
			return
		}
		n, err := b.step(ctx)
		if err != nil && !errors.Is(err, context.Canceled) {
			log.Warn("a bulk re-issue is stopped at a row", "err", err)
		}
		if n == 0 {
			idleSteps = idleEvery
		}
	})
}

func (b *Bulk) step(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	return b.Step(ctx)
}

// Step grants a bounded number of rows of the oldest running job, records their outcomes, and returns their number; 0:
// nothing to do. If it is interrupted, rows after the recorded position are granted again under the same order numbers,
// which changes nothing. An error names the failing row; the job stays at it.
func (b *Bulk) Step(ctx context.Context) (int, error) {
	jobs, err := b.ports.Jobs.Running(ctx, 1)
	if err != nil || len(jobs) == 0 {
		return 0, err
	}
	mine, err := b.ports.Leases.Hold(ctx, lease, b.ports.Instance, leaseTime)
	if err == nil && !mine {
		return 0, nil
	}
	job := jobs[0]
	rows, err := b.ports.Jobs.Rows(ctx, job.ID, job.Done, stepRows)
	if err != nil {
		return 0, err
	}
	outcomes, grantErr := b.grant(ctx, job, rows)
	if len(outcomes) == 0 {
		return 0, grantErr
	}
	if err := b.auditCompletion(ctx, job, outcomes); err != nil {
		return 0, err
	}
	err = wallet.Repeat(func() error {
		_, err := b.ports.Jobs.Record(ctx, job.ID, job.Done, outcomes)
		return err
	})
	return len(outcomes), errors.Join(grantErr, err)
}

// grant grants rows and returns the outcomes of the leading ones: up to the first row without a known outcome, with its
// error.
func (b *Bulk) grant(ctx context.Context, job wallet.BulkJob, rows []wallet.BulkRow) ([]string, error) {
	outcomes, errs := make([]string, len(rows)), make([]error, len(rows))
	work := make(chan int)
	var working sync.WaitGroup
	for range min(stepWorkers, len(rows)) {
		working.Go(func() {
			for i := range work {
				outcomes[i], errs[i] = b.grantRow(ctx, job, rows[i])
			}
		})
	}
	for i := range rows {
		work <- i
	}
	close(work)
	working.Wait()
	for i, err := range errs {
		if err != nil {
			return outcomes[:i], fmt.Errorf("operator: job %d, line %d: %w", job.ID, rows[i].Line, err)
		}
	}
	return outcomes, nil
}

// grantRow grants one row and returns its outcome. An error: it has no outcome yet.
func (b *Bulk) grantRow(ctx context.Context, job wallet.BulkJob, row wallet.BulkRow) (string, error) {
	request := wallet.GrantRequest{Caller: row.Caller, Activity: job.Activity, Scene: row.Scene, Rain: job.Rain(), Award: row.Award,
		Amount: row.Amount, Opened: job.Created}
	var reply wallet.GrantReply
	err := wallet.Repeat(func() (err error) {
		reply, err = b.ports.Granter.Grant(ctx, request)
		return err
	})
	switch wallet.CodeOf(err) {
	case wallet.CodeInvalid, wallet.CodeNotFound, wallet.CodeConflict, wallet.CodeRefused, wallet.CodeUnauthorised:
		return wallet.ReasonOf(err), nil // final
	}
	if err != nil {
		return "", err
	}
	if i := reply.Item; i != nil && i.State == wallet.ItemVoid {
		return wallet.BulkGreeting, nil
	} else if i != nil && i.Reward != i.Asked {
		return wallet.BulkFallback, nil
	}
	return wallet.BulkGranted, nil
}

// auditCompletion records in the audit log that a job is finished, if these outcomes finish it. It is written before
// the outcomes, so that a crash can duplicate the record but not lose it.
func (b *Bulk) auditCompletion(ctx context.Context, job wallet.BulkJob, outcomes []string) error {
	after, err := job.WithOutcomes(job.Done, outcomes)
	if err != nil || after.State != wallet.BulkDone {
		return err
	}
	return b.ports.Audit.Append(ctx, wallet.Action{At: b.ports.Clock.Now(), Operator: job.By, Method: "bulk re-issue done",
		Detail: fmt.Sprintf(`{"job":%d,"granted":%d,"refused":%d}`, job.ID, after.Granted, after.Rows-after.Granted), Outcome: "ok"})
}
