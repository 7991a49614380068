package attack

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// The errors of a Transport.
var (
	// ErrNotSent: no byte of the request was sent. It wraps a *net.OpError whose Op is "dial", so that callers who do
	// not know this package also see that they may repeat the request.
	ErrNotSent = errors.New("attack: not sent")
	// errAnswer: the response is not a complete HTTP/1.1 response. The request may have been served.
	errAnswer = errors.New("attack: malformed or incomplete response")
)

// TransportConfig sets the target and the limits of a Transport.
type TransportConfig struct {
	// URL is the target, such as http://127.0.0.1:8080; its path is ignored. All requests must go there.
	URL string

	// CAFile names a file of trusted PEM certificates for https; empty = the system's.
	CAFile string

	// Conns bounds the connections; further requests wait for one. 0 = defaultInFlight.
	Conns int

	// MaxBody bounds a response's body in bytes; 0 = DefaultMaxBody.
	MaxBody int
}

// Defaults and bounds of a Transport.
const (
	// defaultMaxBody is far larger than a full page of a wallet, about 100 KB.
	defaultMaxBody = 4 << 20
	// maxRequestBody is the wallet service's limit.
	maxRequestBody = 1 << 20
	// dialTimeout bounds dialling with the TLS handshake: a listening target answers within a round trip or two.
	dialTimeout = 2 * time.Second
	// longestAnswer bounds requests whose context has no deadline.
	longestAnswer = time.Minute
	// warmAtOnce bounds the connections opened concurrently, so that the target's accept queue does not overflow.
	warmAtOnce = 64
)

// Transport sends requests over HTTP/1.1 to one target. It keeps connections, parses responses with fasthttp, and never
// repeats a request: only the caller, who knows a grant's number, may do that. It follows no redirects and decompresses
// nothing. A request ends with its context. Safe for concurrent use.
type Transport struct {
	scheme, host string // of requests
	address      string // to dial
	tls          *tls.Config
	maxBody      int
	slots        chan struct{} // one for each connection in use

	mu   sync.Mutex
	idle []*conn // the most recently used last

	open, dialled, dialFailed, waited, stale atomic.Int64
}

// TransportStats counts connections.
type TransportStats struct {
	Open       int64 // currently
	InUse      int64 // currently
	Dialled    int64
	DialFailed int64
	Waited     int64 // requests that waited because all connections were in use
	Stale      int64 // idle connections that the target had closed, or on which it sent unrequested bytes
}

// NewTransport returns a transport, which connects on first use. ErrConfig: the URL or the file is invalid.
func NewTransport(c TransportConfig) (*Transport, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: %q is not a URL such as http://127.0.0.1:8080", ErrConfig, c.URL)
	}
	c.Conns = cmp.Or(c.Conns, defaultInFlight)
	c.MaxBody = cmp.Or(c.MaxBody, defaultMaxBody)
	if c.Conns < 0 || c.Conns > MaxInFlight || c.MaxBody < 0 {
		return nil, fmt.Errorf("%w: %d connections, want 1 to %d; bodies of %d bytes", ErrConfig, c.Conns, MaxInFlight, c.MaxBody)
	}
	t := &Transport{scheme: u.Scheme, host: u.Host, maxBody: c.MaxBody, slots: make(chan struct{}, c.Conns)}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	t.address = net.JoinHostPort(u.Hostname(), port)
	if u.Scheme == "https" {
		t.tls, err = tlsConfig(u.Hostname(), c.CAFile)
	}
	return t, err
}

func tlsConfig(host, caFile string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if caFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("%w: certificates to trust: %w", ErrConfig, err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%w: no certificate in %s", ErrConfig, caFile)
	}
	return c, nil
}

// Do sends a request and returns the complete response; its body is in memory. It takes over the request's body.
//
// Errors: ErrNotSent: the request may be repeated. A malformed response, the context's error, or another: the request was sent,
// and its outcome is unknown.
func (t *Transport) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	ctx := r.Context()
	if _, ok := ctx.Deadline(); !ok {
		c, cancel := context.WithTimeout(ctx, longestAnswer)
		defer cancel()
		ctx = c
	}
	if err := t.acquire(ctx); err != nil {
		return nil, err
	}
	defer func() { <-t.slots }()
	c, err := t.take(ctx)
	if err != nil {
		return nil, err
	}
	resp, keep, err := c.exchange(ctx, r, t)
	if keep {
		t.put(c)
	} else {
		t.drop(c)
	}
	return resp, err
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) { return t.Do(r) }

// acquire waits for a free slot. ErrNotSent: ctx ended before.
func (t *Transport) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return t.notSent(err)
	}
	select {
	case t.slots <- struct{}{}:
		return nil
	default:
	}
	t.waited.Add(1)
	select {
	case t.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return t.notSent(fmt.Errorf("all %d connections are in use: %w", cap(t.slots), ctx.Err()))
	}
}

// take returns a live idle connection, or a new one.
func (t *Transport) take(ctx context.Context) (*conn, error) {
	for {
		t.mu.Lock()
		n := len(t.idle)
		if n == 0 {
			t.mu.Unlock()
			return t.dial(ctx)
		}
		c := t.idle[n-1]
		t.idle[n-1] = nil
		t.idle = t.idle[:n-1]
		t.mu.Unlock()
		if c.alive() {
			return c, nil
		}
		t.stale.Add(1)
		t.drop(c)
	}
}

func (t *Transport) put(c *conn) {
	t.mu.Lock()
	t.idle = append(t.idle, c)
	t.mu.Unlock()
}

func (t *Transport) drop(c *conn) {
	t.open.Add(-1)
	c.close()
}

// dial opens a connection. ErrNotSent: it failed.
func (t *Transport) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.address)
	c := raw
	if err == nil && t.tls != nil {
		secure := tls.Client(raw, t.tls)
		if err = secure.HandshakeContext(ctx); err != nil {
			raw.Close()
		}
		c = secure
	}
	if err != nil {
		t.dialFailed.Add(1)
		return nil, t.notSent(err)
	}
	t.dialled.Add(1)
	t.open.Add(1)
	return newConn(c, raw, t.tls != nil), nil
}

// Warm opens connections until n are open, so that none has to be opened at the peak. It returns the number open, and
// the first error.
func (t *Transport) Warm(ctx context.Context, n int) (int, error) {
	var all sync.WaitGroup
	var once sync.Once
	var first error
	at := make(chan struct{}, warmAtOnce)
	for range min(n, cap(t.slots)) - int(t.open.Load()) {
		at <- struct{}{}
		all.Go(func() {
			defer func() { <-at }()
			c, err := t.dial(ctx)
			if err != nil {
				once.Do(func() { first = err })
				return
			}
			t.put(c)
		})
	}
	all.Wait()
	return int(t.open.Load()), first
}

// CloseIdleConnections closes the connections that are not in use.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	idle := t.idle
	t.idle = nil
	t.mu.Unlock()
	for _, c := range idle {
		t.drop(c)
	}
}

// Stats returns the counts so far.
func (t *Transport) Stats() TransportStats {
	return TransportStats{Open: t.open.Load(), InUse: int64(len(t.slots)), Dialled: t.dialled.Load(),
		DialFailed: t.dialFailed.Load(), Waited: t.waited.Load(), Stale: t.stale.Load()}
}

// notSent wraps an error that prevented a request from being sent.
func (t *Transport) notSent(err error) error {
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return fmt.Errorf("%w: %w", ErrNotSent, &net.OpError{Op: "dial", Net: "tcp " + t.address, Err: err})
}
