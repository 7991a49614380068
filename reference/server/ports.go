package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"hongbao/reference/wallet"
)

// Ports holds what a server needs. A nil port turns off the methods that use it.
type Ports struct {
	Service wallet.Service
	Rewards wallet.Rewards       // nil: the methods for rewards other than cash are not served
	Packets wallet.PacketService // nil: the methods for packets between users are not served

	// The shadow wallet, for load-test requests (K2); Shadow nil: load-test requests are refused.
	Shadow        wallet.Service
	ShadowRewards wallet.Rewards
	ShadowPackets wallet.PacketService

	NoticeReader NoticeReader // announcements and page configuration for users; nil: none are shown
	Callbacks    Callbacks    // nil: no callbacks are accepted

	Query   Query   // nil: QueryService is not served
	Coupons Coupons // nil: CouponStock is not served

	Inspector   Inspector   // the live wallet, for operators; nil: operators' methods are not served
	ShadowAdmin ShadowAdmin // the shadow wallet, for operators; nil: not available
	Audit       wallet.AuditLog
	Switches    func() []SwitchInfo // all switches; nil: none
	Settings    wallet.ConfigCentre // switches and settings; nil: their methods are not served
	Notices     Notices             // nil: operators cannot show notices
	Bulk        Bulk                // nil: no bulk re-issues
	Refunds     Refunds             // nil: no refunds

	Leases  wallet.Leases // nil: a captured request of an operator or of the account system is refused only by the instance that saw it
	Clock   wallet.Clock
	Ops     http.Handler // /ops and /ops.json on the debug port; nil: not served
	Metrics *Metrics     // nil: new metrics
	Log     *slog.Logger // nil: silent
}

// Query answers upstreams' questions about a person (B6). Every error carries a wallet.Code.
type Query interface {
	Balance(ctx context.Context, c wallet.Caller) (wallet.Money, error)
	Income(ctx context.Context, c wallet.Caller) (wallet.Money, error)
	HasWon(ctx context.Context, c wallet.Caller) (bool, error)
	// ForcePost posts what is due to the person. Idempotent.
	ForcePost(ctx context.Context, c wallet.Caller, tokens [][]byte) error
	// RunningTotal returns the total that this instance last read; false: none was read yet.
	RunningTotal(s wallet.Stage) (wallet.Money, bool)
}

// Coupons answers upstreams' questions about coupon stock (C2). Every error carries a wallet.Code.
type Coupons interface {
	// Stock returns how many coupons of a template were issued, and the total, as this instance last read them.
	// ErrNotFound: unknown template. ErrUnavailable: nothing was read yet.
	Stock(ctx context.Context, t wallet.Template) (issued, total int64, err error)
}

// Callbacks takes the messages that downstreams send on their own initiative. Every error carries a wallet.Code: the
// downstream sends the message again if the code allows it.
type Callbacks interface {
	// Callback decodes a message from the downstream of a reward type, verifies the sender, and applies it. Idempotent.
	// ErrNotFound: no downstream of that type sends callbacks.
	Callback(ctx context.Context, award wallet.AwardType, header http.Header, body []byte) error
}

// Inspector answers operators' questions about a wallet: the live one or the shadow wallet. Every error carries a
// wallet.Code.
type Inspector interface {
	Status(ctx context.Context) (Status, error)
	// AuditBudget returns the ungranted rest of the stage's orphaned blocks to the budget, and reports the amount.
	// Idempotent.
	AuditBudget(ctx context.Context, s wallet.Stage) (wallet.Money, error)
	Reconcile(ctx context.Context) (Reconciliation, error)
}

// ShadowAdmin is what operators may do with the shadow wallet (K2). Every error carries a wallet.Code.
type ShadowAdmin interface {
	Inspector
	// CleanUp deletes everything that the load test stored, and returns the number of Redis keys among it. Afterwards
	// the shadow wallet is empty. Without force it returns ErrShadowBusy while load-test requests are in progress, and
	// ErrShadowHeld while postings are held. With force it waits for those requests and deletes those postings.
	// ErrShadowShared: other instances are running, and would continue with what they have in memory. Idempotent. After
	// ErrUnknown and ErrUnavailable repeat it; until it succeeds load-test requests may be refused.
	CleanUp(ctx context.Context, force bool) (keys int64, err error)
}

// Status is the state of a wallet.
type Status struct {
	Strategy   wallet.Strategy
	Activity   wallet.ActivityID // the parent activity that is served
	Instances  []string
	Backlog    int64         // postings that are not in the ledger yet
	BacklogAge time.Duration // of the oldest; negative: unknown
	OpenOrders int64
	Budgets    []BudgetStatus
}

// BudgetStatus is the state of one stage's budget.
type BudgetStatus struct {
	Stage  wallet.Stage
	Budget wallet.Money
	wallet.Quota
}

// Reconciliation is the result of comparing the records.
type Reconciliation struct {
	Orders      int64
	Entries     int64               // ledger entries of grants
	Sum         wallet.Money        // over all accounts: 0 in a correct ledger when no transfer is in progress
	Count       int64               // number of differences
	Differences []wallet.Difference // the first of them
}
