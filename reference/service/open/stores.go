package open

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"

	"hongbao/reference/runningtotal"
	"hongbao/reference/service"
	"hongbao/reference/store/redis"
	"hongbao/reference/store/sql"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

// How the stores are opened.
const (
	backlogLease = 30 * time.Second      // a poster holds a batch: above the time of all retries of all its steps (bounded in host)
	costAccounts = 16                    // sub-accounts that share a stage's cost account, so that no row is hot
	tokenExpiry  = token.DefaultLifetime // a token list unused for so long contains only expired tokens
	shadowExpiry = 24 * time.Hour        // a load test's keys in Redis expire (K2)
	lockTick     = 50 * time.Millisecond // clock interval of the embedded Redis of locks
	dataTick     = time.Hour             // the same for the other one, which stops to visit all keys at each tick
	warmConns    = 16                    // connections opened before the service is ready (K1)
)

// stores are all stores of one wallet.
type stores struct {
	sql    *sqlstore.DB
	caches []*redis.Client

	identities  *sqlstore.Identities
	orders      *sqlstore.Orders
	quotas      *sqlstore.Quotas
	admissions  *sqlstore.Admissions
	ledger      *sqlstore.Ledger
	withdrawals *sqlstore.Withdrawals
	days        *sqlstore.WithdrawalDays
	bank        *sqlstore.Bank
	packets     *sqlstore.Packets
	items       *sqlstore.Items
	stockLeases *sqlstore.StockLeases
	audit       *sqlstore.AuditLog

	backlog *redis.Backlog
	tokens  *redis.Tokens
	leases  *redis.Leases
	permits *redis.Permits
	totals  runningtotal.CentralStore
	backup  runningtotal.CentralStore // a second store of the running total (R4); nil: none
	centre  *lazyCentre
	stock   *redis.Stock // in the Redis of the running total: small keys with many readers
}

// openStores opens and warms the stores of the live wallet or of the shadow wallet. mini is nil if Redis is elsewhere.
func openStores(ctx context.Context, c *Config, mini *embedded, clock wallet.Clock, shadow bool) (*stores, error) {
	s := &stores{}
	if err := s.open(ctx, c, mini, clock, shadow); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stores) open(ctx context.Context, c *Config, mini *embedded, clock wallet.Clock, shadow bool) error {
	var err error
	if s.sql, err = sqlstore.Open(ctx, SqlOf(c, shadow)); err != nil {
		return err
	}
	s.identities, s.orders, s.quotas = sqlstore.NewIdentities(s.sql), sqlstore.NewOrders(s.sql), sqlstore.NewQuotas(s.sql)
	s.admissions = sqlstore.NewAdmissions(s.orders, s.quotas)
	s.ledger, s.withdrawals = sqlstore.NewLedger(s.sql, clock, costAccounts), sqlstore.NewWithdrawals(s.sql)
	s.days, s.bank, s.audit = sqlstore.NewWithdrawalDays(s.sql), sqlstore.NewBank(s.sql), sqlstore.NewAuditLog(s.sql)
	s.packets, s.items, s.stockLeases = sqlstore.NewPackets(s.sql), sqlstore.NewItems(s.sql), sqlstore.NewStockLeases(s.sql)

	reach := func(e *RedisEndpoint, own func(*embedded) *miniredis.Miniredis, expire time.Duration) redis.Config {
		config := redisOf(e, mini, own, shadow, expire)
		config.Prefix = c.Redis.Prefix + config.Prefix
		return config
	}
	dial := func(e *RedisEndpoint, own func(*embedded) *miniredis.Miniredis, expire time.Duration) *redis.Client {
		if err != nil {
			return nil
		}
		var client *redis.Client
		if client, err = redis.Dial(ctx, reach(e, own, expire)); err == nil {
			s.caches = append(s.caches, client)
		}
		return client
	}
	data, locks := func(m *embedded) *miniredis.Miniredis { return m.data }, func(m *embedded) *miniredis.Miniredis { return m.locks }
	tokens, leases := dial(c.Redis.Tokens, data, tokenExpiry), dial(c.Redis.Locks, locks, 0)
	totals := dial(c.Redis.Totals, data, 0)
	if err != nil {
		return err
	}
	s.backlog = redis.NewBacklog(tokens, clock, c.Shards, backlogLease)
	s.tokens = redis.NewTokens(s.backlog)
	s.leases, s.permits = redis.NewLeases(leases), redis.NewPermits(leases)
	s.totals, s.centre = redis.NewTotals(totals), &lazyCentre{at: reach(c.Redis.Switches, data, 0)}
	s.stock = redis.NewStock(totals)
	if c.Redis.Backup != nil {
		backup := dial(c.Redis.Backup, data, 0)
		if err != nil {
			return err
		}
		s.backup = redis.NewTotals(backup)
	}
	return s.warm(ctx)
}

// ports returns the stores as the ports of a wallet.
func (s *stores) ports() service.Ports {
	return service.Ports{
		Identities: s.identities, Orders: s.orders, Admissions: s.admissions, Quotas: s.quotas, Tokens: s.tokens, Backlog: s.backlog,
		Ledger: s.ledger, Withdrawals: s.withdrawals, Days: s.days, Bank: s.bank, Packets: s.packets, Items: s.items, Lists: sqlstore.NewListPresence(s.sql),
		Permits: s.permits, Leases: s.leases, Totals: s.totals, Backup: s.backup, Stock: s.stock, StockLeases: s.stockLeases,
	}
}

// warm opens connections before the first request needs them (K1).
func (s *stores) warm(ctx context.Context) error {
	err := s.sql.Warm(ctx, warmConns)
	for _, r := range s.caches {
		err = errors.Join(err, r.Warm(ctx, warmConns))
	}
	return err
}

// ping returns which required stores are unreachable. At the last resort only the ledger database is required (D2). The
// config centre is never required (D1).
func (s *stores) ping(ctx context.Context, lastResort bool) error {
	err := s.sql.Ping(ctx)
	if lastResort {
		return err
	}
	for _, r := range s.caches {
		err = errors.Join(err, r.Ping(ctx))
	}
	return err
}

func (s *stores) close() error {
	if s.centre != nil {
		s.centre.close()
	}
	for _, r := range s.caches {
		r.Close()
	}
	if s.sql == nil {
		return nil
	}
	return s.sql.Close()
}

// SqlOf returns the configuration of the SQL stores of one wallet. Embedded, the shadow wallet has a separate file, so
// that its commits and those of the live wallet do not wait for each other.
func SqlOf(c *Config, shadow bool) sqlstore.Config {
	if !c.embedded() {
		return sqlstore.Config{Driver: "mysql", DSNs: c.MySQL.DSNs, MaxConns: c.MySQL.MaxConns, Shadow: shadow}
	}
	file := "hongbao.db"
	if shadow {
		file = "shadow.db"
	}
	return sqlstore.Config{Driver: "sqlite", DSNs: []string{filepath.Join(c.Data, file)}, Shadow: shadow}
}

// redisOf returns how to connect to the endpoint of a role; nil is the embedded Redis.
func redisOf(e *RedisEndpoint, mini *embedded, own func(*embedded) *miniredis.Miniredis, shadow bool, expire time.Duration) redis.Config {
	c := redis.Config{Expire: expire}
	if e == nil {
		c.Expire = 0 // its data ends with the process
		server := own(mini)
		c.Addrs, c.Dial = []string{server.Addr()}, func(context.Context, string) (net.Conn, error) { return connect(server), nil }
	} else {
		c.Addrs, c.Cluster, c.SentinelMaster, c.Username, c.Password = e.Addrs, e.Cluster, e.Sentinel, e.Username, e.Password
		if e.TLS {
			c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	}
	if shadow {
		c.Prefix, c.Expire = redis.ShadowPrefix, shadowExpiry
	}
	return c
}

// embedded is Redis in this process, on loopback ports. Locks have a separate server, because they expire, and advancing a
// server's clock costs a visit of all its keys.
type embedded struct {
	data, locks *miniredis.Miniredis
	stop        chan struct{}
}

func startEmbedded() (*embedded, error) {
	m := &embedded{data: miniredis.NewMiniRedis(), locks: miniredis.NewMiniRedis(), stop: make(chan struct{})}
	if err := errors.Join(m.data.StartAddr("127.0.0.1:0"), m.locks.StartAddr("127.0.0.1:0")); err != nil {
		return nil, fmt.Errorf("starting the embedded Redis: %w", err)
	}
	go m.tick(m.data, dataTick)
	go m.tick(m.locks, lockTick)
	return m, nil
}

// connect returns a connection to an embedded server that never leaves the process.
func connect(server *miniredis.Miniredis) net.Conn {
	ours, theirs := net.Pipe()
	server.Server().ServeConn(theirs)
	return ours
}

// tick advances a server's clock.
func (m *embedded) tick(server *miniredis.Miniredis, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for last := time.Now(); ; {
		select {
		case <-m.stop:
			return
		case now := <-t.C:
			server.FastForward(now.Sub(last))
			last = now
		}
	}
}

func (m *embedded) close() {
	close(m.stop)
	m.data.Close()
	m.locks.Close()
}
