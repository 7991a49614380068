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
	// instance's concurrent calls (limit.SystemCalls), so that no call waits for a connection.
	maxConns = 100
	// idleConn is how long an idle connection is kept: shorter than the limits of servers and load balancers, so that
	// few requests use a connection that is just being closed.
	idleConn = 30 * time.Second
	// maxHeader bounds a reply's headers in bytes.
	maxHeader = 16 << 10
	// dialShare sets the time for dialling: this fraction of the timeout.
	dialShare = 2
)

// Options configure a Transport.
type Options struct {
	// Timeout bounds one exchange, from the call on; 0 = DefaultTimeout.
	Timeout time.Duration
}

// DefaultTimeout is the default bound of an exchange. It is the project's choice: well above the response time of a
// healthy system, and well below what a user waits.
const DefaultTimeout = 2 * time.Second

// Transport reaches the systems below one address, each under the name of its award type. Each system has separate
// connections, so that one that hangs does not block another.
type Transport struct {
	base           string
	timeout        time.Duration
	callbackClient *http.Client // for callbacks

	mu      sync.Mutex
	clients []*http.Client
}

// NewTransport returns a transport to base, such as "https://rewards.example". ErrInvalid: base is not such an address.
func NewTransport(base string, o Options) (*Transport, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: the downstreams' address must be an http or https URL with a host, without user or query", wallet.ErrInvalid)
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	l := &Transport{base: strings.TrimSuffix(base, "/"), timeout: o.Timeout}
	l.callbackClient = l.newClient()
	return l, nil
}

// newClient returns a client with separate connections.
func (l *Transport) newClient() *http.Client {
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

// Close closes the idle connections.
func (l *Transport) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.clients {
		c.CloseIdleConnections()
	}
}

// Exchange returns the exchange with the system of one award type.
func (l *Transport) Exchange(award wallet.AwardType) downstream.Exchange {
	client := l.newClient()
	return func(ctx context.Context, r downstream.Request) (downstream.Reply, error) {
		return l.do(ctx, client, l.base+"/"+award.String()+r.Path, r)
	}
}

func (l *Transport) do(ctx context.Context, client *http.Client, address string, r downstream.Request) (downstream.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	out, err := http.NewRequestWithContext(ctx, r.Method, address, bytes.NewReader(r.Body))
	if err != nil {
		return downstream.Reply{}, fmt.Errorf("%w: %v", wallet.ErrUnavailable, err)
	}
	out.GetBody = nil // no lower layer may repeat the request
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
		return downstream.Reply{}, fmt.Errorf("%w: the reply is truncated: %v", wallet.ErrUnknown, err)
	}
	reply := downstream.Reply{Status: in.StatusCode, Header: map[string]string{}, Body: body}
	for k := range in.Header {
		reply.Header[k] = in.Header.Get(k)
	}
	return reply, nil
}

// failed converts an error before a reply: if dialling failed, nothing was sent.
func failed(err error) error {
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("%w: %v", wallet.ErrUnavailable, op)
	}
	return fmt.Errorf("%w: %v", wallet.ErrUnknown, withoutAddress(err))
}

// withoutAddress removes the URL from a client's error, because it contains order numbers and users.
func withoutAddress(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}
