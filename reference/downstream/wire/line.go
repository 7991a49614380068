package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"hongbao/reference/downstream"
	"hongbao/reference/wallet"
)

const (
	// maxConns bounds the connections to one system: enough for 10 000 calls a second of 10 ms each, and more than an
	// instance has calls under way at one (limit.SystemCalls), so that none waits for a connection.
	maxConns = 100
	// idleConn is how long a connection is kept that nobody uses: shorter than what servers and balancers keep theirs, so
	// that few requests meet one that is just being closed.
	idleConn = 30 * time.Second
	// maxHeader bounds a reply's headers in bytes.
	maxHeader = 16 << 10
	// dialShare is the part of a deadline that a connection may take to come about.
	dialShare = 2
)

// Options are how a line behaves.
type Options struct {
	// Timeout is how long one exchange may take, from the moment it is asked for; 0 = DefaultTimeout.
	Timeout time.Duration
}

// DefaultTimeout is how long an exchange may take where nothing else is said. Ours: well above any answer of a system
// that is well, and well below what a person waits.
const DefaultTimeout = 2 * time.Second

// Line is the way to the systems below one address, each under the name of its award type. Each has connections of its
// own, so that one that hangs takes none of another's.
type Line struct {
	base    string
	timeout time.Duration
	posts   *http.Client // to whoever hears callbacks

	mu      sync.Mutex
	clients []*http.Client
}

// NewLine returns a line to base, such as "https://rewards.example". ErrInvalid: it is no such address.
func NewLine(base string, o Options) (*Line, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: the address of the downstreams must be http or https with a host, and nothing secret in it", wallet.ErrInvalid)
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	l := &Line{base: strings.TrimSuffix(base, "/"), timeout: o.Timeout}
	l.posts = l.newClient()
	return l, nil
}

// newClient returns a client with connections of its own.
func (l *Line) newClient() *http.Client {
	dialer := &net.Dialer{Timeout: l.timeout / dialShare}
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: l.timeout / dialShare,
			MaxConnsPerHost: maxConns, MaxIdleConnsPerHost: maxConns, IdleConnTimeout: idleConn,
			MaxResponseHeaderBytes: maxHeader, DisableCompression: true,
		},
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clients = append(l.clients, client)
	return client
}

// Close closes the connections that nobody uses.
func (l *Line) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.clients {
		c.CloseIdleConnections()
	}
}

// Exchange returns the exchange with the system of one award type.
func (l *Line) Exchange(award wallet.AwardType) downstream.Exchange {
	client := l.newClient()
	return func(ctx context.Context, r downstream.Request) (downstream.Reply, error) {
		return l.do(ctx, client, l.base+"/"+award.String()+r.Path, r)
	}
}

func (l *Line) do(ctx context.Context, client *http.Client, address string, r downstream.Request) (downstream.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	out, err := http.NewRequestWithContext(ctx, r.Method, address, bytes.NewReader(r.Body))
	if err != nil {
		return downstream.Reply{}, fmt.Errorf("%w: %v", wallet.ErrUnavailable, err)
	}
	out.GetBody = nil // what was sent once is not sent again by anybody but us
	for k, v := range r.Header {
		out.Header.Set(k, v)
	}
	in, err := client.Do(out)
	if err != nil {
		return downstream.Reply{}, failed(err)
	}
	defer in.Body.Close()
	body, err := io.ReadAll(io.LimitReader(in.Body, downstream.MaxBody+1))
	if err != nil {
		return downstream.Reply{}, fmt.Errorf("%w: the reply broke off: %v", wallet.ErrUnknown, err)
	}
	reply := downstream.Reply{Status: in.StatusCode, Header: map[string]string{}, Body: body}
	for k := range in.Header {
		reply.Header[k] = in.Header.Get(k)
	}
	return reply, nil
}

// failed turns an error before a reply into what it means: where no connection came about, nothing was sent.
func failed(err error) error {
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("%w: %v", wallet.ErrUnavailable, op)
	}
	return fmt.Errorf("%w: %v", wallet.ErrUnknown, withoutAddress(err))
}

// withoutAddress takes the address out of a client's error, because order numbers and users are in it.
func withoutAddress(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}
