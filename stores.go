package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/redis"
	sqlstore "hongbao/reference/store/sql"
	"hongbao/reference/wallet"
)

// How the stores are opened.
const (
	backlogLease = 30 * time.Second      // a poster holds a batch: above all tries of all its steps (host's bound)
	costAccounts = 16                    // sub-accounts that share a stage's cost account, so that no row is hot
	shadowLife   = 24 * time.Hour        // marked data in Redis goes away by itself (K2)
	miniTick     = 50 * time.Millisecond // how often the embedded Redis is told that time passes
	warmConns    = 16                    // connections made before the service is ready (K1)
)

// stores is everything that one wallet keeps.
type stores struct {
	sql    *sqlstore.DB
	caches []*redis.Client

	identities  wallet.IdentityStore
	orders      *sqlstore.Orders
	quotas      *sqlstore.Quotas
	ledger      *sqlstore.Ledger
	withdrawals wallet.Withdrawals
	bank        wallet.Bank
	audit       wallet.AuditLog

	backlog  *redis.Backlog
	tokens   *redis.Tokens
	leases   *redis.Leases
	totals   *redis.Totals
	switches *redis.Switches
}

// openStores opens the stores of the live traffic, or of the marked load, warm. mini is the embedded Redis, nil where
// the configuration names others.
func openStores(ctx context.Context, c *serveConfig, mini *miniredis.Miniredis, clock wallet.Clock, shadow bool) (*stores, error) {
	s := &stores{}
	if err := s.open(ctx, c, mini, clock, shadow); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stores) open(ctx context.Context, c *serveConfig, mini *miniredis.Miniredis, clock wallet.Clock, shadow bool) error {
	var err error
	if s.sql, err = sqlstore.Open(ctx, sqlOf(c, shadow)); err != nil {
		return err
	}
	s.identities, s.orders, s.quotas = mem.NewIdentities(), sqlstore.NewOrders(s.sql), sqlstore.NewQuotas(s.sql)
	s.ledger, s.withdrawals = sqlstore.NewLedger(s.sql, clock, costAccounts), mem.NewWithdrawals()
	s.bank = mem.NewBank()

	dialled := map[*redisEndpoint]*redis.Client{}
	dial := func(e *redisEndpoint) *redis.Client {
		if err != nil || dialled[e] != nil {
			return dialled[e]
		}
		var client *redis.Client
		if client, err = redis.Dial(ctx, redisOf(e, mini, shadow)); err == nil {
			dialled[e], s.caches = client, append(s.caches, client)
		}
		return client
	}
	tokens, locks, totals, switches := dial(c.Redis.Tokens), dial(c.Redis.Locks), dial(c.Redis.Totals), dial(c.Redis.Switches)
	if err != nil {
		return err
	}
	s.backlog = redis.NewBacklog(tokens, clock, c.Shards, backlogLease)
	s.tokens = redis.NewTokens(s.backlog)
	s.leases, s.totals, s.switches = redis.NewLeases(locks), redis.NewTotals(totals), redis.NewSwitches(switches)
	return s.warm(ctx)
}

// warm makes connections before the first request needs them (K1).
func (s *stores) warm(ctx context.Context) error {
	err := s.sql.Warm(ctx, warmConns)
	for _, r := range s.caches {
		err = errors.Join(err, r.Warm(ctx, warmConns))
	}
	return err
}

// ping says what cannot be reached.
func (s *stores) ping(ctx context.Context) error {
	err := s.sql.Ping(ctx)
	for _, r := range s.caches {
		err = errors.Join(err, r.Ping(ctx))
	}
	return err
}

func (s *stores) close() error {
	for _, r := range s.caches {
		r.Close()
	}
	if s.sql == nil {
		return nil
	}
	return s.sql.Close()
}

// sqlOf returns where the books are. Embedded, the marked load has a file of its own, so that its commits and those of
// the live traffic do not wait for each other.
func sqlOf(c *serveConfig, shadow bool) sqlstore.Config {
	if !c.embedded() {
		return sqlstore.Config{Driver: "mysql", DSNs: c.MySQL.DSNs, MaxConns: c.MySQL.MaxConns, Shadow: shadow}
	}
	file := "hongbao.db"
	if shadow {
		file = "shadow.db"
	}
	return sqlstore.Config{Driver: "sqlite", DSNs: []string{filepath.Join(c.Data, file)}, Shadow: shadow}
}

// redisOf returns how to reach an endpoint; nil is the embedded one.
func redisOf(e *redisEndpoint, mini *miniredis.Miniredis, shadow bool) redis.Config {
	var c redis.Config
	if e == nil {
		c.Addrs = []string{mini.Addr()}
	} else {
		c = redis.Config{Addrs: e.Addrs, Cluster: e.Cluster, SentinelMaster: e.Sentinel, Username: e.Username, Password: e.Password}
		if e.TLS {
			c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	}
	if shadow {
		c.Prefix, c.Expire = "shadow:", shadowLife
	}
	return c
}

// startMini starts the embedded Redis on a port of this machine alone, and tells it the time until ctx ends.
func startMini(ctx context.Context) (*miniredis.Miniredis, error) {
	m := miniredis.NewMiniRedis()
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("starting the embedded Redis: %w", err)
	}
	go func() {
		defer m.Close()
		t := time.NewTicker(miniTick)
		defer t.Stop()
		for last := time.Now(); ; {
			select {
			case <-ctx.Done():
				return
			case now := <-t.C:
				m.FastForward(now.Sub(last))
				last = now
			}
		}
	}()
	return m, nil
}
