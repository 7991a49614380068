package mem

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// BulkJobs stores bulk re-issues.
type BulkJobs struct {
	mu   sync.Mutex
	jobs []bulkJob // job n is jobs[n-1]
}

type bulkJob struct {
	wallet.BulkJob
	rows []wallet.BulkRow
}

var _ wallet.BulkJobs = (*BulkJobs)(nil)

// NewBulkJobs returns an empty store.
func NewBulkJobs() *BulkJobs { return &BulkJobs{} }

// Create implements wallet.BulkJobs.
func (b *BulkJobs) Create(_ context.Context, j wallet.BulkJob, rows []wallet.BulkRow) (wallet.BulkJob, bool, error) {
	if err := j.Check(rows); err != nil {
		return wallet.BulkJob{}, false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, there := range b.jobs {
		if there.Digest == j.Digest {
			return there.BulkJob, false, nil
		}
	}
	if len(b.jobs) >= wallet.MaxBulkJobs {
		return wallet.BulkJob{}, false, fmt.Errorf("%w: %d bulk jobs", wallet.ErrOverloaded, len(b.jobs))
	}
	j.ID, j.Rows, j.State, j.Done, j.Granted = int64(len(b.jobs)+1), len(rows), wallet.BulkReady, 0, 0
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Outcome = ""
	}
	b.jobs = append(b.jobs, bulkJob{j, rows})
	return j, true, nil
}

// job returns a recorded job. The caller holds the lock.
func (b *BulkJobs) job(id int64) (*bulkJob, error) {
	if id < 1 || id > int64(len(b.jobs)) {
		return nil, fmt.Errorf("%w: bulk job %d", wallet.ErrNotFound, id)
	}
	return &b.jobs[id-1], nil
}

// Job implements wallet.BulkJobs.
func (b *BulkJobs) Job(_ context.Context, id int64) (wallet.BulkJob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j, err := b.job(id)
	if err != nil {
		return wallet.BulkJob{}, err
	}
	return j.BulkJob, nil
}

// Find implements wallet.BulkJobs.
func (b *BulkJobs) Find(_ context.Context, d wallet.BulkDigest) (wallet.BulkJob, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.jobs, func(j bulkJob) bool { return j.Digest == d })
	if i < 0 {
		return wallet.BulkJob{}, false, nil
	}
	return b.jobs[i].BulkJob, true, nil
}

// Running implements wallet.BulkJobs.
func (b *BulkJobs) Running(_ context.Context, limit int) ([]wallet.BulkJob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []wallet.BulkJob
	for _, j := range b.jobs {
		if len(out) < limit && j.State == wallet.BulkRunning {
			out = append(out, j.BulkJob)
		}
	}
	return out, nil
}

// Jobs implements wallet.BulkJobs.
func (b *BulkJobs) Jobs(_ context.Context, before int64, limit int) ([]wallet.BulkJob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []wallet.BulkJob
	for _, j := range slices.Backward(b.jobs) {
		if len(out) < limit && (before == 0 || j.ID < before) {
			out = append(out, j.BulkJob)
		}
	}
	return out, nil
}

// Move implements wallet.BulkJobs.
func (b *BulkJobs) Move(_ context.Context, id int64, s wallet.BulkState) (wallet.BulkJob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j, err := b.job(id)
	if err != nil {
		return wallet.BulkJob{}, err
	}
	if j.State != s && !j.State.Follows(s) {
		return wallet.BulkJob{}, fmt.Errorf("%w: bulk job %d is %s", wallet.ErrNotUsable, id, j.State)
	}
	j.State = s
	return j.BulkJob, nil
}

// Rows implements wallet.BulkJobs.
func (b *BulkJobs) Rows(_ context.Context, id int64, from, limit int) ([]wallet.BulkRow, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j, err := b.job(id)
	if err != nil {
		return nil, err
	}
	from = min(max(from, 0), len(j.rows))
	return slices.Clone(j.rows[from:min(len(j.rows), from+max(limit, 0))]), nil
}

// Record implements wallet.BulkJobs.
func (b *BulkJobs) Record(_ context.Context, id int64, from int, outcomes []string) (wallet.BulkJob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j, err := b.job(id)
	if err != nil {
		return wallet.BulkJob{}, err
	}
	next, err := j.WithOutcomes(from, outcomes)
	if err != nil || next == j.BulkJob {
		return j.BulkJob, err
	}
	for i, o := range outcomes {
		j.rows[from+i].Outcome = o
	}
	j.BulkJob = next
	return next, nil
}
