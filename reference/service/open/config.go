package open

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	dswire "hongbao/reference/downstream/wire"
	"hongbao/reference/wallet"
)

// maxConfig bounds a configuration file in bytes. A full one takes two kilobytes.
const maxConfig = 1 << 18

// Config is the content of hongbao.yaml: how one instance of the service works. Without Redis and MySQL it keeps everything
// in its process and in the folder Data.
type Config struct {
	Listen   string `yaml:"listen"`    // address of the API
	Debug    string `yaml:"debug"`     // address of metrics and profiles; "" = none
	Data     string `yaml:"data"`      // folder of keys, and of the embedded stores
	Instance string `yaml:"instance"`  // name of this instance, unique among those that share stores
	Strategy string `yaml:"strategy"`  // sync, async or token (T1)
	Scenario string `yaml:"scenario"`  // scenario file whose official stage is granted; "" = Activity. The caller of New reads it
	LoadTest bool   `yaml:"load_test"` // accept requests with the load-test mark, on shadow stores (K2)

	Keys      string `yaml:"keys"`       // callers, operators and the session key; default DATA/keys.json
	TokenKeys string `yaml:"token_keys"` // keys of clients' tokens; default DATA/token-keys.json

	Stock       string           `yaml:"stock"`       // how coupons are counted: lease, split-key or single-key (C3-C5)
	Downstreams DownstreamConfig `yaml:"downstreams"` // the systems of the reward types; none: stand-ins in this process

	StandIns *fake.Behaviour `yaml:"-"` // faults of the stand-ins; nil: they have none
	Activity wallet.Activity `yaml:"-"` // what is granted; without children: BuiltInActivity
	Log      *slog.Logger    `yaml:"-"` // nil: nothing is logged

	TLS   TLSConfig   `yaml:"tls"`
	Redis RedisConfig `yaml:"redis"`
	MySQL MySQLConfig `yaml:"mysql"`

	Shards          int           `yaml:"shards"`           // of the backlog; all instances must agree, and it must never change
	Batch           int           `yaml:"batch"`            // credits in one ledger transaction
	Instances       int           `yaml:"instances"`        // number of instances that share the limits
	SyncLimit       int           `yaml:"sync_limit"`       // grants a second of all instances under sync and at the last resort; 0 = none
	BudgetBlock     int64         `yaml:"budget_block_fen"` // budget that an instance leases at once
	MaxInFlight     int           `yaml:"max_in_flight"`    // largest number of concurrent requests
	MaxEveryday     int           `yaml:"max_everyday"`     // the same for callers of everyday traffic (L3)
	Deadline        time.Duration `yaml:"deadline"`         // of one request
	CompensateAfter time.Duration `yaml:"compensate_after"` // age from which an open order counts as stuck (O5)
	Chores          time.Duration `yaml:"chores"`           // interval of settling stuck orders, withdrawals and packets
	PostRest        time.Duration `yaml:"post_rest"`        // pause of a poster after a batch that was not full
	Drain           time.Duration `yaml:"drain"`            // longest time that a stopping instance posts held credits
	Limits          Limits        `yaml:"limits"`           // limits of incoming requests, over all instances (L1, L2)
	Release         Release       `yaml:"release"`          // who may withdraw (B7)
}

type TLSConfig struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// DownstreamConfig is the address of the reward systems. The path of each one is the name of its award type.
type DownstreamConfig struct {
	URL     string        `yaml:"url"`
	Secret  string        `yaml:"secret"`  // shared key of signatures; or env:NAME
	Timeout time.Duration `yaml:"timeout"` // of one call; 0 = two seconds, at most the deadline
}

// RedisConfig has one endpoint for each role, so that each can fail alone. A missing role uses Main.
type RedisConfig struct {
	Prefix   string         `yaml:"prefix"` // of every key, so that several services can share a Redis
	Main     *RedisEndpoint `yaml:"main"`
	Tokens   *RedisEndpoint `yaml:"tokens"` // token lists and the posting backlog
	Locks    *RedisEndpoint `yaml:"locks"`
	Totals   *RedisEndpoint `yaml:"totals"`
	Backup   *RedisEndpoint `yaml:"totals_backup"` // second store of the running total (R4); nil = none
	Switches *RedisEndpoint `yaml:"switches"`
}

type RedisEndpoint struct {
	Addrs    texts  `yaml:"addrs"`
	Cluster  bool   `yaml:"cluster"`
	Sentinel string `yaml:"sentinel"` // name of the master; then addrs are the sentinels
	Username string `yaml:"username"`
	Password string `yaml:"password"` // or env:NAME
	TLS      bool   `yaml:"tls"`
}

// MySQLConfig has one data source per shard. Their order must not change: it decides the shard of each wallet.
type MySQLConfig struct {
	DSNs     texts `yaml:"dsns"` // of go-sql-driver/mysql, or env:NAME
	MaxConns int   `yaml:"max_conns"`
}

// Limits are the most requests a second of each kind over all instances; 0 = no limit.
type Limits struct {
	Grants      int64 `yaml:"grants_per_s"`
	Pages       int64 `yaml:"pages_per_s"`
	Withdrawals int64 `yaml:"withdrawals_per_s"`
}

// Release opens withdrawals to a share of people, and to the wallets of the white list.
type Release struct {
	Num       int64   `yaml:"num"`
	Den       int64   `yaml:"den"`
	WhiteList []int64 `yaml:"white_list"` // wallets
}

// Default returns the configuration of a service with embedded stores.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:8080", Debug: "127.0.0.1:8081", Data: "data", Instance: "hongbao", Strategy: string(wallet.StrategyToken), LoadTest: true,
		Stock:  string(wallet.StockLease),
		Shards: 16, Batch: 500, Instances: 1, BudgetBlock: 1_000_000, MaxInFlight: 4096, MaxEveryday: 512, Deadline: 3 * time.Second,
		CompensateAfter: time.Minute, Chores: 10 * time.Second, PostRest: time.Second, Drain: 30 * time.Second, Release: Release{Num: 1, Den: 1},
		MySQL: MySQLConfig{MaxConns: 16},
	}
}

// ReadConfig reads a file over the values of c. ErrConfig: the error names the line but does not show it, because it may
// contain a password.
func ReadConfig(file string, c *Config) error {
	f, err := os.Open(file)
	if err != nil {
		return configError("configuration file %s: %w", file, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return configError("configuration file %s: %w", file, err)
	}
	if len(text) > maxConfig {
		return configError("configuration file %s: larger than %d bytes", file, maxConfig)
	}
	read := *c
	err = yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&read)
	if err != nil && !errors.Is(err, io.EOF) {
		return configError("configuration file %s: %s", file, strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	if !reflect.ValueOf(read).IsZero() { // the parser resets everything for an empty file
		*c = read
	}
	return nil
}

// embedded reports whether the stores are in this process.
func (c *Config) embedded() bool { return len(c.MySQL.DSNs) == 0 }

// Complete sets derived values, reads secrets from the environment and validates. ErrConfig: all faults in one error.
func (c *Config) Complete() error {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if c.Keys == "" {
		c.Keys = filepath.Join(c.Data, "keys.json")
	}
	if c.TokenKeys == "" {
		c.TokenKeys = filepath.Join(c.Data, "token-keys.json")
	}
	c.checkStores(fault)
	if _, ok := wallet.ParseStrategy(c.Strategy); !ok {
		fault("strategy %q: use sync, async or token", c.Strategy)
	}
	c.checkRewards(fault)
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		fault("tls has only one of cert and key: set both, or neither for plain HTTP")
	} else if c.TLS.Cert != "" {
		if _, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key); err != nil {
			fault("tls: %v", err)
		}
	}
	if !hostPort(c.Listen) {
		fault("listen %q is not HOST:PORT", c.Listen)
	}
	if !hostPort(c.Debug) && c.Debug != "" {
		fault("debug %q is not HOST:PORT", c.Debug)
	}
	if c.Data == "" {
		fault("data is empty: set a folder for keys and stores")
	}
	if c.Instance == "" || strings.ContainsAny(c.Instance, " \t\n/") {
		fault("instance %q: use a short name without blanks or slashes", c.Instance)
	}
	for _, n := range []struct {
		name     string
		have     int64
		from, to int64
	}{
		{"shards", int64(c.Shards), 1, 4096}, {"batch", int64(c.Batch), 1, 5000}, {"instances", int64(c.Instances), 1, 100_000},
		{"budget_block_fen", c.BudgetBlock, 1, 1e15}, {"max_in_flight", int64(c.MaxInFlight), 1, 1_000_000}, {"max_everyday", int64(c.MaxEveryday), 1, 1_000_000}, {"sync_limit", int64(c.SyncLimit), 0, 1e9},
		{"mysql.max_conns", int64(c.MySQL.MaxConns), 1, 1000}, {"limits.grants_per_s", c.Limits.Grants, 0, 1e9}, {"limits.pages_per_s", c.Limits.Pages, 0, 1e9}, {"limits.withdrawals_per_s", c.Limits.Withdrawals, 0, 1e9},
		{"release.den", c.Release.Den, 1, 1e9}, {"release.num", c.Release.Num, 0, c.Release.Den},
	} {
		if n.have < n.from || n.have > n.to {
			fault("%s is %d, not in %d..%d", n.name, n.have, n.from, n.to)
		}
	}
	for _, d := range []struct {
		name           string
		have, from, to time.Duration
	}{
		{"deadline", c.Deadline, time.Millisecond, time.Minute}, {"chores", c.Chores, 100 * time.Millisecond, time.Hour},
		{"post_rest", c.PostRest, time.Millisecond, time.Minute},
		{"compensate_after", c.CompensateAfter, time.Second, 24 * time.Hour}, {"drain", c.Drain, time.Second, time.Hour},
	} {
		if d.have < d.from || d.have > d.to {
			fault("%s is %v, not in %v..%v", d.name, d.have, d.from, d.to)
		}
	}
	if len(faults) > 0 {
		return configError("the service is not started:\n  %s", strings.Join(faults, "\n  "))
	}
	return nil
}

// checkRewards checks the stock strategy and the reward systems.
func (c *Config) checkRewards(fault func(string, ...any)) {
	switch s, ok := wallet.ParseStockStrategy(c.Stock); {
	case !ok:
		fault("stock %q: use lease, split-key or single-key", c.Stock)
	case s != wallet.StockLease && c.embedded():
		fault("stock %s counts in Redis, and the embedded Redis loses its data with the process: configure redis and mysql, or use stock lease", s)
	}
	d := &c.Downstreams
	d.Secret = secret(d.Secret, fault)
	if d.Timeout < 0 || d.Timeout > c.Deadline {
		fault("downstreams.timeout is %v, not in 0..%v, the deadline of a request", d.Timeout, c.Deadline)
	}
	if d.URL == "" {
		if d.Secret != "" {
			fault("downstreams has a secret but no url")
		}
		return
	}
	if _, err := dswire.NewTransport(d.URL, dswire.Options{}); err != nil {
		fault("downstreams.url: %v", err)
	}
	if len(d.Secret) < downstream.MinSecret {
		fault("downstreams.secret has fewer than %d bytes; env:NAME reads it from the environment", downstream.MinSecret)
	}
}

// checkStores refuses a mix of embedded and other stores: a restart would lose one half and keep the other.
func (c *Config) checkStores(fault func(string, ...any)) {
	r := &c.Redis
	named := r.Main != nil || r.Tokens != nil || r.Locks != nil || r.Totals != nil || r.Switches != nil || r.Backup != nil
	switch {
	case named && c.embedded():
		fault("redis is configured but mysql is not: set both (redis.main.addrs and mysql.dsns), or neither for the embedded stores")
	case !named && !c.embedded():
		fault("mysql is configured but redis is not: set both (redis.main.addrs and mysql.dsns), or neither for the embedded stores")
	}
	for i, dsn := range c.MySQL.DSNs {
		if dsn == "" {
			fault("mysql.dsns[%d] is empty", i)
		}
		c.MySQL.DSNs[i] = secret(dsn, fault)
	}
	for _, role := range []struct {
		name string
		at   **RedisEndpoint
	}{{"main", &r.Main}, {"tokens", &r.Tokens}, {"locks", &r.Locks}, {"totals", &r.Totals}, {"switches", &r.Switches}, {"totals_backup", &r.Backup}} {
		e := *role.at
		if e == nil && role.at == &r.Backup {
			continue // optional
		}
		if e == nil {
			if named && role.name != "main" && r.Main == nil {
				fault("redis.%s has no endpoint: set it, or redis.main for all missing roles", role.name)
			}
			*role.at = r.Main
			continue
		}
		if len(e.Addrs) == 0 {
			fault("redis.%s.addrs is empty", role.name)
		}
		for _, a := range e.Addrs {
			if !hostPort(a) {
				fault("redis.%s.addrs: %q is not HOST:PORT", role.name, a)
			}
		}
		if e.Cluster && e.Sentinel != "" {
			fault("redis.%s has both cluster and sentinel: use one of them", role.name)
		}
		e.Password = secret(e.Password, fault)
	}
}

// secret returns value, or for env:NAME the environment variable NAME.
func secret(value string, fault func(string, ...any)) string {
	name, ok := strings.CutPrefix(value, "env:")
	if !ok {
		return value
	}
	got := os.Getenv(name)
	if got == "" {
		fault("the environment variable %s is not set", name)
	}
	return got
}

// hostPort reports whether an address is HOST:PORT with a valid port.
func hostPort(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// texts is a list of addresses or data sources. The parser reads an unquoted 10.0.0.5:6379 in brackets as a map, which YAML
// does not.
type texts []string

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (t *texts) UnmarshalYAML(decode func(any) error) error {
	var items []any
	if err := decode(&items); err != nil {
		return err
	}
	*t = nil
	for i, item := range items {
		switch v := item.(type) {
		case string:
			*t = append(*t, v)
			continue
		case map[string]any:
			if text, ok := pair(v); ok {
				*t = append(*t, text)
				continue
			}
		}
		return fmt.Errorf("item %d of a list is not a string: put it in quotes", i+1)
	}
	return nil
}

// pair joins what the parser split at a colon.
func pair(m map[string]any) (string, bool) {
	for key, value := range m {
		switch value.(type) {
		case string, uint64:
			return fmt.Sprint(key, ":", value), len(m) == 1
		}
	}
	return "", false
}
