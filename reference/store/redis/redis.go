// Package redis keeps what may be fast and need not be durable: token lists and the posting backlog, the order KV, the
// source's budget counter, the lock, the running total and the switches. Everything here is a weak dependency (D1):
// each adapter says what is lost when its Redis is, and the books of record can do without it.
//
// Each role takes a Client of its own, so that each can have an endpoint of its own: a server, a Sentinel group or a
// Cluster, version 6.2 or later, with the eviction policy noeviction. Keys of one call share a hash tag, so that a
// Cluster answers it from one slot.
//
// Units: money is fen as decimal text, because Lua numbers lose integers above 2^53; instants are microseconds.
//
// It must not repeat a call on its own: what was sent and not answered is wallet.ErrUnknown for a write and
// wallet.ErrUnavailable for a read; what surely was not done is wallet.ErrUnavailable.
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

// Config says how to reach one endpoint.
type Config struct {
	Addrs          []string // host:port of the server, of some of the Cluster's nodes, or of the Sentinels
	Cluster        bool     // the addresses are a Cluster's
	SentinelMaster string   // the addresses are Sentinels', and this is the name of what they watch
	Username       string   // of an ACL user; empty: the default one
	Password       string
	TLS            *tls.Config   // nil: plain TCP
	Prefix         string        // before every key, so that marked data (K2) stays apart: letters, digits and : . _ -
	Expire         time.Duration // data not written to for so long goes away; 0: it stays
	Timeout        time.Duration // of one call; 0: DefaultTimeout

	// Dial makes a connection to an address; nil: over TCP. An embedded Redis needs no network.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
}

// DefaultTimeout bounds a call for which the configuration says nothing: far above what a healthy Redis needs, and
// short enough that a grant which skips a sick one is still answered in time.
const DefaultTimeout = time.Second

// The bounds of a connection. Waiting calls are held in a ring: when it is full, further ones wait for places, for
// keepAlive plus a call's timeout at most, because by then a server that does not answer has been hung up on. It has more
// places than a service lets requests in: once round, the library's writer can wait for a place that its reader holds for
// the rest of a transaction which the writer has not flushed yet, and then all wait until they are hung up on.
const (
	keepAlive    = time.Second
	ringScale    = 13 // 8,192 places, some 3 MB
	maxRedirects = 5  // by a Cluster whose slots move; a redirect means that nothing was done
	sentinelScan = 5 * time.Second
)

// Client is one endpoint.
type Client struct {
	r       rueidis.Client
	prefix  string
	expire  string // seconds; empty: never
	timeout time.Duration
}

// Validate returns wallet.ErrInvalid, wrapped with what is wrong.
func (c Config) Validate() error {
	switch {
	case len(c.Addrs) == 0:
		return fmt.Errorf("%w: redis: no address is given", wallet.ErrInvalid)
	case !c.Cluster && c.SentinelMaster == "" && len(c.Addrs) > 1:
		return fmt.Errorf("%w: redis: %s are several addresses: say whether they are a cluster's or sentinels'", wallet.ErrInvalid, c.endpoint())
	case c.Cluster && c.SentinelMaster != "":
		return fmt.Errorf("%w: redis: %s is a cluster's or sentinels', not both", wallet.ErrInvalid, c.endpoint())
	case c.Expire < 0 || c.Timeout < 0:
		return fmt.Errorf("%w: redis: a duration below zero", wallet.ErrInvalid)
	case c.Expire > 0 && c.Expire < time.Second:
		return fmt.Errorf("%w: redis: data expires after %s, not after whole seconds", wallet.ErrInvalid, c.Expire)
	}
	for _, r := range c.Prefix {
		if !strings.ContainsRune(":._-", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return fmt.Errorf("%w: redis: prefix %q has more than letters, digits and :._-", wallet.ErrInvalid, c.Prefix)
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

// Dial connects to one endpoint and makes sure that it takes writes. ErrInvalid: the configuration is wrong.
// ErrUnavailable: nobody answers, or somebody who cannot serve.
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
		return nil, fmt.Errorf("%w: redis: no use of %s: is it up, and are address, login and TLS right? %v", wallet.ErrUnavailable, c.endpoint(), err)
	}
	client := &Client{r: r, prefix: c.Prefix, timeout: c.Timeout}
	if c.Expire > 0 {
		client.expire = strconv.FormatInt(int64(c.Expire/time.Second), 10)
	}
	if err := client.probe(ctx); err != nil {
		r.Close()
		return nil, fmt.Errorf("%w: redis: no use of %s: it must be a primary of version 6.2 or later, and cluster mode set for a cluster: %v", wallet.ErrUnavailable, c.endpoint(), err)
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
		DisableRetry:      true, // an unknown outcome is the caller's to know
		DisableCache:      true,
		RingScaleEachConn: ringScale,
	}
}

// dial marks its errors, because a connection that never came about is the one sure sign that nothing was sent.
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

// probe makes a write that changes nothing and that only a primary of a fit version takes.
func (c *Client) probe(ctx context.Context) error {
	_, err := c.do(ctx, reading, "probe", c.r.B().Zadd().Key(c.prefix+"probe").Xx().Gt().ScoreMember().ScoreMember(0, "0").Build())
	return err
}

// Ping asks the endpoint whether it is there. ErrUnavailable.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.do(ctx, reading, "ping", c.r.B().Ping().Build())
	return err
}

// maxWarm bounds Warm: more reads than this warm nothing that fewer leave cold.
const maxWarm = 4096

// Warm makes n reads, at most maxWarm, of keys all over the keyspace, so that connections to all nodes stand before
// the first request comes (K1). ErrUnavailable.
func (c *Client) Warm(ctx context.Context, n int) error {
	var reads rueidis.Commands
	for i := range min(n, maxWarm) {
		reads = append(reads, c.r.B().Exists().Key(c.prefix+"warm:"+strconv.Itoa(i)).Build())
	}
	_, err := c.pipeline(ctx, reading, "warm", reads)
	return err
}

// Close waits for pending calls and hangs up.
func (c *Client) Close() { c.r.Close() }
