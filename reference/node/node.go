// Package node composes one instance of the wallet service from ports. It starts nothing and waits for nothing: a
// runner (processes in virtual time, goroutines in real time) calls the service and the steps.
package node

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/activity"
	"hongbao/reference/assetcenter"
	"hongbao/reference/identity"
	limiting "hongbao/reference/limit"
	"hongbao/reference/packet"
	"hongbao/reference/posting"
	"hongbao/reference/reconcile"
	"hongbao/reference/rewards"
	"hongbao/reference/stock"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
	"hongbao/reference/walletpage"
	"hongbao/reference/withdraw"
)

// Config is what the instances of one service have in common.
type Config struct {
	Strategy wallet.Strategy
	Activity wallet.Activity

	// Instances is how many share the limits.
	Instances int

	// SyncLimit is how many grants a second all instances together may post before they answer, under StrategySync and
	// at the last resort (D2); 0 = no limit. Above it grants are refused with nothing done, because a queue before the
	// ledger would only turn refusals into time-outs.
	SyncLimit float64

	// Batch is the most credits in one ledger transaction.
	Batch int

	// Release opens withdrawing (B7), where Ports.Settings says nothing.
	Release wallet.Release

	// CompensateAfter is the age from which an open order counts as stuck (O5); 0 = posting.CompensateAfter.
	CompensateAfter time.Duration

	// RememberPeople is how many persons an instance remembers between grants, and RememberFor how long; 0 = none.
	// Pages and withdrawals always look the person up.
	RememberPeople int
	RememberFor    time.Duration
}

// Ports is what an instance stands on.
type Ports struct {
	Clock       wallet.Clock
	Identities  wallet.IdentityStore
	Orders      wallet.Orders
	OpenOrders  wallet.OpenOrders
	Budgets     wallet.Budgets
	Admission   wallet.Admission // both in one step; nil: in two
	Tokens      wallet.Tokens
	Backlog     wallet.Backlog
	Ledger      wallet.Ledger
	Withdrawals wallet.Withdrawals
	Days        wallet.WithdrawalDays // nil: there is no limit of the day
	Bank        wallet.Bank
	Packets     wallet.Packets                         // nil: nobody sends packets here
	Items       wallet.Items                           // nil: nothing but cash is granted here
	Kept        wallet.KeptLists                       // which of a page's lists are worth reading; nil: all are read
	Downstreams map[wallet.AwardType]wallet.Downstream // of each type that the tree grants; nil where there are no Items
	Stocks      wallet.Stocks                          // counts coupons, where scenes ask for it
	StockReader *stock.Reader                          // how they stand, kept fresh by a runner
	Sealer      wallet.Sealer
	Alarm       func(kind wallet.AlarmKind, detail string)

	// Permits counts what all instances let through under one limit (L2); nil: each has its share.
	Permits wallet.Permits

	// Watch is told how a system answered that a passive switch stands before; nil: nobody is.
	Watch func(s wallet.Switch, source string, failed error)

	// Switched reports whether a degrade switch is on (D3), at once and without a call; nil: none ever is.
	Switched func(wallet.Switch) bool

	// Settings returns what can be changed at run time, at once and without a call; nil: Config.Release and no bounds.
	Settings func() wallet.Settings
}

// Node is one instance.
type Node struct {
	center   *assetcenter.Center
	reader   *walletpage.Reader
	withdraw *withdraw.Service
	packets  *packet.Service  // nil: there are none
	rewards  *rewards.Service // nil: there is nothing but cash
	people   *identity.Service
	winners  *identity.Memory
	poster   *posting.Poster
	trust    *token.Trust
	alarm    func(wallet.AlarmKind, string)
	ports    Ports

	lateAfter time.Duration // age from which an open order is late: a festival's backlog is gone, and compensation has had as long again
}

var _ wallet.Service = (*Node)(nil)

// New returns an instance, or why the configuration is refused.
func New(c Config, p Ports) (*Node, error) {
	index, err := activity.New(c.Activity)
	if err != nil {
		return nil, err
	}
	if c.Batch < 1 || c.Instances < 1 {
		return nil, fmt.Errorf("%w: node: batch %d, instances %d", wallet.ErrInvalid, c.Batch, c.Instances)
	}
	trust, err := token.NewTrust(p.Sealer, token.DefaultAlarmRule(), func(a token.Alarm) { p.Alarm(wallet.AlarmForgedTokens, a.String()) })
	if err != nil {
		return nil, err
	}
	if c.CompensateAfter == 0 {
		c.CompensateAfter = posting.CompensateAfter
	}
	if p.Switched == nil {
		p.Switched = func(wallet.Switch) bool { return false }
	}
	if p.Settings == nil {
		p.Settings = func() wallet.Settings { return wallet.Settings{Release: c.Release} }
	}
	people := identity.New(p.Identities, p.Clock)
	winners := identity.NewMemory(people, p.Clock, c.RememberPeople, c.RememberFor)
	poster := newPoster(c, p, index)
	var purse *walletpage.Purse
	if c.Strategy == wallet.StrategyToken {
		purse = &walletpage.Purse{Tokens: p.Tokens, Sealer: trust, Clock: p.Clock, Switched: p.Switched}
	}
	n := &Node{
		center: &assetcenter.Center{People: winners, Present: people, Index: index, Orders: p.Orders, Budgets: p.Budgets, Admission: p.Admission, Clock: p.Clock,
			Nodes: c.Instances, Items: p.Items, Switched: p.Switched},
		reader: &walletpage.Reader{People: people, Index: index, Ledger: p.Ledger, Withdrawals: p.Withdrawals, Packets: p.Packets, Items: p.Items, Kept: p.Kept, Purse: purse, Clock: p.Clock,
			Switched: p.Switched, ShortPage: func() int { return p.Settings().ShortPage }},
		withdraw: &withdraw.Service{People: people, Index: index, Orders: p.Orders, Ledger: p.Ledger, Withdrawals: p.Withdrawals, Days: p.Days, Bank: p.Bank,
			Posting: poster, Purse: purse, Clock: p.Clock, Settings: p.Settings, Switched: p.Switched,
			Alarm: p.Alarm},
		people: people, winners: winners, poster: poster, trust: trust, alarm: p.Alarm, ports: p,
		lateAfter: 2 * max(c.CompensateAfter, posting.CompensateAfter),
	}
	if n.rewards, err = newRewards(c, p, people, index); err != nil {
		return nil, err
	}
	if n.rewards != nil {
		n.center.Rewards = n.rewards
	}
	n.packets = newPackets(p, people, index, n.withdraw.Prepare)
	switch c.Strategy {
	case wallet.StrategySync:
		n.center.Delivery, n.center.Posts = assetcenter.Sync{Posting: poster}, true
	case wallet.StrategyAsync:
		n.center.Delivery = assetcenter.Async{Backlog: p.Backlog}
	case wallet.StrategyToken:
		n.center.Delivery = assetcenter.Token{Sealer: trust, Tokens: p.Tokens, Clock: p.Clock, Backlog: p.Backlog, Switched: p.Switched}
	default:
		return nil, fmt.Errorf("%w: node: strategy %q", wallet.ErrInvalid, c.Strategy)
	}
	n.center.Delivery = assetcenter.LastResort{Delivery: n.center.Delivery, Posting: poster, Switched: p.Switched}
	return n, n.center.Plan(c.SyncLimit, c.together(p).Limit)
}

// together returns how the instances limit a rate together (L2).
func (c Config) together(p Ports) limiting.Cluster {
	cluster := limiting.Cluster{Instances: c.Instances, Permits: p.Permits, Local: func() bool { return p.Switched(wallet.SwitchLocalLimits) }}
	if p.Watch != nil {
		cluster.Watch = func(name string, failed error) { p.Watch(wallet.SwitchLocalLimits, name, failed) }
	}
	return cluster
}

// newPoster returns the instance's way into the ledger.
func newPoster(c Config, p Ports, index *activity.Index) *posting.Poster {
	poster := &posting.Poster{
		Ledger: p.Ledger, Orders: p.Orders, Open: p.OpenOrders, Budgets: p.Budgets, Backlog: p.Backlog, Clock: p.Clock,
		After: c.CompensateAfter, Batch: c.Batch, Alarm: p.Alarm, Switched: p.Switched,
		Reconcile: func(id wallet.SceneID, s wallet.Stage) bool {
			scene, err := index.SceneOf(s, id)
			return err != nil || scene.Reconcile // what no scene knows is checked in any case
		},
		Budget: func(s wallet.Stage) (wallet.Money, error) {
			child, err := index.Stage(s)
			if err != nil {
				return 0, err
			}
			return child.Budget, nil
		},
	}
	if c.Strategy == wallet.StrategyToken {
		poster.Tokens = p.Tokens
	}
	return poster
}

// Grant implements wallet.Service.
func (n *Node) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	return n.center.Grant(ctx, r)
}

// Page implements wallet.Service.
func (n *Node) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	if r.Withdraw {
		if err := n.withdraw.Prepare(ctx, r); err != nil {
			return wallet.Page{}, err
		}
	}
	page, err := n.reader.Page(ctx, r)
	if err == nil && r.Withdraw && n.ports.Switched(wallet.SwitchSkipForcedPost) {
		page.Missing = append(page.Missing, walletpage.SourceForced)
	}
	return page, err
}

// Withdraw implements wallet.Service.
func (n *Node) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	return n.withdraw.Withdraw(ctx, r)
}

// Bind implements wallet.Service.
func (n *Node) Bind(ctx context.Context, c wallet.Caller, p wallet.Phone) (wallet.Person, error) {
	if !c.App.Valid() || c.User <= 0 || p <= 0 {
		return wallet.Person{}, fmt.Errorf("%w: binding a phone to user %d of app %d", wallet.ErrInvalid, c.User, c.App)
	}
	defer n.winners.Forget()
	return n.people.Bind(ctx, wallet.AccountOf(c.App, c.User), p)
}

// DistrustTokens stops believing clients' tokens, or begins again (T7). The server's copies go on as they were.
func (n *Node) DistrustTokens(on bool) { n.trust.Distrust(on) }

// PostBatch takes one batch of a backlog shard into the ledger and returns how many credits it took.
func (n *Node) PostBatch(ctx context.Context, shard int) (int, error) {
	return n.poster.PostBatch(ctx, shard)
}

// Compensate settles one bounded step of stuck orders from a place on (0: the oldest) and returns how many it took on
// and where to go on; 0: there are no more (O5). A step that fails is passed by.
func (n *Node) Compensate(ctx context.Context, from wallet.OpenPlace) (int, wallet.OpenPlace, error) {
	return n.poster.Compensate(ctx, from)
}

// OpenOrders returns one bounded step of the orders that were open before a moment, as wallet.OpenOrders does, and
// SettleOrders posts them however young they are: for an instance that knows its backlog to be lost.
func (n *Node) OpenOrders(ctx context.Context, before wallet.Instant, from wallet.OpenPlace) ([]wallet.Order, wallet.OpenPlace, error) {
	return n.ports.OpenOrders.Open(ctx, before, from, n.poster.Batch)
}

// SettleOrders implements wallet.Settler's.
func (n *Node) SettleOrders(ctx context.Context, orders []wallet.Order) error {
	return n.poster.SettleOrders(ctx, orders)
}

// Distrusted reports whether clients' tokens are switched off.
func (n *Node) Distrusted() bool { return n.trust.Distrusted() }

// settleStep bounds the withdrawals that one step drives.
const settleStep = 100

// SettleWithdrawals drives one bounded step of unfinished withdrawals and returns how many it finished.
func (n *Node) SettleWithdrawals(ctx context.Context) (int, error) {
	return n.withdraw.Settle(ctx, settleStep)
}

// Reconcile compares orders, tokens, ledger and budget in full, and raises an alarm when they differ (F5).
func (n *Node) Reconcile(ctx context.Context, b reconcile.Books) (reconcile.Report, error) {
	report, err := reconcile.Run(ctx, b, n.ports.Clock.Now().Add(-n.lateAfter))
	if err == nil && report.Count > 0 {
		n.alarm(wallet.AlarmReconciliation, report.Differences[0].String())
	}
	return report, err
}
