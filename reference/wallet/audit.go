package wallet

import "context"

// MaxAuditDetail bounds the detail of one entry of the audit log, in bytes.
const MaxAuditDetail = 4096

// Action is one thing that an operator did, or tried to (B8).
type Action struct {
	ID       int64 // ascending; given by the log
	At       Instant
	Operator string
	Role     string
	Method   string
	Detail   string // the request as JSON, without secrets; cut to MaxAuditDetail
	Outcome  string // "ok" or the reason of the refusal
}

// AuditLog keeps what operators do. Nothing in it is ever changed.
type AuditLog interface {
	// Append adds one action. An action that can not be logged must not be done.
	Append(ctx context.Context, a Action) error
	// Actions returns at most limit actions with a number below before (0: from the newest), newest first.
	Actions(ctx context.Context, before int64, limit int) ([]Action, error)
}
