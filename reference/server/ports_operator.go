package server

import (
	"context"

	"hongbao/reference/wallet"
)

// SwitchInfo is what operators are told of a degrade switch (D3), besides whether they have thrown it.
type SwitchInfo struct {
	Name             wallet.Switch
	Passive          bool   // trips by itself
	Dependency       string // what it is about
	Does, DoesZH     string
	Notice, NoticeZH string         // what users notice
	Tripped          []string       // what has tripped it at this instance, and why
	Since            wallet.Instant // when it last went on or off here; 0: never
}

// Board is what users are shown (B8).
type Board interface {
	// Show returns at once what users of an app see now; false: this instance has not heard yet.
	Show(app wallet.App) (shown []wallet.Announcement, config wallet.PageConfig, known bool)
}

// Notices is what operators do with announcements and the page configuration (B8). Errors are wallet.Notices'.
type Notices interface {
	// Announcements returns those that are not over.
	Announcements(ctx context.Context) ([]wallet.Announcement, error)
	Announce(ctx context.Context, a wallet.Announcement) (id int64, err error)
	Withdraw(ctx context.Context, id int64) error
	Publish(ctx context.Context, by string, body []byte, was int64) (version int64, err error)
	// RollBack publishes a version's body as the next version.
	RollBack(ctx context.Context, by string, to, was int64) (version int64, err error)
	PageConfig(ctx context.Context, version int64) (wallet.PageConfig, error)
	PageConfigs(ctx context.Context, limit int) ([]wallet.PageConfig, error)
}

// Bulk is what operators do with bulk re-issues (B8). Every error carries a wallet.Code.
type Bulk interface {
	// Check says what a list would grant. Its faults are in the plan.
	Check(ctx context.Context, csv []byte) (wallet.BulkPlan, error)
	// Create records a list as a job, once. ErrInvalid: it has the faults of the plan that comes with it.
	Create(ctx context.Context, by string, csv []byte) (wallet.BulkJob, wallet.BulkPlan, bool, error)
	// Start starts a job or goes on with it. ErrOverBudget, wallet.ErrSoldOut: there is not enough for what is left of it.
	Start(ctx context.Context, id int64) (wallet.BulkJob, error)
	Stop(ctx context.Context, id int64) (wallet.BulkJob, error)
	Job(ctx context.Context, id int64) (wallet.BulkJob, error)
	Jobs(ctx context.Context, before int64, limit int) ([]wallet.BulkJob, error)
	Rows(ctx context.Context, id int64, from, limit int) ([]wallet.BulkRow, error)
}

// Refunds takes rewards back. Every error carries a wallet.Code.
type Refunds interface {
	// RefundReward takes back a reward that was not used. Idempotent. ErrNotUsable: it is used or being used.
	RefundReward(ctx context.Context, no wallet.OrderNo) (wallet.Item, error)
}
