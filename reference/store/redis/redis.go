// Package redis stores data that should be fast and need not be durable: token lists and the posting backlog, the
// order KV, the source's budget counter, the lock, the running total and the switches. Everything here is a weak
// dependency (D1): each adapter documents what is lost with its Redis, and the wallet can continue from the records in
// the durable stores.
//
// Each role takes a separate Client, so that each can have a separate endpoint: a server, a Sentinel group or a
// Cluster, version 6.2 or later, with the eviction policy noeviction. The keys of one call share a hash tag, so that a
// Cluster serves the call from one slot.
//
// Units: money is fen as decimal text, because Lua numbers lose integers above 2^53; instants are microseconds.
//
// It must not retry a call by itself: a call that was sent and not answered is wallet.ErrUnknown for a write and
// wallet.ErrUnavailable for a read; a call that was certainly not done is wallet.ErrUnavailable.
package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// Config describes one endpoint.
type Config struct {
	Addrs          []string // host:port of the server, of some of the Cluster's nodes, or of the Sentinels
	Cluster        bool     // the addresses are those of a Cluster
	SentinelMaster string   // the addresses are those of Sentinels, and this is the name of the primary that they monitor
	Username       string   // of an ACL user; empty: the default user
	Password       string
	TLS            *tls.Config   // nil: plain TCP
	Prefix         string        // before every key, to separate load-test data (K2): letters, digits and : . _ -
	Expire         time.Duration // data expires when it is not written to for this time; 0: never
	Timeout        time.Duration // of one call; 0: DefaultTimeout

	// Dial connects to an address; nil: over TCP. An embedded Redis needs no network.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
}

// DefaultTimeout bounds a call if the configuration does not: far above what a healthy Redis needs, and short enough
// that a grant that skips a failing Redis is still answered in time.
const DefaultTimeout = time.Second

// The bounds of a connection. Pending calls are stored in a ring. When it is full, further calls wait for a slot, at
// most keepAlive plus a call's timeout, because by then the connection to a server that does not answer has been
// closed. The ring has more slots than the number of requests that a service admits: otherwise the library's writer
// can wait for a slot that its reader needs for the rest of a transaction that the writer has not flushed yet, and all
// calls wait until the connection is closed.
const (
	keepAlive    = time.Second
	ringScale    = 13 // 8,192 slots, some 3 MB
	maxRedirects = 5  // by a Cluster whose slots move; a redirect means that nothing was done
	sentinelScan = 5 * time.Second
)

// Client is a connection to one endpoint.
type Client struct {
	r       rueidis.Client
	prefix  string
	expire  string // seconds; empty: never
	timeout time.Duration
}

// Validate returns wallet.ErrInvalid, wrapped with the reason.
func (c Config) Validate() error {
	switch {
	case len(c.Addrs) == 0:
		return fmt.Errorf("%w: redis: no address is given", wallet.ErrInvalid)
	case !c.Cluster && c.SentinelMaster == "" && len(c.Addrs) > 1:
		return fmt.Errorf("%w: redis: %s are several addresses: configure them as those of a cluster or of sentinels", wallet.ErrInvalid, c.endpoint())
	case c.Cluster && c.SentinelMaster != "":
		return fmt.Errorf("%w: redis: %s can be a cluster's or sentinels', not both", wallet.ErrInvalid, c.endpoint())
	case c.Expire < 0 || c.Timeout < 0:
		return fmt.Errorf("%w: redis: a duration below zero", wallet.ErrInvalid)
	case c.Expire > 0 && c.Expire < time.Second:
		return fmt.Errorf("%w: redis: data expires after %s, not after whole seconds", wallet.ErrInvalid, c.Expire)
	}
	for _, r := range c.Prefix {
		if !strings.ContainsRune(":._-", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return fmt.Errorf("%w: redis: prefix %q has characters other than letters, digits and :._-", wallet.ErrInvalid, c.Prefix)
		}
	}
	for _, a := range c.Addrs {
		if _, _, err := net.SplitHostPort(a); err != nil {
			return fmt.Errorf("%w: redis: address %q is not host:port", wallet.ErrInvalid, a)
		}
	}
	return nil
}

func (c Config) endpoint() string {
	at := strings.Join(c.Addrs, ",")
	if c.SentinelMaster != "" {
		at += " (sentinels of " + c.SentinelMaster + ")"
	}
	return at
}

// Dial connects to one endpoint and checks that it accepts writes. ErrInvalid: the configuration is wrong.
// ErrUnavailable: the endpoint does not answer, or cannot serve writes.
func Dial(ctx context.Context, c Config) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	r, err := rueidis.NewClient(option(c))
	if err != nil {
		if r != nil {
			r.Close()
		}
		return nil, fmt.Errorf("%w: redis: cannot connect to %s: check that it runs, and check address, login and TLS: %v", wallet.ErrUnavailable, c.endpoint(), err)
	}
	client := &Client{r: r, prefix: c.Prefix, timeout: c.Timeout}
	if c.Expire > 0 {
		client.expire = strconv.FormatInt(int64(c.Expire/time.Second), 10)
	}
	if err := client.probe(ctx); err != nil {
		r.Close()
		return nil, fmt.Errorf("%w: redis: cannot use %s: it must be a primary of version 6.2 or later, and cluster mode set for a cluster: %v", wallet.ErrUnavailable, c.endpoint(), err)
	}
	return client, nil
}

func option(c Config) rueidis.ClientOption {
	return rueidis.ClientOption{
		InitAddress: c.Addrs,
		Sentinel:    rueidis.SentinelOption{MasterSet: c.SentinelMaster, TopologyRefreshInterval: sentinelScan, TLSConfig: c.TLS, Dialer: net.Dialer{Timeout: c.Timeout, KeepAlive: keepAlive}},
		Username:    c.Username, Password: c.Password, TLSConfig: c.TLS,
		Dialer:            net.Dialer{Timeout: c.Timeout, KeepAlive: keepAlive},
		DialCtxFn:         c.dial,
		ConnWriteTimeout:  c.Timeout,
		ClusterOption:     rueidis.ClusterOption{MaxMovedRedirections: maxRedirects},
		ForceSingleClient: !c.Cluster && c.SentinelMaster == "",
		DisableRetry:      true, // the caller must know about unknown outcomes
		DisableCache:      true,
		RingScaleEachConn: ringScale,
	}
}

// dial marks its errors, because a failed connect is the only certain sign that nothing was sent.
func (c Config) dial(ctx context.Context, at string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
	var conn net.Conn
	var err error
	switch {
	case c.Dial != nil:
		conn, err = c.Dial(ctx, at)
	case t != nil:
		conn, err = (&tls.Dialer{NetDialer: d, Config: t}).DialContext(ctx, "tcp", at)
	default:
		conn, err = d.DialContext(ctx, "tcp", at)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoConnection, err)
	}
	return conn, nil
}

var errNoConnection = errors.New("redis: no connection")

// probe makes a write that changes nothing and that only a primary of a supported version accepts.
func (c *Client) probe(ctx context.Context) error {
	_, err := c.do(ctx, reading, "probe", c.r.B().Zadd().Key(c.prefix+"probe").Xx().Gt().ScoreMember().ScoreMember(0, "0").Build())
	return err
}

// Ping checks that the endpoint answers. ErrUnavailable: it does not.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.do(ctx, reading, "ping", c.r.B().Ping().Build())
	return err
}

// maxWarm bounds Warm: more reads open no further connections.
const maxWarm = 4096

// Warm makes n reads, at most maxWarm, of keys from the whole keyspace, so that connections to all nodes exist before
// the first request (K1). ErrUnavailable as in Ping.
func (c *Client) Warm(ctx context.Context, n int) error {
	var reads rueidis.Commands
	for i := range min(n, maxWarm) {
		reads = append(reads, c.r.B().Exists().Key(c.prefix+"warm:"+strconv.Itoa(i)).Build())
	}
	_, err := c.pipeline(ctx, reading, "warm", reads)
	return err
}

// Close waits for pending calls and closes the connections.
func (c *Client) Close() { c.r.Close() }
