package operator

import (
	"context"
	"crypto/sha256"
	"fmt"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// Granter grants rewards: the asset centre.
type Granter interface {
	Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error)
}

// Stocks returns how many coupons of a template were issued. ErrUnavailable: the stock cannot be read now.
type Stocks interface {
	Issued(ctx context.Context, t wallet.Template) (int64, error)
}

// BulkPorts holds what bulk re-issues need.
type BulkPorts struct {
	Jobs    wallet.BulkJobs
	Granter Granter
	Index   *activity.Index
	Parent  wallet.ActivityID
	Quotas  wallet.QuotaReader
	Stocks  Stocks        // nil: no reward has a stock here
	Leases  wallet.Leases // so that usually one instance works at a time; two do no harm
	Audit   wallet.AuditLog
	Clock   wallet.Clock

	Instance string // a unique name of this process
}

// Bulk re-issues rewards from lists (B8). Safe for concurrent use.
type Bulk struct{ ports BulkPorts }

// NewBulk returns a Bulk over ports.
func NewBulk(p BulkPorts) *Bulk { return &Bulk{p} }

// Check is the dry run: what a list would grant, whether enough is left, and all its faults. It changes nothing.
// ErrUnavailable: budget or stock cannot be read.
func (b *Bulk) Check(ctx context.Context, csv []byte) (wallet.BulkPlan, error) {
	plan, _, err := b.check(ctx, csv, b.ports.Clock.Now())
	return plan, err
}

func (b *Bulk) check(ctx context.Context, csv []byte, now wallet.Instant) (wallet.BulkPlan, []wallet.BulkRow, error) {
	rows, faults := readList(csv)
	if len(faults) > 0 {
		return wallet.BulkPlan{Digest: sha256.Sum256(csv), Rows: len(rows), Faults: faults}, rows, nil
	}
	plan, err := b.plan(ctx, rows, now)
	plan.Digest = sha256.Sum256(csv)
	if err != nil {
		return plan, rows, err
	}
	same, _, err := b.ports.Jobs.Find(ctx, plan.Digest)
	plan.ExistingJob = same.ID
	return plan, rows, err
}

// Create records a list as a job, which grants nothing before it is started. Each list is one job: for a repeat the
// existing job is returned. ErrInvalid: the returned plan has faults. Other errors as for BulkJobs.Create.
func (b *Bulk) Create(ctx context.Context, by string, csv []byte) (wallet.BulkJob, wallet.BulkPlan, bool, error) {
	now := b.ports.Clock.Now()
	plan, rows, err := b.check(ctx, csv, now)
	if err == nil && len(plan.Faults) > 0 {
		f := plan.Faults[0]
		err = fmt.Errorf("%w: operator: the list has %d faults, the first in line %d: %s", wallet.ErrInvalid, len(plan.Faults), f.Line, f.Text)
	}
	if err != nil {
		return wallet.BulkJob{}, plan, false, err
	}
	job, isNew, err := b.ports.Jobs.Create(ctx, wallet.BulkJob{Digest: plan.Digest, Activity: b.ports.Parent, By: by, Created: now}, rows)
	return job, plan, isNew, err
}

// Start starts or resumes a job; a running or finished one is not changed. ErrOverBudget, ErrSoldOut: not enough is
// left for the remaining rows. ErrNotFound.
func (b *Bulk) Start(ctx context.Context, id int64) (wallet.BulkJob, error) {
	job, err := b.ports.Jobs.Job(ctx, id)
	if err != nil || !job.State.Follows(wallet.BulkRunning) {
		return job, err
	}
	rows, err := b.ports.Jobs.Rows(ctx, id, job.Done, wallet.MaxBulkRows)
	if err != nil {
		return job, err
	}
	plan, err := b.plan(ctx, rows, job.Created)
	if err != nil {
		return job, err
	}
	for _, n := range plan.Needs {
		if n.Fits {
			continue
		}
		if n.Award == wallet.Cash {
			return job, fmt.Errorf("%w: operator: %d fen are left, the list needs more", wallet.ErrOverBudget, n.Left)
		}
		return job, fmt.Errorf("%w: operator: %d coupons of %s are left, the list needs more", wallet.ErrSoldOut, n.Left, n.Reward)
	}
	return b.ports.Jobs.Move(ctx, id, wallet.BulkRunning)
}

// Stop stops a job; what was granted stays granted. ErrNotFound. ErrNotUsable: it was never started, or is finished.
func (b *Bulk) Stop(ctx context.Context, id int64) (wallet.BulkJob, error) {
	return b.ports.Jobs.Move(ctx, id, wallet.BulkStopped)
}

// Job returns a job. ErrNotFound.
func (b *Bulk) Job(ctx context.Context, id int64) (wallet.BulkJob, error) {
	return b.ports.Jobs.Job(ctx, id)
}

// Jobs returns at most limit jobs with a number below before (0: from the newest), newest first.
func (b *Bulk) Jobs(ctx context.Context, before int64, limit int) ([]wallet.BulkJob, error) {
	return b.ports.Jobs.Jobs(ctx, before, limit)
}

// Rows returns at most limit rows of a job, starting at row from, with their outcomes. ErrNotFound.
func (b *Bulk) Rows(ctx context.Context, id int64, from, limit int) ([]wallet.BulkRow, error) {
	return b.ports.Jobs.Rows(ctx, id, from, limit)
}
