package server

import (
	"context"

	"hongbao/reference/wallet"
)

// SwitchInfo describes a degrade switch to operators (D3). Whether an operator turned it on is not part of it.
type SwitchInfo struct {
	Name             wallet.Switch
	Passive          bool   // trips by itself
	Dependency       string // the dependency that it protects against
	Does, DoesZH     string
	Notice, NoticeZH string         // what users see
	Tripped          []string       // what tripped it at this instance, and why
	Since            wallet.Instant // when it last changed at this instance; 0: never
}

// NoticeReader reads the announcements and the page configuration for users (B8).
type NoticeReader interface {
	// Show returns at once what users of an app see now; false: this instance has not read the notices yet.
	Show(app wallet.App) (shown []wallet.Announcement, config wallet.PageConfig, known bool)
}

// Notices changes announcements and the page configuration, for operators (B8). Errors are wallet.Notices'.
type Notices interface {
	// Announcements returns those that have not ended.
	Announcements(ctx context.Context) ([]wallet.Announcement, error)
	Announce(ctx context.Context, a wallet.Announcement) (id int64, err error)
	Withdraw(ctx context.Context, id int64) error
	Publish(ctx context.Context, by string, body []byte, was int64) (version int64, err error)
	// RollBack publishes an old version's body as the next version.
	RollBack(ctx context.Context, by string, to, was int64) (version int64, err error)
	PageConfig(ctx context.Context, version int64) (wallet.PageConfig, error)
	PageConfigs(ctx context.Context, limit int) ([]wallet.PageConfig, error)
}

// Bulk manages bulk re-issues, for operators (B8). Every error carries a wallet.Code.
type Bulk interface {
	// Check returns what a list would grant. The plan contains the list's faults.
	Check(ctx context.Context, csv []byte) (wallet.BulkPlan, error)
	// Create records a list as a job, once. ErrInvalid: the list has faults, which are in the returned plan.
	Create(ctx context.Context, by string, csv []byte) (wallet.BulkJob, wallet.BulkPlan, bool, error)
	// Start starts or resumes a job. ErrOverBudget, wallet.ErrSoldOut: not enough is left for the remaining rows.
	Start(ctx context.Context, id int64) (wallet.BulkJob, error)
	Stop(ctx context.Context, id int64) (wallet.BulkJob, error)
	Job(ctx context.Context, id int64) (wallet.BulkJob, error)
	Jobs(ctx context.Context, before int64, limit int) ([]wallet.BulkJob, error)
	Rows(ctx context.Context, id int64, from, limit int) ([]wallet.BulkRow, error)
}

// Refunds takes rewards back. Every error carries a wallet.Code.
type Refunds interface {
	// RefundReward takes back an unused reward. Idempotent. ErrNotUsable: it was used or is being used.
	RefundReward(ctx context.Context, no wallet.OrderNo) (wallet.Item, error)
}
