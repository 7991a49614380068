package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// locked returns a job and locks it until the commit; refused reports that it does not exist.
func (b *BulkJobs) locked(ctx context.Context, t *txn, id int64) (j wallet.BulkJob, refused, broken error) {
	broken = t.query(ctx, b.lock, []any{id}, func(r *sql.Rows) (err error) {
		j, err = scanBulkJob(r)
		return err
	})
	if broken == nil && j.ID == 0 {
		refused = noBulkJob(id)
	}
	return j, refused, broken
}

// Move implements wallet.BulkJobs.
func (b *BulkJobs) Move(ctx context.Context, id int64, s wallet.BulkState) (wallet.BulkJob, error) {
	j, _, err := b.do(ctx, 1, func(ctx context.Context, t *txn, in *bulkStep) (refused, broken error) {
		in.got, refused, broken = b.locked(ctx, t, id)
		if refused != nil || broken != nil || in.got.State == s {
			return refused, broken
		}
		if !in.got.State.Follows(s) {
			return fmt.Errorf("%w: bulk job %d is %s", wallet.ErrNotUsable, id, in.got.State), nil
		}
		in.got.State = s
		return nil, b.change(ctx, t, in.got)
	})
	return j, err
}

// Record implements wallet.BulkJobs.
func (b *BulkJobs) Record(ctx context.Context, id int64, from int, outcomes []string) (wallet.BulkJob, error) {
	outcomes = slices.Clone(outcomes) // the commit may outlive the call
	j, _, err := b.do(ctx, 1+len(outcomes), func(ctx context.Context, t *txn, in *bulkStep) (refused, broken error) {
		was, refused, broken := b.locked(ctx, t, id)
		if refused != nil || broken != nil {
			return refused, broken
		}
		if in.got, refused = was.WithOutcomes(from, outcomes); refused != nil || in.got == was {
			return refused, nil
		}
		for i, o := range outcomes {
			if err := t.change(ctx, b.toOutcome, []byte(o), id, from+i); err != nil {
				return nil, err
			}
		}
		return nil, b.change(ctx, t, in.got)
	})
	return j, err
}

// change writes the progress of a job.
func (b *BulkJobs) change(ctx context.Context, t *txn, j wallet.BulkJob) error {
	return t.change(ctx, b.advance, int64(j.State), j.Done, j.Granted, j.ID)
}
