package open

import (
	"context"

	"hongbao/reference/downstream/fake"
	"hongbao/reference/reconcile"
	"hongbao/reference/wallet"
)

// Records is read access to everything that one wallet has on record, for the audit after a load test. It must not be used
// after the wallet's stores were cleaned up or closed.
type Records struct {
	Ledger                   wallet.LedgerReader
	Orders                   wallet.OrderReader
	Tokens                   wallet.TokenReader
	Withdrawals              wallet.WithdrawalReader
	Bank                     wallet.BankReader
	Items                    wallet.ItemReader
	Packets                  wallet.PacketReader
	Spent                    func(wallet.Stage) (wallet.Money, error)
	Issued                   func(wallet.Template) (int64, bool) // coupons on record; nil: the stock strategy keeps no exact count
	StandIns                 map[wallet.AwardType]*fake.System   // the stand-ins of the reward systems; nil: they are real
	Found                    reconcile.Report                    // by the wallet's own reconciliation
	OpenOrders, BacklogDepth int64
	At                       wallet.Instant // when it was read
}

// readRecords returns what the stores of a wallet hold. leases: its coupons are counted by leased stock.
func (s *stores) readRecords(ctx context.Context, found reconcile.Report, spent func(context.Context, wallet.Stage) (wallet.Money, error), leases bool) (Records, error) {
	depth, err := s.backlog.Depth(ctx)
	if err != nil {
		return Records{}, err
	}
	open, err := s.orders.OpenCount(ctx)
	if err != nil {
		return Records{}, err
	}
	r := Records{Ledger: s.ledger, Orders: s.orders, Tokens: s.tokens, Withdrawals: s.withdrawals, Bank: s.bank, Items: s.items, Packets: s.packets,
		Spent: func(stage wallet.Stage) (wallet.Money, error) { return spent(ctx, stage) },
		Found: found, OpenOrders: open, BacklogDepth: depth, At: systemClock{}.Now()}
	if leases {
		r.Issued = s.leased(ctx)
	}
	return r, nil
}

// leased returns how many coupons are issued according to the records of leased stock. Under other strategies the count
// is in Redis and may hold attempts that were refused.
func (s *stores) leased(ctx context.Context) func(wallet.Template) (int64, bool) {
	return func(t wallet.Template) (int64, bool) {
		leases, err := s.stockLeases.Of(t.Reward)
		if err != nil {
			return 0, false
		}
		q, err := leases.Quota(ctx, t.Stage)
		return int64(q.Reserved), err == nil
	}
}

// records reconciles the wallet and returns what it has on record.
func (d *walletInstance) records(ctx context.Context) (Records, error) {
	found, err := d.Reconcile(ctx)
	if err != nil {
		return Records{}, err
	}
	r, err := d.stores.readRecords(ctx, found, d.Spent, d.Coupons.Lease != nil)
	r.StandIns = d.systems.fakes
	return r, err
}

// ShadowRecords returns what the load-test wallet has on record.
func (s *Service) ShadowRecords(ctx context.Context) (Records, error) {
	return withInstance(s.shadow, func(d *walletInstance) (Records, error) { return d.records(ctx) })
}

// ReadShadow opens the stores of the load-test wallet of a service elsewhere, by that service's configuration. read
// returns what they hold. It changes nothing in them. Errors of the configuration are configuration errors; among them,
// that the stores are in the service's own process.
func ReadShadow(ctx context.Context, c Config) (read func(context.Context) (Records, error), stop func() error, err error) {
	if err := c.Complete(); err != nil {
		return nil, nil, err
	}
	if c.embedded() {
		return nil, nil, configError("its stores are in the service's own process; a service on Redis and MySQL can be read from outside")
	}
	st, err := openStores(ctx, &c, nil, systemClock{}, true)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context) (Records, error) {
		spent := func(ctx context.Context, stage wallet.Stage) (wallet.Money, error) {
			q, err := st.quotas.Quota(ctx, stage)
			return q.Reserved, err
		}
		found, err := reconcile.Run(ctx, reconcile.Sources{Orders: st.orders, Ledger: st.ledger, Spent: spent}, wallet.Never)
		if err != nil {
			return Records{}, err
		}
		return st.readRecords(ctx, found, spent, c.Stock == string(wallet.StockLease))
	}, st.close, nil
}
