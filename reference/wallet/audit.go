package wallet

import "context"

// MaxAuditDetail bounds the detail of one entry of the audit log, in bytes.
const MaxAuditDetail = 4096

// Action is one action or attempted action of an operator (B8).
type Action struct {
	ID       int64 // ascending; assigned by the log
	At       Instant
	Operator string
	Role     string
	Method   string
	Detail   string // the request as JSON, without secrets; cut to MaxAuditDetail
	Outcome  string // "ok" or the reason of the refusal
}

// AuditLog stores the actions of operators. Entries are never changed.
type AuditLog interface {
	// Append adds one action. An action that cannot be logged must not be done. Not idempotent: a repeat adds another
	// entry.
	Append(ctx context.Context, a Action) error
	// Actions returns at most limit actions with an id below before (0: from the newest), newest first.
	Actions(ctx context.Context, before int64, limit int) ([]Action, error)
}
