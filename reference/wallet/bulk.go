package wallet

import (
	"context"
	"fmt"
	"unicode/utf8"
)

// Bounds of a bulk re-issue (B8): as JSON, the largest list is still below what the service takes of one request.
const (
	MaxBulkRows   = 10_000
	MaxBulkBytes  = 700_000
	MaxBulkReason = 120 // of a row's reason, in bytes
)

// BulkRain is added to a job's number to make the rain of its orders, so that one person gets one scene's reward at most
// once a job, and a job's orders are never those of a play. Upstreams' rains lie below it.
const BulkRain = 1 << 30

// MaxBulkJobs bounds the jobs that there can ever be, so that each has a rain.
const MaxBulkJobs = 1<<30 - 1

// BulkState is how far a bulk re-issue has come.
type BulkState uint8

// The states. Done is final.
const (
	BulkReady   BulkState = 1 + iota // on record: nothing is granted before it is started
	BulkRunning                      // rows are granted
	BulkStopped                      // by an operator; it can be started again and goes on from its place
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

// Follows says whether an operator or the end of the work may bring a job in state s to t.
func (s BulkState) Follows(t BulkState) bool {
	switch t {
	case BulkRunning:
		return s == BulkReady || s == BulkStopped
	case BulkStopped, BulkDone:
		return s == BulkRunning
	}
	return false
}

// BulkDigest is the SHA-256 of a list. A list is a job once: handing it in again gets the same job.
type BulkDigest [32]byte

// BulkJob is one list of rewards that operators re-issue.
type BulkJob struct {
	ID       int64 // 1..MaxBulkJobs, ascending; given by the store
	Digest   BulkDigest
	Activity ActivityID // the parent under which it grants
	By       string     // the operator who handed it in; at most MaxOperatorName bytes
	Created  Instant    // the moment of its wins: it decides the stage and stays the same however often a row is tried
	Rows     int        // 1..MaxBulkRows
	State    BulkState
	Done     int // this many rows, from the first on, have their outcome: the place to go on from
	Granted  int // of those, as the list asks: BulkGranted
}

// MaxOperatorName bounds an operator's name in bytes.
const MaxOperatorName = 64

// Rain returns the rain of the job's orders.
func (j BulkJob) Rain() int32 { return int32(BulkRain + j.ID) }

// BulkRow is one line of the list, and what became of it.
type BulkRow struct {
	Line int // in the file, from 1
	Caller
	Scene  SceneID
	Award  AwardType
	Amount Money // of cash; 0 for any other reward
	Reason string

	Outcome string // BulkGranted or another, or the reason of the refusal; "" while it has none
}

// Check returns ErrInvalid for a job that cannot be recorded with these rows.
func (j BulkJob) Check(rows []BulkRow) error {
	switch {
	case len(rows) < 1 || len(rows) > MaxBulkRows:
		return fmt.Errorf("%w: a bulk job of %d rows, 1 to %d", ErrInvalid, len(rows), MaxBulkRows)
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

// After returns the job as it is once the rows from a place on have these outcomes; the job itself where its place is
// another, or where it was never started. (What was granted before a stop is still recorded.) ErrInvalid as BulkJobs.Record.
func (j BulkJob) After(from int, outcomes []string) (BulkJob, error) {
	if from < 0 || len(outcomes) > j.Rows-from {
		return j, fmt.Errorf("%w: %d outcomes from row %d of %d", ErrInvalid, len(outcomes), from, j.Rows)
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

// The outcomes of rows that the asset centre took. Others are the reasons of refusals.
const (
	BulkGranted  = "ok"
	BulkFallback = "fallback" // too few coupons were left: another one was granted
	BulkGreeting = "greeting" // the same, and there was no other
)

// BulkJobs keeps bulk re-issues of record. Durable.
type BulkJobs interface {
	// Create records a job, ready, with its rows, unless one with its digest is there, and returns the one on record and
	// whether it is new. Atomic. ErrInvalid: no rows, too many, or a text too long. ErrOverloaded: there are MaxBulkJobs.
	// ErrUnknown: it may have been recorded; repeat the call.
	Create(ctx context.Context, j BulkJob, rows []BulkRow) (BulkJob, bool, error)
	// Job returns a job. ErrNotFound.
	Job(ctx context.Context, id int64) (BulkJob, error)
	// Find returns the job of a list; false: there is none.
	Find(ctx context.Context, d BulkDigest) (BulkJob, bool, error)
	// Running returns at most limit jobs that run, oldest first.
	Running(ctx context.Context, limit int) ([]BulkJob, error)
	// Jobs returns at most limit jobs with a number below before (0: from the newest), newest first.
	Jobs(ctx context.Context, before int64, limit int) ([]BulkJob, error)
	// Move brings a job to a state that follows its own, and returns it; one that is there already is left alone.
	// ErrNotFound. ErrNotUsable: it does not follow. ErrUnknown: repeat the call.
	Move(ctx context.Context, id int64, s BulkState) (BulkJob, error)
	// Rows returns at most limit rows of a job from a place on (0: the first). ErrNotFound: no such job.
	Rows(ctx context.Context, id int64, from, limit int) ([]BulkRow, error)
	// Record writes the outcomes of the rows from a place on and moves the job's place behind them, where the place is
	// still from; else nothing is changed. It returns the job afterwards. A job whose last row has its outcome is done.
	// Atomic, and so idempotent. ErrNotFound. ErrInvalid: more outcomes than rows, or one that is empty or too long.
	// ErrUnknown: repeat the call.
	Record(ctx context.Context, id int64, from int, outcomes []string) (BulkJob, error)
}

// MaxBulkOutcome bounds a row's outcome in bytes: it is the reason of an Error.
const MaxBulkOutcome = 64

// BulkNeed is what a list takes of one reward, and what there is.
type BulkNeed struct {
	Scene  SceneID
	Award  AwardType
	Reward RewardID
	Rows   int
	Amount Money // of cash
	Left   int64 // fen of the stage's budget or coupons of the stock that nobody has yet; below zero: not bounded
	Fits   bool
}

// BulkFault is what is wrong with a line.
type BulkFault struct {
	Line int // from 1; 0: the file as a whole
	Text string
}

// BulkPlan is what a dry run says of a list.
type BulkPlan struct {
	Digest BulkDigest
	Stage  Stage
	Rows   int
	Needs  []BulkNeed
	Fits   bool  // budget and stock are enough, as they stand now
	Same   int64 // the job that has this list already; 0: none
	Faults []BulkFault
}
