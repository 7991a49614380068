// Package service composes a complete wallet from ports: the steps of an instance (reference/node), its background chores
// (reference/host), leased budgets and coupons, limits, breakers and the running total. It is the only composition; which
// stores, clock and downstream systems are behind the ports is decided by its caller, such as reference/service/open.
//
// A program calls a Wallet through its fields: API grants, shows pages, pays out and binds phones; SDK answers queries;
// Host runs the chores until the wallet stops; Node has rewards and packets too. Without a running Host nothing is posted
// in the background.
//
// Amounts are in fen, limits in requests a second. Errors are those of package wallet: wallet.CodeOf and wallet.ReasonOf
// say what to do about one. The package must not import a driver, a server, a file or a clock.
//
// A program that embeds a wallet with stores and server is in examples/embedded.
package service

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"hongbao/reference/activity"
	"hongbao/reference/config"
	"hongbao/reference/degrade"
	"hongbao/reference/host"
	"hongbao/reference/limit"
	"hongbao/reference/node"
	"hongbao/reference/quota"
	"hongbao/reference/reconcile"
	"hongbao/reference/rewards"
	"hongbao/reference/runningtotal"
	"hongbao/reference/sdk"
	"hongbao/reference/stock"
	"hongbao/reference/wallet"
)

// Config says how a wallet works. Every instance of one wallet has the same, except for Name.
type Config struct {
	// Name identifies this run of this instance: budgets and coupons are leased under it. Two runs never share a name.
	Name string

	// Activity is the tree that is granted by.
	Activity wallet.Activity

	// Strategy says how cash is posted (T1), Stock how coupons are counted (C3-C5).
	Strategy wallet.Strategy
	Stock    wallet.StockStrategy

	// Instances is the number of instances that share the limits, Shards the number of the backlog's shards.
	Instances, Shards int

	// Batch is the largest number of credits in one ledger transaction.
	Batch int

	// SyncLimit is the largest number of grants a second that all instances together post before the reply, under
	// StrategySync and at the last resort (D2); 0 = no limit.
	SyncLimit int

	// BudgetBlock is the amount that an instance leases at once from a budget.
	BudgetBlock wallet.Money

	// Limits of incoming requests a second, over all instances (L1, L2); 0 = no limit.
	Limits Limits

	CompensateAfter time.Duration // age from which an open order counts as stuck (O5)
	Chores          time.Duration // interval of settling stuck orders, withdrawals and packets
	PostRest        time.Duration // pause of a poster after a batch that was not full
	Drain           time.Duration // longest time that a stopping instance posts held credits

	// RememberFor is the lifetime of a cached person: how late an instance may learn of wallets that were joined at
	// another instance.
	RememberFor time.Duration

	// Shadow marks the wallet of a load test (K2). It follows the switches, but its failures turn none on.
	Shadow bool
}

// Limits are the most requests a second of each kind that all instances together let in; 0 = no limit.
type Limits struct{ Grants, Pages, Withdrawals int64 }

// OrderStore is all that a store of orders is to the service.
type OrderStore interface {
	wallet.Orders
	wallet.OpenOrders
	wallet.OrderReader
}

// LedgerStore is all that a ledger is to the service.
type LedgerStore interface {
	wallet.Ledger
	wallet.LedgerReader
}

// BacklogStore is all that a backlog is to the service.
type BacklogStore interface {
	wallet.Backlog
	// Oldest returns when the credit that waits longest was pushed; false: the backlog is empty.
	Oldest(ctx context.Context) (wallet.Instant, bool, error)
}

// StockStore counts coupons in a store that may lose them (C3) and publishes their counts (C2).
type StockStore interface {
	wallet.StockCounter
	wallet.StockParts
	wallet.StockMirror
}

// Ports are everything that a wallet needs from outside. All are required unless the comment says otherwise.
type Ports struct {
	Clock wallet.Clock

	Identities  wallet.IdentityStore
	Orders      OrderStore
	Admissions  wallet.AdmissionStore
	Quotas      wallet.Quotas
	Tokens      wallet.Tokens
	Backlog     BacklogStore
	Ledger      LedgerStore
	Withdrawals wallet.Withdrawals
	Days        wallet.WithdrawalDays
	Packets     wallet.Packets
	Items       wallet.Items
	Lists       wallet.ListPresenceReader // which lists of a person are not empty
	Permits     wallet.Permits
	Leases      wallet.Leases
	Totals      runningtotal.CentralStore
	Backup      runningtotal.CentralStore // a second store of the running total (R4); nil: none
	Stock       StockStore
	StockLeases wallet.StockLeases

	Bank        wallet.Bank
	Downstreams map[wallet.AwardType]wallet.Downstream // of each type other than cash that the activity grants
	Sealer      wallet.Sealer

	Switches *degrade.Set
	Settings *config.Cache

	Log    *slog.Logger
	Alarm  func(kind wallet.AlarmKind, detail string) // called for each alarm (F6); nil: only logged
	Posted func(credits int)                          // called after each batch that was posted; nil: not called
}

// Sizes of what one instance keeps. Ours.
const (
	rememberPersons = 100_000 // persons cached between grants: some seconds of a busy instance, about 10 MB
	stockBlock      = 100     // coupons leased at once: some seconds of an instance's grants of one template
	stockParts      = 16      // keys of one template under split-key; all instances must agree, and it must never change
)

// Wallet is one instance of a wallet.
type Wallet struct {
	Config
	Ports

	// Node makes the steps of the instance. It has the API without ingress limits, and rewards and packets.
	Node *node.Node

	// API is the wallet's API behind the ingress limits.
	API wallet.Service

	// SDK answers queries in this process.
	SDK *sdk.SDK

	// Host runs the background chores.
	Host *host.Host

	// Guard has the circuit breakers (D4).
	Guard *degrade.Guard

	// Coupons counts the coupons of this instance.
	Coupons *stock.Maintenance

	budgets *quota.Budgets
	writer  *runningtotal.Writer
	mirror  *runningtotal.Replicated // nil: the running total has one store
}

// New composes a wallet. It calls no port. wallet.ErrInvalid: the configuration cannot work, or a required port is not set.
func New(c Config, p Ports) (*Wallet, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := p.validate(c.Activity); err != nil {
		return nil, err
	}
	w := &Wallet{Config: c, Ports: p}
	index, err := activity.New(c.Activity)
	if err != nil {
		return nil, err
	}
	if w.Guard, err = w.newGuard(); err != nil {
		return nil, err
	}
	w.Coupons, err = stock.NewMaintenance(stock.Config{Name: c.Stock, Counter: p.Stock, Keys: p.Stock, Parts: stockParts,
		Leases: p.StockLeases, Mirror: p.Stock, Holder: c.Name, Block: stockBlock}, rewards.Templates(index))
	if err != nil {
		return nil, err
	}
	if p.Backup != nil {
		w.mirror = runningtotal.NewReplicated(p.Totals, p.Backup)
		w.Totals = w.mirror
	}
	blocks := quota.Config{Block: c.BudgetBlock}
	if err := blocks.Validate(); err != nil {
		return nil, err
	}
	w.budgets = quota.New(p.Quotas, c.Name, blocks)
	w.writer = runningtotal.NewWriter(c.Name, w.Totals)
	reader, err := runningtotal.NewReader(w.Totals, w.Stages()...)
	if err != nil {
		return nil, err
	}
	if w.Node, err = w.newNode(); err != nil {
		return nil, err
	}
	if w.API, err = w.limitIngress(); err != nil {
		return nil, err
	}
	if w.SDK, err = sdk.New(sdk.Ports{Pages: w.Node, Totals: reader, Coupons: w.Node}); err != nil {
		return nil, err
	}
	w.Host, err = w.newHost(reader)
	return w, err
}

// newGuard returns the breakers in front of the wallet's systems. Those of a load test turn no switch on.
func (w *Wallet) newGuard() (*degrade.Guard, error) {
	set := w.Switches
	if w.Shadow {
		set = nil
	}
	return degrade.NewGuard(set, w.Clock, degrade.DefaultRules())
}

// newNode composes the steps of the instance: each port behind its breaker, other companies' systems behind concurrency
// limits too.
func (w *Wallet) newNode() (*node.Node, error) {
	p, guard := w.Ports, w.Guard
	w.Bank = limit.LimitBankConcurrency(guard.Bank(p.Bank), limit.SystemCalls)
	w.Downstreams = map[wallet.AwardType]wallet.Downstream{}
	for award, d := range p.Downstreams {
		w.Downstreams[award] = limit.LimitDownstreamConcurrency(award, guard.Downstream(award, d), limit.SystemCalls)
	}
	orders, admissions := guard.Orders(p.Orders, p.Admissions)
	return node.New(node.Config{
		Strategy: w.Strategy, Activity: w.Activity, Instances: w.Instances, SyncLimit: float64(w.SyncLimit), Batch: w.Batch,
		CompensateAfter: w.CompensateAfter, CachedPeople: rememberPersons, CacheFor: w.RememberFor,
	}, node.Ports{
		Clock: p.Clock, Permits: p.Permits, Identities: guard.Identities(p.Identities), Orders: orders, OpenOrders: p.Orders, Budgets: w.budgets,
		Admission: quota.NewAdmission(w.budgets, admissions), Tokens: guard.Tokens(p.Tokens), Backlog: guard.Backlog(p.Backlog),
		Ledger: runningtotal.CountingLedger{Ledger: guard.Ledger(p.Ledger), Writer: w.writer}, Withdrawals: p.Withdrawals, Days: p.Days,
		Bank: w.Bank, Packets: p.Packets, ListPresence: p.Lists, Items: guard.Items(p.Items), Downstreams: w.Downstreams,
		Stocks: guard.Stocks(w.Coupons.Stocks), StockReader: w.Coupons.Reader,
		Sealer: p.Sealer, Alarm: w.alarm, Switched: p.Switches.On, Settings: p.Settings.Settings, Watch: w.watch(),
	})
}

// newHost returns the runner of the background chores.
func (w *Wallet) newHost(reader *runningtotal.Reader) (*host.Host, error) {
	p := host.Ports{
		Worker: worker{w.Node, w.Posted}, Backlog: w.Backlog, Leases: w.Leases, Degrade: w.Switches, Centre: w.Settings, Quotas: w.Quotas, Budgets: w.budgets,
		Writer: w.writer, Reader: reader, Stock: w.Coupons, Log: w.Log, Waiting: w.queued(w.CompensateAfter / 2),
		Repair:    w.repairTotal(runningtotal.NewRepairer("repair-"+w.Name, w.Totals)),
		Reconcile: func(ctx context.Context) error { _, err := w.Reconcile(ctx); return err },
	}
	if w.Shadow {
		p.Centre = nil // the live wallet refreshes the settings
	}
	if w.mirror != nil {
		p.ReadBackup = w.mirror.UseBackup
	}
	return host.New(host.Config{Instance: w.Name, Shards: w.Shards, Batch: w.Batch, Chores: w.Chores, PostPause: w.PostRest, Drain: w.Drain}, p)
}

// watch returns what the results of calls to systems with a passive switch are reported to; nil for a load test.
func (w *Wallet) watch() func(wallet.Switch, string, error) {
	if w.Shadow {
		return nil
	}
	return w.Switches.Watch
}

// alarm reports and logs an alarm (F6).
func (w *Wallet) alarm(kind wallet.AlarmKind, detail string) {
	if w.Alarm != nil {
		w.Alarm(kind, detail)
	}
	w.Log.Error("alarm", "kind", string(kind), "detail", detail)
}

// worker is a node that reports its batches.
type worker struct {
	*node.Node
	posted func(credits int)
}

// PostBatch implements host.Worker.
func (w worker) PostBatch(ctx context.Context, shard int) (int, error) {
	n, err := w.Node.PostBatch(ctx, shard)
	if w.posted != nil {
		w.posted(n)
	}
	return n, err
}

// Stages returns the stages of the activity.
func (w *Wallet) Stages() (out []wallet.Stage) {
	for _, c := range w.Activity.Children {
		out = append(out, c.Stage)
	}
	return out
}

// Spent returns how much of a stage's budget is reserved, in fen.
func (w *Wallet) Spent(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	return w.budgets.Spent(ctx, s)
}

// Reconcile compares the wallet's records with each other (F4, F5).
func (w *Wallet) Reconcile(ctx context.Context) (reconcile.Report, error) {
	return w.Node.Reconcile(ctx, reconcile.Sources{Orders: w.Orders, Ledger: w.Ledger, Spent: w.budgets.Spent})
}

// queued reports whether open orders are only waiting in the backlog, whose oldest credit is older than age. If that
// cannot be read, they count as stuck.
func (w *Wallet) queued(age time.Duration) func(context.Context) bool {
	return func(ctx context.Context) bool {
		oldest, any, err := w.Backlog.Oldest(ctx)
		return err == nil && any && w.Clock.Now().Sub(oldest) > age
	}
}

// Restore rebuilds what was lost with a process whose stores outside the ledger database were in its memory: the running
// total from the ledger, and the backlog and tokens from the orders of record, which are posted before it returns. No
// other instance may be running. It returns how many orders were posted.
func (w *Wallet) Restore(ctx context.Context) (int, error) {
	paid, err := runningtotal.PostedSums(ctx, w.Ledger)
	if err != nil {
		return 0, fmt.Errorf("reading the running total from the ledger: %w", err)
	}
	for _, s := range w.Stages() {
		if paid[s] > 0 {
			if err := w.writer.Add(s, paid[s]); err != nil {
				return 0, fmt.Errorf("the running total: %w", err)
			}
		}
	}
	if err := w.returnLeases(ctx); err != nil {
		return 0, err
	}
	n, err := w.Host.Recover(ctx, wallet.Never)
	if err != nil {
		return n, fmt.Errorf("posting the held credits of an earlier run: %w", err)
	}
	return n, nil
}

// returnLeases returns what earlier runs had leased of budgets and coupons.
func (w *Wallet) returnLeases(ctx context.Context) error {
	holders, err := w.Quotas.Holders(ctx)
	for _, h := range holders {
		if err == nil {
			err = w.Host.Retire(ctx, h)
		}
	}
	if err != nil {
		return fmt.Errorf("returning the leased budget of an earlier run: %w", err)
	}
	holders, err = w.Coupons.Holders(ctx)
	for _, h := range holders {
		if err == nil {
			_, err = w.Coupons.Retire(ctx, h)
		}
	}
	if err == nil {
		err = w.Coupons.Publish(ctx)
	}
	if err != nil {
		return fmt.Errorf("returning the leased coupons of an earlier run: %w", err)
	}
	return nil
}
