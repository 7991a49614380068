package sqlstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"hongbao/reference/wallet"
)

// BulkJobs stores bulk re-issues (B8), on shard 0.
type BulkJobs struct {
	db    *DB
	write *kind
	ids   counter

	add, addRows       insertion
	byID, byDigest     string
	lock               string // as byID, and locks the row until the commit
	newest, running    string
	rows               string
	advance, toOutcome string
}

var _ wallet.BulkJobs = (*BulkJobs)(nil)

const (
	bulkColumns    = "id, digest_a, digest_b, digest_c, digest_d, activity, by_whom, created, length, state, done, granted"
	bulkRowColumns = "line, app, account, scene, award, amount, reason, outcome"
	maxBulkJobs    = 1000 // per call: a page for people to read
)

// NewBulkJobs returns the bulk re-issues in db.
func NewBulkJobs(db *DB) *BulkJobs {
	from := "SELECT " + bulkColumns + " FROM {p}bulk_jobs WHERE "
	b := &BulkJobs{db: db, ids: newCounter(db, countBulkJobs),
		add:       insertion{db.text("INSERT INTO {p}bulk_jobs (" + bulkColumns + ") VALUES "), 12, ""},
		addRows:   insertion{db.text("INSERT INTO {p}bulk_rows (job, place, " + bulkRowColumns + ") VALUES "), 10, ""},
		byID:      db.text(from + "id = ?"),
		lock:      db.text(from+"id = ?") + db.dialect.lock,
		byDigest:  db.text(from + "digest_a = ? AND digest_b = ? AND digest_c = ? AND digest_d = ?"),
		newest:    db.text(from + "id < ? ORDER BY id DESC LIMIT ?"),
		running:   db.text(from + "state = ? ORDER BY id LIMIT ?"),
		rows:      db.text("SELECT " + bulkRowColumns + " FROM {p}bulk_rows WHERE job = ? AND place >= ? ORDER BY place LIMIT ?"),
		advance:   db.text("UPDATE {p}bulk_jobs SET state = ?, done = ?, granted = ? WHERE id = ?"),
		toOutcome: db.text("UPDATE {p}bulk_rows SET outcome = ? WHERE job = ? AND place = ?"),
	}
	b.write = &kind{rank: rankAudit + 2, apply: applySteps[createdJob]}
	return b
}

// createdJob is a bulk job, and whether a step has created it.
type createdJob struct {
	wallet.BulkJob
	isNew bool
}

// digestOf returns the values of the digest columns.
func digestOf(d wallet.BulkDigest) []any {
	out := make([]any, 4)
	for i := range out {
		out[i] = int64(binary.BigEndian.Uint64(d[8*i:]))
	}
	return out
}

func scanBulkJob(r rowScanner) (j wallet.BulkJob, err error) {
	var digest [4]int64
	var activity, by []byte
	err = r.Scan(&j.ID, &digest[0], &digest[1], &digest[2], &digest[3], &activity, &by, &j.Created, &j.Rows, &j.State, &j.Done, &j.Granted)
	for i, part := range digest {
		binary.BigEndian.PutUint64(j.Digest[8*i:], uint64(part))
	}
	j.Activity, j.By = wallet.ActivityID(activity), string(by)
	return j, err
}

// Create implements wallet.BulkJobs.
func (b *BulkJobs) Create(ctx context.Context, j wallet.BulkJob, rows []wallet.BulkRow) (wallet.BulkJob, bool, error) {
	if err := j.Check(rows); err != nil {
		return wallet.BulkJob{}, false, err
	}
	j.Rows, j.State, j.Done, j.Granted = len(rows), wallet.BulkReady, 0, 0
	rows = slices.Clone(rows) // the commit may outlive the call
	out, err := doStep(ctx, b.db, b.write, len(rows), func(ctx context.Context, t *txn) (createdJob, error, error) {
		return b.create(ctx, t, j, rows)
	})
	return out.BulkJob, out.isNew, err
}

func (b *BulkJobs) create(ctx context.Context, t *txn, j wallet.BulkJob, rows []wallet.BulkRow) (out createdJob, refused, broken error) {
	last, err := b.ids.last(ctx, t)
	if err != nil {
		return out, nil, err
	}
	there, err := list(ctx, t.query, scanBulkJob, b.byDigest, digestOf(j.Digest)...)
	if err != nil {
		return out, nil, err
	}
	if len(there) > 0 {
		return createdJob{BulkJob: there[0]}, nil, nil
	}
	if last >= wallet.MaxBulkJobs {
		return out, fmt.Errorf("%w: %d bulk jobs", wallet.ErrOverloaded, last), nil
	}
	j.ID = last + 1
	columns := append([]any{j.ID}, digestOf(j.Digest)...)
	columns = append(columns, []byte(j.Activity), []byte(j.By), int64(j.Created), j.Rows, int64(j.State), j.Done, j.Granted)
	if _, err := t.insertRow(ctx, b.add, columns...); err != nil {
		return out, nil, err
	}
	err = t.insert(ctx, b.addRows, len(rows), func(i int, args []any) []any {
		r := rows[i]
		return append(args, j.ID, i, r.Line, int64(r.App), int64(r.User), string(r.Scene), int64(r.Award), int64(r.Amount), []byte(r.Reason), []byte{})
	}, nil)
	if err != nil {
		return out, nil, err
	}
	return createdJob{j, true}, nil, b.ids.handOut(ctx, t, j.ID)
}

// list returns the jobs that a query finds.
func (b *BulkJobs) list(ctx context.Context, query string, args ...any) ([]wallet.BulkJob, error) {
	return list(ctx, b.db.shards[0].ask, scanBulkJob, query, args...)
}

// Job implements wallet.BulkJobs.
func (b *BulkJobs) Job(ctx context.Context, id int64) (wallet.BulkJob, error) {
	found, err := b.list(ctx, b.byID, id)
	if err == nil && len(found) == 0 {
		err = noBulkJob(id)
	}
	if err != nil {
		return wallet.BulkJob{}, err
	}
	return found[0], nil
}

func noBulkJob(id int64) error { return fmt.Errorf("%w: bulk job %d", wallet.ErrNotFound, id) }

// Find implements wallet.BulkJobs.
func (b *BulkJobs) Find(ctx context.Context, d wallet.BulkDigest) (wallet.BulkJob, bool, error) {
	found, err := b.list(ctx, b.byDigest, digestOf(d)...)
	if err != nil || len(found) == 0 {
		return wallet.BulkJob{}, false, err
	}
	return found[0], true, nil
}

// Running implements wallet.BulkJobs. It returns at most 1000 jobs per call.
func (b *BulkJobs) Running(ctx context.Context, limit int) ([]wallet.BulkJob, error) {
	return b.list(ctx, b.running, int64(wallet.BulkRunning), min(max(limit, 0), maxBulkJobs))
}

// Jobs implements wallet.BulkJobs. It returns at most 1000 jobs per call.
func (b *BulkJobs) Jobs(ctx context.Context, before int64, limit int) ([]wallet.BulkJob, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	return b.list(ctx, b.newest, before, min(max(limit, 0), maxBulkJobs))
}

// Rows implements wallet.BulkJobs.
func (b *BulkJobs) Rows(ctx context.Context, id int64, from, limit int) (out []wallet.BulkRow, err error) {
	if _, err := b.Job(ctx, id); err != nil {
		return nil, err
	}
	return list(ctx, b.db.shards[0].ask, scanBulkRow, b.rows, id, max(from, 0), min(max(limit, 0), wallet.MaxBulkRows))
}

func scanBulkRow(r rowScanner) (row wallet.BulkRow, err error) {
	var scene, reason, outcome []byte
	err = r.Scan(&row.Line, &row.App, &row.User, &scene, &row.Award, &row.Amount, &reason, &outcome)
	row.Scene, row.Reason, row.Outcome = wallet.SceneID(scene), string(reason), string(outcome)
	return row, err
}
