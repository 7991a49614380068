package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// locked returns a job and locks it until the commit; refused reports that it does not exist.
func (b *BulkJobs) locked(ctx context.Context, t *txn, id int64) (j wallet.BulkJob, refused, broken error) {
	found, broken := list(ctx, t.query, scanBulkJob, b.lock, id)
	if broken != nil {
		return j, nil, broken
	}
	if len(found) == 0 {
		return j, noBulkJob(id), nil
	}
	return found[0], nil, nil
}

// update runs a step that changes a recorded job. to returns the job as it becomes, or a refusal; write writes what
// else has changed.
func (b *BulkJobs) update(ctx context.Context, id int64, rows int, to func(was wallet.BulkJob) (wallet.BulkJob, error), write func(ctx context.Context, t *txn) error) (wallet.BulkJob, error) {
	out, err := doStep(ctx, b.db, b.write, rows, func(ctx context.Context, t *txn) (out createdJob, refused, broken error) {
		was, refused, broken := b.locked(ctx, t, id)
		if refused != nil || broken != nil {
			return out, refused, broken
		}
		if out.BulkJob, refused = to(was); refused != nil || out.BulkJob == was {
			return out, refused, nil
		}
		if err := write(ctx, t); err != nil {
			return out, nil, err
		}
		return out, nil, b.change(ctx, t, out.BulkJob)
	})
	return out.BulkJob, err
}

// Move implements wallet.BulkJobs.
func (b *BulkJobs) Move(ctx context.Context, id int64, s wallet.BulkState) (wallet.BulkJob, error) {
	return b.update(ctx, id, 1, func(was wallet.BulkJob) (wallet.BulkJob, error) {
		if was.State != s && !was.State.Follows(s) {
			return was, fmt.Errorf("%w: bulk job %d is %s", wallet.ErrNotUsable, id, was.State)
		}
		was.State = s
		return was, nil
	}, func(context.Context, *txn) error { return nil })
}

// Record implements wallet.BulkJobs.
func (b *BulkJobs) Record(ctx context.Context, id int64, from int, outcomes []string) (wallet.BulkJob, error) {
	outcomes = slices.Clone(outcomes) // the commit may outlive the call
	return b.update(ctx, id, 1+len(outcomes), func(was wallet.BulkJob) (wallet.BulkJob, error) {
		return was.WithOutcomes(from, outcomes)
	}, func(ctx context.Context, t *txn) error {
		for i, o := range outcomes {
			if err := t.change(ctx, b.toOutcome, []byte(o), id, from+i); err != nil {
				return err
			}
		}
		return nil
	})
}

// change writes the progress of a job.
func (b *BulkJobs) change(ctx context.Context, t *txn, j wallet.BulkJob) error {
	return t.change(ctx, b.advance, int64(j.State), j.Done, j.Granted, j.ID)
}
