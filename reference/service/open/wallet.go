package open

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hongbao/reference/host"
	limiting "hongbao/reference/limit"
	"hongbao/reference/node"
	"hongbao/reference/quota"
	"hongbao/reference/reconcile"
	"hongbao/reference/runningtotal"
	"hongbao/reference/sdk"
	"hongbao/reference/server"
	"hongbao/reference/store/sql"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

// How a side lives.
const (
	rememberPersons = 100_000     // persons between grants: some seconds of a busy instance, in about 10 MB
	rememberFor     = time.Second // how late an instance may learn of wallets that were joined at another
	rememberAlone   = time.Hour   // the same where there is no other
)

// walletInstance is one whole wallet on its own stores: of the live traffic, or of the marked load (K2). The two share nothing
// but the process.
type walletInstance struct {
	stores      *stores
	node        *node.Node
	host        *host.Host
	sdk         *sdk.SDK
	budgets     *quota.Budgets
	writer      *runningtotal.Writer
	tree        wallet.Activity
	strategy    wallet.Strategy
	flags       *runtimeFlags
	downstreams *downstreams
	bank        wallet.Bank     // behind breaker and gate
	ingress     wallet.Service  // the node behind the limits of what comes in
	metrics     *server.Metrics // nil: the shadow's figures are not the service's
	log         *slog.Logger
}

// newInstance opens the stores and composes the wallet.
func (s *Service) newInstance(ctx context.Context, shadow bool) (*walletInstance, error) {
	c := s.config
	d := &walletInstance{tree: s.tree, strategy: wallet.Strategy(c.Strategy), log: s.log.With("side", map[bool]string{false: "live", true: "shadow"}[shadow])}
	policy := token.DefaultPolicy()
	if shadow {
		policy.Purpose = token.LoadTest
	} else {
		d.metrics = s.metrics
	}
	remember := rememberFor
	if c.embedded() {
		remember = rememberAlone
	}
	var err error
	if d.stores, err = openStores(ctx, c, s.mini, RealClock{}, shadow); err != nil {
		return nil, err
	}
	sealer, err := token.NewReal(s.keys, policy)
	if err != nil {
		return d, err
	}
	guard, centre, watch, err := s.switched(ctx, d, shadow)
	if err != nil {
		return d, err
	}
	st := d.stores
	if d.downstreams, err = s.openDownstreams(st, guard, shadow); err != nil {
		return d, err
	}
	orders, admissions := guard.Orders(st.orders, st.admissions)
	d.budgets = quota.New(st.quotas, s.name, quota.Config{Block: wallet.Money(c.BudgetBlock)})
	d.bank = limiting.LimitBankConcurrency(guard.Bank(st.bank), limiting.SystemCalls)
	d.writer = runningtotal.NewWriter(s.name, st.totals)
	reader, err := runningtotal.NewReader(st.totals, stagesOf(s.tree)...)
	if err != nil {
		return d, err
	}
	d.node, err = node.New(node.Config{
		Strategy: d.strategy, Activity: s.tree, Instances: c.Instances, SyncLimit: float64(c.SyncLimit), Batch: c.Batch,
		CompensateAfter: c.CompensateAfter, RememberPeople: rememberPersons, RememberFor: remember,
	}, node.Ports{
		Clock: RealClock{}, Permits: st.permits, Identities: guard.Identities(st.identities), Orders: orders, OpenOrders: st.orders, Budgets: d.budgets,
		Admission: quota.NewAdmission(d.budgets, admissions), Tokens: guard.Tokens(st.tokens), Backlog: guard.Backlog(st.backlog),
		Ledger: runningtotal.Counted{Ledger: guard.Ledger(st.ledger), Writer: d.writer}, Withdrawals: st.withdrawals, Days: st.days,
		Bank: d.bank, Packets: st.packets, Kept: sqlstore.NewKept(st.sql),
		Items: guard.Items(st.items), Downstreams: d.downstreams.systems, Stocks: guard.Stocks(d.downstreams.stock.Stocks), StockReader: d.downstreams.stock.Reader,
		Sealer: sealer, Alarm: d.alarm, Switched: d.flags.set.On, Settings: d.flags.centre.Settings, Watch: watch,
	})
	if err != nil {
		return d, err
	}
	if d.ingress, err = newIngress(d, c, watch); err != nil {
		return d, err
	}
	if d.sdk, err = sdk.New(sdk.Ports{Pages: d.node, Totals: reader, Coupons: d.node}); err != nil {
		return d, err
	}
	d.host, err = host.New(host.Config{Instance: s.name, Shards: c.Shards, Batch: c.Batch, Chores: c.Chores, Rest: c.PostRest, Drain: c.Drain}, host.Ports{
		Worker: worker{d.node, d.metrics}, Backlog: st.backlog, Leases: st.leases, Degrade: d.flags.set, Centre: centre, Quotas: st.quotas, Budgets: d.budgets,
		Writer: d.writer, Reader: reader, Stock: d.downstreams.stock, Log: d.log,
		Repair:     d.repair(runningtotal.NewRepairer("repair-"+s.name, st.totals)),
		Reconcile:  func(ctx context.Context) error { _, err := d.node.Reconcile(ctx, d.books()); return err },
		ReadBackup: d.readBackup(), Waiting: d.waiting(c.CompensateAfter / 2),
	})
	return d, err
}

// worker is a node whose batches are counted.
type worker struct {
	*node.Node
	metrics *server.Metrics
}

// PostBatch implements host.Worker.
func (w worker) PostBatch(ctx context.Context, shard int) (int, error) {
	n, err := w.Node.PostBatch(ctx, shard)
	if w.metrics != nil {
		w.metrics.Batch(n)
	}
	return n, err
}

// alarm counts and logs an alarm (F6).
func (d *walletInstance) alarm(kind wallet.AlarmKind, detail string) {
	if d.metrics != nil {
		d.metrics.Alarm(kind)
	}
	d.log.Error("alarm", "kind", string(kind), "detail", detail)
}

// restore brings back what an embedded Redis has lost with the process: the running total from the ledger, and the
// backlog and the tokens from the orders of record, which are posted before anybody asks.
func (d *walletInstance) restore(ctx context.Context, embedded bool) error {
	if !embedded {
		return nil
	}
	paid, err := runningtotal.Posted(ctx, d.stores.ledger)
	if err != nil {
		return fmt.Errorf("reading the running total from the ledger: %w", err)
	}
	for _, s := range stagesOf(d.tree) {
		if paid[s] > 0 {
			err = errors.Join(err, d.writer.Add(s, paid[s]))
		}
	}
	if err != nil {
		return fmt.Errorf("the running total: %w", err)
	}
	holders, err := d.stores.quotas.Holders(ctx)
	for _, h := range holders { // earlier lives of this process: the folder is locked, so nobody else can be
		err = errors.Join(err, d.host.Retire(ctx, h))
	}
	if err != nil {
		return fmt.Errorf("giving back the budget of an earlier life: %w", err)
	}
	if err := d.restoreStock(ctx); err != nil {
		return fmt.Errorf("giving back the stock of an earlier life: %w", err)
	}
	began := time.Now()
	n, err := d.host.Recover(ctx, wallet.Never)
	if err != nil {
		return fmt.Errorf("posting what an earlier life left behind: %w", err)
	}
	if n > 0 {
		d.log.Info("posted what an earlier life had acknowledged", "orders", n, "took", time.Since(began).Round(time.Millisecond))
	}
	return nil
}

// waiting says, of an order that is open, whether it waits for its turn: what was pushed longest ago is that old. Where
// nobody can tell, it is stuck.
func (d *walletInstance) waiting(age time.Duration) func(context.Context) bool {
	return func(ctx context.Context) bool {
		oldest, any, err := d.stores.backlog.Oldest(ctx)
		return err == nil && any && RealClock{}.Now().Sub(oldest) > age
	}
}

// readBackup returns what moves reads of the running total to its backup (R4); nil: there is none.
func (d *walletInstance) readBackup() func(bool) {
	if d.stores.mirrored == nil {
		return nil
	}
	return d.stores.mirrored.ReadBackup
}

// agree makes the two stores of the running total agree (R4), where there are two.
func (d *walletInstance) agree(ctx context.Context, s wallet.Stage) error {
	if d.stores.mirrored == nil {
		return nil
	}
	primary, backup, err := d.stores.mirrored.Agree(ctx, s)
	if primary+backup > 0 {
		d.log.Info("the stores of the running total were made to agree", "stage", s.String(), "told_primary", primary, "told_backup", backup)
	}
	return err
}

// repair returns the chore that restores to the running total what dead instances took with them.
func (d *walletInstance) repair(r *runningtotal.Repairer) func(context.Context) error {
	return func(ctx context.Context) error {
		paid, err := runningtotal.Posted(ctx, d.stores.ledger)
		if err != nil {
			return err
		}
		for _, s := range stagesOf(d.tree) {
			if e := d.agree(ctx, s); e != nil {
				err = errors.Join(err, e)
				continue // what a store lacks would be taken for lost
			}
			back, e := r.Repair(ctx, s, paid[s])
			if back > 0 {
				d.log.Info("the running total was repaired", "stage", s.String(), "fen", int64(back))
			}
			err = errors.Join(err, e)
		}
		return err
	}
}

// books are the sides of a reconciliation.
func (d *walletInstance) books() reconcile.Books {
	b := reconcile.Books{Orders: d.stores.orders, Ledger: d.stores.ledger, Spent: d.budgets.Spent}
	return b
}

func (d *walletInstance) close() error {
	d.downstreams.close()
	return d.stores.close()
}

// stagesOf returns the stages that an activity has.
func stagesOf(a wallet.Activity) (out []wallet.Stage) {
	for _, c := range a.Children {
		out = append(out, c.Stage)
	}
	return out
}

// releaseOf returns who may withdraw.
func releaseOf(c Release) wallet.Release {
	r := wallet.Release{Num: c.Num, Den: c.Den}
	for _, id := range c.WhiteList {
		r.WhiteList = append(r.WhiteList, wallet.ActID(id))
	}
	return r
}
