package main

import (
	"context"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/reconcile"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
)

// storesOf reads the stores of a target's marked load by the target's own configuration file, so that the judge sees
// what is on record and not only what the target says. It changes nothing in them.
func storesOf(ctx context.Context, file string, s *scenarios.Scenario) (books func(context.Context) (oracle.Books, error), stop func() error, err error) {
	c := defaultConfig()
	if err := readConfig(file, &c); err != nil {
		return nil, nil, err
	}
	if err := c.finish(); err != nil {
		return nil, nil, err
	}
	if c.embedded() {
		return nil, nil, usage("--books %s: its stores are in the service's own process; a service on Redis and MySQL can be read from outside", file)
	}
	st, err := openStores(ctx, &c, nil, realClock{}, true)
	if err != nil {
		return nil, nil, internal(err)
	}
	return func(ctx context.Context) (oracle.Books, error) {
		spent := func(stage wallet.Stage) (wallet.Money, error) {
			q, err := st.quotas.Quota(ctx, stage)
			return q.Reserved, err
		}
		found, err := reconcile.Run(ctx, reconcile.Books{Orders: st.orders, Ledger: st.ledger, Spent: func(_ context.Context, stage wallet.Stage) (wallet.Money, error) { return spent(stage) }}, wallet.Never)
		if err != nil {
			return oracle.Books{}, err
		}
		b, err := st.books(ctx, found, spent)
		if c.Stock == string(wallet.StockLease) {
			b.Rewards.Issued = st.leased(ctx)
		}
		return b, err
	}, st.close, nil
}

// leased returns how many coupons the books say are issued, where stock is leased. Under other strategies the count is in
// Redis and may hold tries that were refused.
func (s *stores) leased(ctx context.Context) func(wallet.Template) (int64, bool) {
	return func(t wallet.Template) (int64, bool) {
		book, err := s.stockBook.Of(t.Reward)
		if err != nil {
			return 0, false
		}
		q, err := book.Quota(ctx, t.Stage)
		return int64(q.Reserved), err == nil
	}
}

// handed returns the books of the stand-ins of downstreams, one system after the other.
func handed(systems map[wallet.AwardType]*fake.System, now wallet.Instant) func(yield func(oracle.Handed) bool) {
	return func(yield func(oracle.Handed) bool) {
		for _, award := range downstream.Awards() {
			for e := range systems[award].Books(now) {
				if !yield(oracle.Handed(e)) {
					return
				}
			}
		}
	}
}

// books are everything on record, for the judge, with what the wallet's own reconciliation found.
func (s *stores) books(ctx context.Context, found reconcile.Report, spent func(wallet.Stage) (wallet.Money, error)) (oracle.Books, error) {
	depth, err := s.backlog.Depth(ctx)
	if err != nil {
		return oracle.Books{}, err
	}
	open, err := s.orders.OpenCount(ctx)
	if err != nil {
		return oracle.Books{}, err
	}
	return oracle.Books{
		Ledger: s.ledger, Orders: s.orders, Tokens: s.tokens, Withdrawals: s.withdrawals, Bank: s.bank, Spent: spent,
		Reported: found.Differences, ReconcileRan: true, OpenOrders: open, BacklogDepth: depth,
		Rewards: oracle.RewardBooks{Items: s.items}, Packets: oracle.PacketBooks{Packets: s.packets, At: realClock{}.Now()},
	}, nil
}
