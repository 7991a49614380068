package open

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hongbao/reference/service"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

// How long an instance caches the person of an account, if other instances may join wallets, and if there are none.
const (
	rememberFor   = time.Second
	rememberAlone = time.Hour
)

// walletInstance is a wallet on its own stores: the live one, or the load test's shadow wallet (K2). The two share only the
// process, its switches and its settings.
type walletInstance struct {
	*service.Wallet
	stores  *stores
	systems *downstreams
}

// openInstance opens a wallet and restores what an earlier run of it had acknowledged.
func (s *Service) openInstance(ctx context.Context, shadow bool) (*walletInstance, error) {
	d, err := s.newInstance(ctx, shadow)
	if err == nil && s.config.embedded() {
		began := time.Now()
		var posted int
		if posted, err = d.Restore(ctx); posted > 0 {
			d.Log.Info("posted the acknowledged grants of an earlier run", "orders", posted, "took", time.Since(began).Round(time.Millisecond))
		}
	}
	if err != nil && d != nil {
		err = errors.Join(err, d.close())
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// newInstance opens the stores and composes the wallet. Close what it returns, even with an error.
func (s *Service) newInstance(ctx context.Context, shadow bool) (*walletInstance, error) {
	c := s.config
	d := &walletInstance{}
	var err error
	if d.stores, err = openStores(ctx, c, s.mini, systemClock{}, shadow); err != nil {
		return nil, err
	}
	policy := token.DefaultPolicy()
	if shadow {
		policy.Purpose = token.LoadTest
	}
	sealer, err := token.NewReal(s.keys, policy)
	if err != nil {
		return d, err
	}
	if !shadow {
		s.openRuntimeFlags(ctx, d.stores.centre)
	}
	if d.systems, err = s.openDownstreams(shadow); err != nil {
		return d, err
	}
	p := d.stores.ports()
	p.Clock, p.Sealer, p.Downstreams = systemClock{}, sealer, d.systems.byAward
	p.Switches, p.Settings, p.Log = s.flags.set, s.flags.centre, s.log.With("wallet", "live")
	if shadow {
		p.Log = s.log.With("wallet", "shadow")
	} else {
		p.Alarm, p.Posted = func(kind wallet.AlarmKind, _ string) { s.metrics.Alarm(kind) }, s.metrics.Batch
	}
	d.Wallet, err = service.New(s.walletConfig(shadow), p)
	if err != nil {
		return d, fmt.Errorf("composing the wallet: %w", err)
	}
	return d, nil
}

// walletConfig returns how the wallets of this instance work.
func (s *Service) walletConfig(shadow bool) service.Config {
	c := s.config
	out := service.Config{
		Name: s.name, Activity: s.tree, Strategy: wallet.Strategy(c.Strategy), Stock: wallet.StockStrategy(c.Stock),
		Instances: c.Instances, Shards: c.Shards, Batch: c.Batch, SyncLimit: c.SyncLimit, BudgetBlock: wallet.Money(c.BudgetBlock),
		Limits:          service.Limits{Grants: c.Limits.Grants, Pages: c.Limits.Pages, Withdrawals: c.Limits.Withdrawals},
		CompensateAfter: c.CompensateAfter, Chores: c.Chores, PostRest: c.PostRest, Drain: c.Drain, RememberFor: rememberFor, Shadow: shadow,
	}
	if c.embedded() {
		out.RememberFor = rememberAlone
	}
	return out
}

// close closes the connections of the wallet.
func (d *walletInstance) close() error {
	d.systems.close()
	return d.stores.close()
}

// releaseOf returns who may withdraw.
func releaseOf(c Release) wallet.Release {
	r := wallet.Release{Num: c.Num, Den: c.Den}
	for _, id := range c.WhiteList {
		r.WhiteList = append(r.WhiteList, wallet.ActID(id))
	}
	return r
}
