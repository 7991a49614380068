package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"hongbao/reference/wallet"
)

// Ports is what a server stands on.
type Ports struct {
	Service wallet.Service
	Rewards wallet.Rewards       // nil: people's rewards other than cash are not served
	Packets wallet.PacketService // nil: packets between users are not served

	// For marked load (K2), as above; Shadow nil: marked requests are refused.
	Shadow        wallet.Service
	ShadowRewards wallet.Rewards
	ShadowPackets wallet.PacketService

	Board     Board     // what users are shown; nil: nothing
	Callbacks Callbacks // nil: none is taken

	Query   Query   // nil: the queries are not served
	Coupons Coupons // nil: nor is the stock of coupons

	Operator Inspector // what operators ask about the live wallet; nil: operators' calls are not served
	Marked   Marked    // what operators do with the wallet of marked load; nil: nothing
	Audit    wallet.AuditLog
	Switches func() []SwitchInfo // those that there are; nil: none
	Settings wallet.ConfigCentre // switches and settings; nil: there are none to change
	Notices  Notices             // nil: operators show nothing
	Bulk     Bulk                // nil: nothing is re-issued
	Refunds  Refunds             // nil: nothing is taken back

	Leases  wallet.Leases // nil: an operator's or the account system's captured request is refused by the instance alone that saw it
	Clock   wallet.Clock
	Ops     http.Handler // /ops and /ops.json on the debug port; nil: not there
	Metrics *Metrics     // nil: its own
	Log     *slog.Logger // nil: silent
}

// Query answers upstreams about a person (B6). Every error carries a wallet.Code.
type Query interface {
	Balance(ctx context.Context, c wallet.Caller) (wallet.Money, error)
	Income(ctx context.Context, c wallet.Caller) (wallet.Money, error)
	HasWon(ctx context.Context, c wallet.Caller) (bool, error)
	// ForcePost posts what is due to the person. Idempotent.
	ForcePost(ctx context.Context, c wallet.Caller, tokens [][]byte) error
	// RunningTotal returns what this instance last heard; false: nothing yet.
	RunningTotal(s wallet.Stage) (wallet.Money, bool)
}

// Coupons answers upstreams about coupons (C2). Every error carries a wallet.Code.
type Coupons interface {
	// Stock returns how many coupons of a template were issued, of how many, as this instance last read it. ErrNotFound: no
	// such template. ErrUnavailable: nothing was read yet.
	Stock(ctx context.Context, t wallet.Template) (issued, total int64, err error)
}

// Callbacks takes what downstreams tell of their own accord. Every error carries a wallet.Code: the downstream tells it
// again where that is worth it.
type Callbacks interface {
	// Callback reads a message of the downstream of a reward type, proves whose it is, and does what it says. Idempotent.
	// ErrNotFound: no downstream of that type tells anything.
	Callback(ctx context.Context, award wallet.AwardType, header http.Header, body []byte) error
}

// Inspector is what operators may ask about a wallet, the live one or that of marked load. Every error carries a
// wallet.Code.
type Inspector interface {
	Status(ctx context.Context) (Status, error)
	// AuditBudget gives back what stranded blocks of the stage never granted, and returns how much. Idempotent.
	AuditBudget(ctx context.Context, s wallet.Stage) (wallet.Money, error)
	Reconcile(ctx context.Context) (Reconciliation, error)
}

// Marked is what operators may do with the wallet of marked load (K2). Every error carries a wallet.Code.
type Marked interface {
	Inspector
	// CleanUp throws away all that marked load has left, and returns how many keys that were in Redis; the wallet is then
	// as new. Forced, it lets marked requests that are worked on end first, and throws postings away that are held; else
	// it returns ErrMarkedBusy or ErrMarkedHeld for them. ErrMarkedShared: other instances live, which would go on with
	// what they remember. Idempotent. ErrUnknown and ErrUnavailable: repeat it; until then marked requests may be refused.
	CleanUp(ctx context.Context, force bool) (keys int64, err error)
}

// Status is how a wallet stands.
type Status struct {
	Strategy   wallet.Strategy
	Activity   wallet.ActivityID // the parent that is served
	Instances  []string
	Backlog    int64         // postings that the ledger has not taken yet
	BacklogAge time.Duration // of the oldest; below zero: not known
	OpenOrders int64
	Budgets    []BudgetStatus
}

// BudgetStatus is how one stage's budget stands.
type BudgetStatus struct {
	Stage  wallet.Stage
	Budget wallet.Money
	wallet.Quota
}

// Reconciliation is what comparing the books found.
type Reconciliation struct {
	Orders      int64
	Entries     int64               // of grants, in the ledger
	Sum         wallet.Money        // over all accounts: 0 in a sound ledger at rest
	Count       int64               // differences in all
	Differences []wallet.Difference // the first of them
}
