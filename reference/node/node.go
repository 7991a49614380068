// Package node composes one instance of the wallet service from ports. It starts no goroutine and never waits: a runner
// (processes in virtual time, goroutines in real time) calls the service and the steps.
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

// Config is the common configuration of all instances of a service.
type Config struct {
	Strategy wallet.Strategy
	Activity wallet.Activity

	// Instances is the number of instances that share the limits.
	Instances int

	// SyncLimit is the largest number of grants a second that all instances together may post before the reply, under
	// StrategySync and while SwitchLastResort is on (D2); 0 = no limit. A grant above it is refused with nothing done,
	// because a queue in front of the ledger would only turn refusals into timeouts.
	SyncLimit float64

	// Batch is the largest number of credits in one ledger transaction.
	Batch int

	// Release opens withdrawals (B7) if Ports.Settings is nil.
	Release wallet.Release

	// CompensateAfter is the age from which an open order counts as stuck (O5); 0 = posting.CompensateAfter.
	CompensateAfter time.Duration

	// CachedPeople is the number of persons that an instance caches between grants, and CacheFor the lifetime of
	// an entry; 0 = no cache. Pages and withdrawals always read the store.
	CachedPeople int
	CacheFor     time.Duration
}

// Ports are the dependencies of an instance.
type Ports struct {
	Clock        wallet.Clock
	Identities   wallet.IdentityStore
	Orders       wallet.Orders
	OpenOrders   wallet.OpenOrders
	Budgets      wallet.Budgets
	Admission    wallet.Admission // order and budget in one step; nil: in two steps
	Tokens       wallet.Tokens
	Backlog      wallet.Backlog
	Ledger       wallet.Ledger
	Withdrawals  wallet.Withdrawals
	Days         wallet.WithdrawalDays // nil: no daily limit
	Bank         wallet.Bank
	Packets      wallet.Packets                         // nil: no packets
	Items        wallet.Items                           // nil: only cash is granted
	ListPresence wallet.ListPresenceReader              // which of a page's lists to read; nil: all
	Downstreams  map[wallet.AwardType]wallet.Downstream // for each type that the tree grants; nil if Items is nil
	Stocks       wallet.Stocks                          // counts coupons, for scenes with stock control
	StockReader  *stock.Reader                          // the counts by the last reading; a runner refreshes it
	Sealer       wallet.Sealer
	Alarm        func(kind wallet.AlarmKind, detail string)

	// Permits counts the requests that all instances have admitted under one limit (L2); nil: each instance has its
	// share.
	Permits wallet.Permits

	// Watch is called with the result of each call to a system that has a passive switch; nil: not called.
	Watch func(s wallet.Switch, source string, failed error)

	// Switched reports whether a degrade switch is on (D3), without blocking; nil: all are off.
	Switched func(wallet.Switch) bool

	// Settings returns the settings that can change at run time, without blocking; nil: Config.Release and no bounds.
	Settings func() wallet.Settings
}

// Node is one instance.
type Node struct {
	center   *assetcenter.Center
	reader   *walletpage.Reader
	withdraw *withdraw.Service
	packets  *packet.Service  // nil: no packets
	rewards  *rewards.Service // nil: only cash
	people   *identity.Service
	winners  *identity.Cache
	poster   *posting.Poster
	trust    *token.Trust
	alarm    func(wallet.AlarmKind, string)
	ports    Ports

	lateAfter time.Duration // age from which an open order is late: twice the longest time of a backlog and of compensation
}

var _ wallet.Service = (*Node)(nil)

// New returns an instance. ErrInvalid: the configuration or the activity tree is invalid.
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
	winners := identity.NewCache(people, p.Clock, c.CachedPeople, c.CacheFor)
	poster := newPoster(c, p, index)
	var collector *walletpage.TokenCollector
	if c.Strategy == wallet.StrategyToken {
		collector = &walletpage.TokenCollector{Tokens: p.Tokens, Sealer: trust, Clock: p.Clock, Switched: p.Switched}
	}
	n := &Node{
		center: &assetcenter.Center{People: winners, Present: people, Index: index, Orders: p.Orders, Budgets: p.Budgets, Admission: p.Admission, Clock: p.Clock,
			Instances: c.Instances, Items: p.Items, Switched: p.Switched},
		reader: &walletpage.Reader{People: people, Index: index, Ledger: p.Ledger, Withdrawals: p.Withdrawals, Packets: p.Packets, Items: p.Items, Presence: p.ListPresence, Tokens: collector, Clock: p.Clock,
			Switched: p.Switched, ShortPage: func() int { return p.Settings().ShortPage }},
		withdraw: &withdraw.Service{People: people, Index: index, Orders: p.Orders, Ledger: p.Ledger, Withdrawals: p.Withdrawals, Days: p.Days, Bank: p.Bank,
			Posting: poster, Tokens: collector, Clock: p.Clock, Settings: p.Settings, Switched: p.Switched,
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
		n.center.Delivery, n.center.PostsBeforeReply = assetcenter.Sync{Posting: poster}, true
	case wallet.StrategyAsync:
		n.center.Delivery = assetcenter.Async{Backlog: p.Backlog}
	case wallet.StrategyToken:
		n.center.Delivery = assetcenter.Token{Sealer: trust, Tokens: p.Tokens, Clock: p.Clock, Backlog: p.Backlog, Switched: p.Switched}
	default:
		return nil, fmt.Errorf("%w: node: strategy %q", wallet.ErrInvalid, c.Strategy)
	}
	n.center.Delivery = assetcenter.LastResort{Delivery: n.center.Delivery, Posting: poster, Switched: p.Switched}
	return n, n.center.Plan(c.SyncLimit, c.cluster(p).Limit)
}

// cluster returns the common rate limits of all instances (L2).
func (c Config) cluster(p Ports) limiting.Cluster {
	limits := limiting.Cluster{Instances: c.Instances, Permits: p.Permits, Local: func() bool { return p.Switched(wallet.SwitchLocalLimits) }}
	if p.Watch != nil {
		limits.Watch = func(name string, failed error) { p.Watch(wallet.SwitchLocalLimits, name, failed) }
	}
	return limits
}

// newPoster returns the instance's poster.
func newPoster(c Config, p Ports, index *activity.Index) *posting.Poster {
	poster := &posting.Poster{
		Ledger: p.Ledger, Orders: p.Orders, Open: p.OpenOrders, Budgets: p.Budgets, Backlog: p.Backlog, Clock: p.Clock,
		After: c.CompensateAfter, Batch: c.Batch, Alarm: p.Alarm, Switched: p.Switched,
		Reconcile: func(id wallet.SceneID, s wallet.Stage) bool {
			scene, err := index.SceneOf(s, id)
			return err != nil || scene.Reconcile // a posting of an unknown scene is always checked
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
	defer n.winners.Clear()
	return n.people.Bind(ctx, wallet.AccountOf(c.App, c.User), p)
}

// DistrustTokens turns off (true) or on (false) the trust in clients' tokens (T7). The server's copies are used as
// before.
func (n *Node) DistrustTokens(on bool) { n.trust.Distrust(on) }

// PostBatch posts one batch of a backlog shard and returns the number of credits. Idempotent: an unacknowledged batch
// is taken again.
func (n *Node) PostBatch(ctx context.Context, shard int) (int, error) {
	return n.poster.PostBatch(ctx, shard)
}

// Compensate settles one bounded step of stuck orders, starting at from (0: the oldest), and returns their number and
// the position to continue from; 0: the end (O5). After an error the caller may continue.
func (n *Node) Compensate(ctx context.Context, from wallet.ScanCursor) (int, wallet.ScanCursor, error) {
	return n.poster.Compensate(ctx, from)
}

// OpenOrders returns one bounded step of the orders that were open before a moment, as wallet.OpenOrders does. With
// SettleOrders an instance whose backlog is lost posts them, however young they are.
func (n *Node) OpenOrders(ctx context.Context, before wallet.Instant, from wallet.ScanCursor) ([]wallet.Order, wallet.ScanCursor, error) {
	return n.ports.OpenOrders.Open(ctx, before, from, n.poster.Batch)
}

// SettleOrders is wallet.Settler's SettleOrders.
func (n *Node) SettleOrders(ctx context.Context, orders []wallet.Order) error {
	return n.poster.SettleOrders(ctx, orders)
}

// settleStep bounds the withdrawals of one step of SettleWithdrawals.
const settleStep = 100

// SettleWithdrawals drives one bounded step of unfinished withdrawals and returns the number that it finished.
func (n *Node) SettleWithdrawals(ctx context.Context) (int, error) {
	return n.withdraw.Settle(ctx, settleStep)
}

// Reconcile compares all orders, tokens, ledger entries and budgets, and raises an alarm if they differ (F5).
func (n *Node) Reconcile(ctx context.Context, b reconcile.Sources) (reconcile.Report, error) {
	report, err := reconcile.Run(ctx, b, n.ports.Clock.Now().Add(-n.lateAfter))
	if err == nil && report.Count > 0 {
		n.alarm(wallet.AlarmReconciliation, report.Differences[0].String())
	}
	return report, err
}
