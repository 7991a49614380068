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

// Bounds of the work: 500 rows a second, which is nothing beside a festival's traffic and twenty seconds for the longest
// list.
const (
	stepRows    = 100
	stepEvery   = 200 * time.Millisecond
	stepWorkers = 8                // grants under way: few, so that users come first
	stepTimeout = 10 * time.Second // of one step; what it leaves is tried in the next
	idleEvery   = 5                // steps without work between two looks for some: a second
)

// lease is the name of the lease on this work, and how long an instance holds it after it was last heard of.
const (
	lease     = "bulk"
	leaseTime = 15 * time.Second // above stepTimeout
)

// Run works on jobs until ctx ends.
func (b *Bulk) Run(ctx context.Context, log *slog.Logger) {
	rest := 0
	every(ctx, stepEvery, func() {
		if rest > 0 {
			rest--
			return
		}
		n, err := b.step(ctx)
		if err != nil && !errors.Is(err, context.Canceled) {
			log.Warn("a bulk re-issue does not get on", "err", err)
		}
		if n == 0 {
			rest = idleEvery
		}
	})
}

func (b *Bulk) step(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	return b.Step(ctx)
}

// Step grants a bounded number of rows of the oldest job that runs, records their outcomes, and returns how many there
// are; 0: there is nothing to do here. Where it is cut short, the rows after the recorded place are granted again under
// the same numbers, which changes nothing. An error says which row does not get on; the job stays at it.
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
	outcomes, stuck := b.grant(ctx, job, rows)
	if len(outcomes) == 0 {
		return 0, stuck
	}
	if err := b.end(ctx, job, outcomes); err != nil {
		return 0, err
	}
	err = wallet.Repeat(func() error {
		_, err := b.ports.Jobs.Record(ctx, job.ID, job.Done, outcomes)
		return err
	})
	return len(outcomes), errors.Join(stuck, err)
}

// grant grants rows and returns the outcomes of the first ones: up to the first row whose outcome is not known, with the
// reason.
func (b *Bulk) grant(ctx context.Context, job wallet.BulkJob, rows []wallet.BulkRow) ([]string, error) {
	outcomes, errs := make([]string, len(rows)), make([]error, len(rows))
	work := make(chan int)
	var working sync.WaitGroup
	for range min(stepWorkers, len(rows)) {
		working.Go(func() {
			for i := range work {
				outcomes[i], errs[i] = b.one(ctx, job, rows[i])
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

// one grants one row and returns its outcome. An error: it has none yet.
func (b *Bulk) one(ctx context.Context, job wallet.BulkJob, row wallet.BulkRow) (string, error) {
	request := wallet.GrantRequest{Caller: row.Caller, Activity: job.Activity, Scene: row.Scene, Rain: job.Rain(), Award: row.Award,
		Amount: row.Amount, Opened: job.Created}
	var reply wallet.GrantReply
	err := wallet.Repeat(func() (err error) {
		reply, err = b.ports.Granter.Grant(ctx, request)
		return err
	})
	switch wallet.CodeOf(err) {
	case wallet.CodeInvalid, wallet.CodeNotFound, wallet.CodeConflict, wallet.CodeRefused, wallet.CodeUnauthorised:
		return wallet.ReasonOf(err), nil // for good
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

// end writes to the audit log that a job is done, where these outcomes end it: before it is on record, so that a crash
// makes two lines of it and never none.
func (b *Bulk) end(ctx context.Context, job wallet.BulkJob, outcomes []string) error {
	after, err := job.After(job.Done, outcomes)
	if err != nil || after.State != wallet.BulkDone {
		return err
	}
	return b.ports.Audit.Append(ctx, wallet.Action{At: b.ports.Clock.Now(), Operator: job.By, Method: "bulk re-issue done",
		Detail: fmt.Sprintf(`{"job":%d,"granted":%d,"refused":%d}`, job.ID, after.Granted, after.Rows-after.Granted), Outcome: "ok"})
}
