package main

import (
	"context"

	"hongbao/reference/downstream/fake"
	"hongbao/reference/reconcile"
	"hongbao/reference/wallet"
)

// records is read access to all that one wallet has on record, for an audit after a load test. It is not to be read
// after the wallet's stores were cleaned up or closed.
type records struct {
	ledger                   wallet.LedgerBook
	orders                   wallet.OrderBook
	tokens                   wallet.TokenBook
	withdrawals              wallet.WithdrawalBook
	bank                     wallet.BankBook
	items                    wallet.ItemBook
	packets                  wallet.PacketBook
	spent                    func(wallet.Stage) (wallet.Money, error)
	issued                   func(wallet.Template) (int64, bool) // coupons on record; nil: the stock strategy keeps no exact count
	standIns                 map[wallet.AwardType]*fake.System   // the reward systems; nil: they are other companies'
	found                    reconcile.Report                    // of the wallet's own reconciliation
	openOrders, backlogDepth int64
	at                       wallet.Instant // when it was read
}

// readRecords returns what the stores of a wallet hold.
func (s *stores) readRecords(ctx context.Context, found reconcile.Report, spent func(wallet.Stage) (wallet.Money, error)) (records, error) {
	depth, err := s.backlog.Depth(ctx)
	if err != nil {
		return records{}, err
	}
	open, err := s.orders.OpenCount(ctx)
	if err != nil {
		return records{}, err
	}
	return records{ledger: s.ledger, orders: s.orders, tokens: s.tokens, withdrawals: s.withdrawals, bank: s.bank, items: s.items, packets: s.packets,
		spent: spent, found: found, openOrders: open, backlogDepth: depth, at: realClock{}.Now()}, nil
}

// leased returns how many coupons are issued according to the records of leased stock. Under other strategies the count
// is in Redis and may hold attempts that were refused.
func (s *stores) leased(ctx context.Context) func(wallet.Template) (int64, bool) {
	return func(t wallet.Template) (int64, bool) {
		leases, err := s.stockBook.Of(t.Reward)
		if err != nil {
			return 0, false
		}
		q, err := leases.Quota(ctx, t.Stage)
		return int64(q.Reserved), err == nil
	}
}

// records reconciles the wallet and returns what it has on record.
func (d *side) records(ctx context.Context) (records, error) {
	found, err := d.node.Reconcile(ctx, d.books())
	if err != nil {
		return records{}, err
	}
	r, err := d.stores.readRecords(ctx, found, func(s wallet.Stage) (wallet.Money, error) { return d.budgets.Spent(ctx, s) })
	if d.behind.stock.Lease != nil {
		r.issued = d.stores.leased(ctx)
	}
	r.standIns = d.behind.standIns
	return r, err
}

// shadowRecords returns what the load-test wallet has on record.
func (s *service) shadowRecords(ctx context.Context) (records, error) {
	return asked(s.shadow, func(d *side) (records, error) { return d.records(ctx) })
}

// readShadow opens the stores of the load-test wallet of a service elsewhere, by that service's configuration. read
// returns what they hold. It changes nothing in them. Errors of the configuration are configuration errors; among them,
// that the stores are in the service's own process.
func readShadow(ctx context.Context, c serveConfig) (read func(context.Context) (records, error), stop func() error, err error) {
	if err := c.finish(); err != nil {
		return nil, nil, err
	}
	if c.embedded() {
		return nil, nil, configError("its stores are in the service's own process; a service on Redis and MySQL can be read from outside")
	}
	st, err := openStores(ctx, &c, nil, realClock{}, true)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context) (records, error) {
		spent := func(stage wallet.Stage) (wallet.Money, error) {
			q, err := st.quotas.Quota(ctx, stage)
			return q.Reserved, err
		}
		sources := reconcile.Books{Orders: st.orders, Ledger: st.ledger, Spent: func(_ context.Context, stage wallet.Stage) (wallet.Money, error) { return spent(stage) }}
		found, err := reconcile.Run(ctx, sources, wallet.Never)
		if err != nil {
			return records{}, err
		}
		r, err := st.readRecords(ctx, found, spent)
		if c.Stock == string(wallet.StockLease) {
			r.issued = st.leased(ctx)
		}
		return r, err
	}, st.close, nil
}
