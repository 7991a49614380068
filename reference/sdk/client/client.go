// Package client calls the wallet's API over the wire, for upstreams that grant, for apps, and for load tests. A Client
// is a wallet.Service: it returns the service's results and errors. OperatorClient makes operators' calls. TokenStore keeps an
// app's tokens.
//
// Units: fen and Unix microseconds, as in package wallet. Errors that the service returns are *Refusal and match the
// sentinels of package wallet with errors.Is. The package never guesses an outcome: a request that was sent and got no
// response is wallet.ErrUnknown, and is repeated only under the same number and with the same content. Do not use it
// behind a load balancer that repeats requests on its own.
//
// The program examples/client grants, shows a page and withdraws.
package client

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"connectrpc.com/connect"

	"hongbao/reference/server/auth"
	"hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// Config is the service's address and the credentials of the client.
type Config struct {
	// BaseURL is the service's address, such as http://127.0.0.1:8080.
	BaseURL string

	// Key signs the requests of upstreams: grants, queries, and binding of phones, as far as its scopes allow. Empty:
	// those methods return auth.ErrNoCredentials.
	Key auth.Key

	// Session returns the session token of a logged-in user. nil: users' methods return auth.ErrNoCredentials.
	Session func(wallet.Caller) string

	// LoadTest sets the load-test mark on every request (K2).
	LoadTest bool

	// Timeout bounds one try; 0 = DefaultTimeout.
	Timeout time.Duration

	// Tries bounds how often one call is sent; 0 = DefaultTries, 1 = no repeats.
	Tries int

	// HTTPClient sends requests; nil = a separate client. It must not repeat a request on its own.
	HTTPClient connect.HTTPClient

	// Wait waits between tries, and returns early with the context's error; nil = a timer.
	Wait func(ctx context.Context, d time.Duration) error

	// Now returns the time for signatures; nil = time.Now.
	Now func() time.Time
}

// DefaultTimeout is longer than the server's own deadline of three seconds, so that usually the server reports how a
// slow call ended.
const DefaultTimeout = 5 * time.Second

// maxReply bounds a reply in bytes: a full page has 100 lines and 256 refusals, some 100 KB.
const maxReply = 4 << 20

// Bounds of the client's own connections. There are usually as many idle connections as concurrent calls. The client
// closes them well before the service would, because the service might close one while a request is sent.
const (
	idleConns   = 256
	idleTimeout = time.Minute
	dialTimeout = 2 * time.Second
)

// caller makes calls with a configuration.
type caller struct{ config Config }

// Client calls the service. Safe for concurrent use.
type Client struct {
	caller
	grants   hongbaopbconnect.GrantServiceClient
	accounts hongbaopbconnect.AccountServiceClient
	wallet   hongbaopbconnect.WalletServiceClient
	query    hongbaopbconnect.QueryServiceClient
}

var _ wallet.Service = (*Client)(nil)

// New returns a client, which connects on first use. wallet.ErrInvalid: the configuration is wrong.
func New(c Config) (*Client, error) {
	send, options, err := c.prepare()
	if err != nil {
		return nil, err
	}
	return &Client{caller: caller{c},
		grants:   hongbaopbconnect.NewGrantServiceClient(send, c.BaseURL, options...),
		accounts: hongbaopbconnect.NewAccountServiceClient(send, c.BaseURL, options...),
		wallet:   hongbaopbconnect.NewWalletServiceClient(send, c.BaseURL, options...),
		query:    hongbaopbconnect.NewQueryServiceClient(send, c.BaseURL, options...),
	}, nil
}

// prepare sets the defaults, and returns the sender and its options.
func (c *Config) prepare() (*sender, []connect.ClientOption, error) {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, nil, fmt.Errorf("%w: client: %q is not a URL such as http://127.0.0.1:8080", wallet.ErrInvalid, c.BaseURL)
	}
	if c.Timeout < 0 || c.Tries < 0 || c.Tries > MaxTries {
		return nil, nil, fmt.Errorf("%w: client: timeout %s, %d tries, at most %d", wallet.ErrInvalid, c.Timeout, c.Tries, MaxTries)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Tries == 0 {
		c.Tries = DefaultTries
	}
	if c.HTTPClient == nil {
		c.HTTPClient = newHTTPClient()
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	send := &sender{next: c.HTTPClient, key: c.Key, loadTest: c.LoadTest, now: c.Now}
	return send, []connect.ClientOption{connect.WithReadMaxBytes(maxReply),
		connect.WithAcceptCompression("gzip", nil, nil)}, nil // replies are small, and tokens do not compress
}

// newHTTPClient returns a client that keeps connections and follows no redirects: a signature covers one path.
func newHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, TLSHandshakeTimeout: dialTimeout,
			MaxIdleConns: idleConns, MaxIdleConnsPerHost: idleConns, IdleConnTimeout: idleTimeout,
			ForceAttemptHTTP2: true, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// CloseIdle closes idle connections, if the HTTP client supports that.
func (c *caller) CloseIdle() {
	if h, ok := c.config.HTTPClient.(interface{ CloseIdleConnections() }); ok {
		h.CloseIdleConnections()
	}
}

// method is a method of a generated client, or one that also decodes the reply.
type method[Q, V any] func(ctx context.Context, request Q) (V, error)

// decoded returns a method that returns its decoded reply. A reply that cannot be decoded is an unknown outcome.
func decoded[Q, M, V any](call method[Q, M], decode func(M) (V, error)) method[Q, V] {
	return func(ctx context.Context, request Q) (V, error) {
		reply, err := call(ctx, request)
		if err != nil {
			var none V
			return none, err
		}
		return decode(reply)
	}
}

// signed makes a call that Config.Key signs: an upstream's or an operator's.
func signed[Q, V any](ctx context.Context, c *caller, call method[Q, V], request Q) (V, error) {
	if c.config.Key.ID == "" {
		var none V
		return none, auth.ErrNoCredentials
	}
	return repeat(ctx, c, call, request)
}

// asUser makes a call in the user's session.
func asUser[Q, V any](ctx context.Context, c *caller, who wallet.Caller, call method[Q, V], request Q) (V, error) {
	if c.config.Session == nil {
		var none V
		return none, auth.ErrNoCredentials
	}
	session := c.config.Session(who)
	inSession := func(ctx context.Context, request Q) (V, error) {
		ctx, info := connect.NewClientContext(ctx)
		info.RequestHeader().Set("Authorization", auth.SchemeBearer+session)
		return call(ctx, request)
	}
	return repeat(ctx, c, inSession, request)
}
