package wallet

import (
	"context"
	"fmt"
	"unicode/utf8"
)

// Bounds of a bulk re-issue (B8). As JSON, the largest list is still smaller than the largest request that the service
// accepts.
const (
	MaxBulkRows   = 10_000
	MaxBulkBytes  = 700_000
	MaxBulkReason = 120 // bytes of a row's reason
)

// BulkRain is added to a job's id to make the rain of its orders. So one person gets one scene's reward at most once in
// a job, and a job's order numbers never equal those of a play. The rains of upstreams are below it.
const BulkRain = 1 << 30

// MaxBulkJobs bounds the number of jobs ever created, so that each has a rain.
const MaxBulkJobs = 1<<30 - 1

// BulkState is the progress of a bulk re-issue.
type BulkState uint8

// The states. Done is final.
const (
	BulkReady   BulkState = 1 + iota // on record; grants nothing until an operator starts it
	BulkRunning                      // its rows are being granted
	BulkStopped                      // stopped by an operator; once started again, it continues at its first row without an outcome
	BulkDone                         // every row has an outcome
)

var bulkStateNames = [...]string{"", "ready", "running", "stopped", "done"}

// String returns the state's name.
func (s BulkState) String() string {
	if s >= BulkReady && s <= BulkDone {
		return bulkStateNames[s]
	}
	return "unknown-bulk-state"
}

// Follows reports whether a job may move from state s to t.
func (s BulkState) Follows(t BulkState) bool {
	switch t {
	case BulkRunning:
		return s == BulkReady || s == BulkStopped
	case BulkStopped, BulkDone:
		return s == BulkRunning
	}
	return false
}

// BulkDigest is the SHA-256 of a list. A list makes one job: submitting it again returns the same job.
type BulkDigest [32]byte

// BulkJob is one list of rewards that operators re-issue.
type BulkJob struct {
	ID       int64 // 1..MaxBulkJobs, ascending; assigned by the store
	Digest   BulkDigest
	Activity ActivityID // the parent under which it grants
	By       string     // the operator who submitted it; at most MaxOperatorName bytes
	Created  Instant    // the instant of its wins: decides the stage, and is the same in every attempt
	Rows     int        // 1..MaxBulkRows
	State    BulkState
	Done     int // the first Done rows have an outcome; the next row is row Done
	Granted  int // the rows among them with outcome BulkGranted
}

// MaxOperatorName bounds an operator's name in bytes.
const MaxOperatorName = 64

// Rain returns the rain of the job's orders.
func (j BulkJob) Rain() int32 { return int32(BulkRain + j.ID) }

// BulkRow is one line of the list and its outcome.
type BulkRow struct {
	Line int // in the file, from 1
	Caller
	Scene  SceneID
	Award  AwardType
	Amount Money // fen of cash; 0 for any other reward
	Reason string

	Outcome string // BulkGranted, BulkFallback, BulkGreeting, or the reason of the refusal; "" = none yet
}

// Check returns ErrInvalid for a job that cannot be recorded with these rows.
func (j BulkJob) Check(rows []BulkRow) error {
	switch {
	case len(rows) < 1 || len(rows) > MaxBulkRows:
		return fmt.Errorf("%w: a bulk job has %d rows, not 1 to %d", ErrInvalid, len(rows), MaxBulkRows)
	case len(j.By) < 1 || len(j.By) > MaxOperatorName || len(j.Activity) > MaxActivityID:
		return fmt.Errorf("%w: a bulk job of operator %q", ErrInvalid, j.By)
	}
	for _, r := range rows {
		if !r.App.Valid() || r.User <= 0 || !r.Scene.Valid() || !r.Award.Valid() || len(r.Reason) > MaxBulkReason || !utf8.ValidString(r.Reason) {
			return fmt.Errorf("%w: line %d of a bulk job", ErrInvalid, r.Line)
		}
	}
	return nil
}

// WithOutcomes returns the job after the rows starting at from have got these outcomes. It returns the job unchanged if
// from is not the job's next row, or if the job was never started. (Grants made before a stop are still recorded.)
// Errors: ErrInvalid as for BulkJobs.Record.
func (j BulkJob) WithOutcomes(from int, outcomes []string) (BulkJob, error) {
	if from < 0 || len(outcomes) > j.Rows-from {
		return j, fmt.Errorf("%w: %d outcomes from row %d of %d rows", ErrInvalid, len(outcomes), from, j.Rows)
	}
	next := j
	for _, o := range outcomes {
		if o == "" || len(o) > MaxBulkOutcome {
			return j, fmt.Errorf("%w: an outcome of %d bytes", ErrInvalid, len(o))
		}
		if o == BulkGranted {
			next.Granted++
		}
	}
	if from != j.Done || j.State != BulkRunning && j.State != BulkStopped {
		return j, nil
	}
	if next.Done += len(outcomes); next.Done == j.Rows {
		next.State = BulkDone
	}
	return next, nil
}

// The outcomes of rows that the asset centre granted. Any other outcome is the reason of a refusal.
const (
	BulkGranted  = "ok"
	BulkFallback = "fallback" // too few coupons were left: the fallback coupon was granted
	BulkGreeting = "greeting" // too few coupons were left, and there was no fallback
)

// BulkJobs stores bulk re-issues. Durable.
type BulkJobs interface {
	// Create records a job, ready, with its rows, unless a job with its digest is on record. It returns the job on
	// record and whether it is new. Atomic. ErrInvalid: no rows, too many rows, or a text is too long. ErrOverloaded:
	// there are already MaxBulkJobs. ErrUnknown: it may have been recorded; repeat the call.
	Create(ctx context.Context, j BulkJob, rows []BulkRow) (BulkJob, bool, error)
	// Job returns a job. ErrNotFound: there is no such job.
	Job(ctx context.Context, id int64) (BulkJob, error)
	// Find returns the job of a list. False: there is no such job.
	Find(ctx context.Context, d BulkDigest) (BulkJob, bool, error)
	// Running returns at most limit jobs in state BulkRunning, oldest first.
	Running(ctx context.Context, limit int) ([]BulkJob, error)
	// Jobs returns at most limit jobs with an id below before (0: from the newest), newest first.
	Jobs(ctx context.Context, before int64, limit int) ([]BulkJob, error)
	// Move changes a job's state to s, if s may follow the present state, and returns the job. Idempotent: a job that
	// is in s already is not changed. ErrNotFound: no such job. ErrNotUsable: s may not follow. ErrUnknown: repeat the
	// call.
	Move(ctx context.Context, id int64, s BulkState) (BulkJob, error)
	// Rows returns at most limit rows of a job, starting at row from (0: the first). ErrNotFound: no such job.
	Rows(ctx context.Context, id int64, from, limit int) ([]BulkRow, error)
	// Record writes the outcomes of the rows starting at from and moves the job's next row past them, if from is the
	// job's next row; otherwise it changes nothing. It returns the job on record. A job whose last row has an outcome
	// is done. Atomic and idempotent. ErrNotFound: no such job. ErrInvalid: more outcomes than rows, or an outcome that
	// is empty or too long. ErrUnknown: repeat the call.
	Record(ctx context.Context, id int64, from int, outcomes []string) (BulkJob, error)
}

// MaxBulkOutcome bounds a row's outcome in bytes. An outcome is the Reason of an Error.
const MaxBulkOutcome = 64

// BulkNeed is the demand of a list for one reward, and the supply.
type BulkNeed struct {
	Scene  SceneID
	Award  AwardType
	Reward RewardID
	Rows   int
	Amount Money // fen of cash
	Left   int64 // fen of the stage's budget or coupons of the stock that are not granted yet; below zero: no bound
	Fits   bool
}

// BulkLineError is an error in one line of the file.
type BulkLineError struct {
	Line int // from 1; 0: the file as a whole
	Text string
}

// BulkPlan is the result of a dry run of a list.
type BulkPlan struct {
	Digest      BulkDigest
	Stage       Stage
	Rows        int
	Needs       []BulkNeed
	Fits        bool  // budget and stock are enough at present
	ExistingJob int64 // id of the job that already has this list; 0: none
	Faults      []BulkLineError
}
