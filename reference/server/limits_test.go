package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// slow is a service whose pages wait until leave is closed. Methods that are not overridden are nil.
type slow struct {
	wallet.Service
	entered, leave chan struct{}
}

func newSlow() *slow { return &slow{entered: make(chan struct{}, 100), leave: make(chan struct{})} }

func (s *slow) Page(ctx context.Context, _ wallet.PageRequest) (wallet.Page, error) {
	s.entered <- struct{}{}
	select {
	case <-s.leave:
		return wallet.Page{Balance: 5}, nil
	case <-ctx.Done():
		return wallet.Page{}, ctx.Err()
	}
}

func (s *slow) Withdraw(ctx context.Context, _ wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	<-ctx.Done()
	return wallet.WithdrawReply{}, fmt.Errorf("store: %w", ctx.Err())
}

func (s *slow) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	if r.Scene == "defect" {
		panic("a defect")
	}
	<-ctx.Done()
	return wallet.GrantReply{}, ctx.Err()
}

func (s *slow) Bind(context.Context, wallet.Caller, wallet.Phone) (wallet.Person, error) {
	panic("a defect")
}

func slowService(s *slow) option { return func(_ *Config, p *Ports) { p.Service = s } }

// sendAsync sends a request in the background.
func sendAsync(f *fixture, r *http.Request) chan answer {
	done := make(chan answer, 1)
	go func() { done <- f.do(r) }()
	return done
}

// TestOverload: when the pool is full further requests are refused at once, and users' load does not block operators.
func TestOverload(t *testing.T) {
	s := newSlow()
	f := start(t, slowService(s), func(c *Config, _ *Ports) { c.MaxInFlight = 2 })
	a := sendAsync(f, f.request("WalletService/WalletPage", `{}`, f.session(1, 1)))
	b := sendAsync(f, f.request("WalletService/WalletPage", `{}`, f.session(1, 2)))
	<-s.entered
	<-s.entered
	full := f.callAsUser(3, "WalletService/WalletPage", `{}`)
	require.Equal(t, "overloaded overloaded", full.reason())
	require.Equal(t, http.StatusTooManyRequests, full.status)
	require.Equal(t, true, full.list("details")[0].(map[string]any)["debug"].(map[string]any)["retryable"])
	require.Equal(t, "ok", f.callAs("viewer", "OperatorService/Status", `{}`).reason())
	close(s.leave)
	require.Equal(t, "5", (<-a).text("balance_fen"))
	require.Equal(t, "5", (<-b).text("balance_fen"))
	require.Equal(t, "ok", f.callAsUser(3, "WalletService/WalletPage", `{}`).reason(), "the pool is free again")
}

// TestEveryday: everyday traffic has a separate pool, independent of the festival's load, and is bounded by it (L3).
func TestEveryday(t *testing.T) {
	s := newSlow()
	f := start(t, slowService(s), func(c *Config, _ *Ports) {
		c.MaxInFlight, c.MaxEveryday = 1, 1
		c.Keys.Callers = append(c.Keys.Callers, auth.Caller{Key: c.Keys.Callers[0].Key, Scopes: []auth.Scope{auth.ScopeGrant}, Everyday: true})
		c.Keys.Callers[len(c.Keys.Callers)-1].ID = "everyday"
	})
	f.keys.Callers = append(f.keys.Callers, auth.Caller{Key: auth.Key{ID: "everyday", Secret: f.keys.Callers[0].Secret}})
	grant := func(id string) *http.Request {
		body := grantBody(1, 1, 1)
		return f.request("GrantService/Grant", body, f.signed(id, "GrantService/Grant", body, f.clock.Now()))
	}
	flood, calm := sendAsync(f, grant("giver")), (chan answer)(nil)
	require.Eventually(t, func() bool { return f.server.gates[upstreams].In() == 1 }, 5*time.Second, time.Millisecond)
	require.Equal(t, "overloaded overloaded", f.do(grant("giver")).reason(), "the festival's pool is full")
	calm = sendAsync(f, grant("everyday"))
	require.Eventually(t, func() bool { return f.server.gates[everyday].In() == 1 }, 5*time.Second, time.Millisecond)
	require.Equal(t, "overloaded overloaded", f.do(grant("everyday")).reason(), "and now the everyday pool too")
	require.Equal(t, "unknown unknown_outcome", (<-flood).reason())
	require.Equal(t, "unknown unknown_outcome", (<-calm).reason())
	require.Zero(t, f.server.gates[everyday].In()+f.server.gates[upstreams].In(), "both pools are free again")
}

// TestDeadline: a read that takes too long is unavailable; the outcome of a withdrawal is unknown.
func TestDeadline(t *testing.T) {
	f := start(t, slowService(newSlow()), func(c *Config, _ *Ports) { c.Deadline = 30 * time.Millisecond })
	require.Equal(t, "unavailable unavailable", f.callAsUser(1, "WalletService/WalletPage", `{}`).reason())
	got := f.callAsUser(1, "WalletService/Withdraw", `{"request":1,"amount_fen":1}`)
	require.Equal(t, "unknown unknown_outcome", got.reason(), got.body)
	require.Equal(t, http.StatusGatewayTimeout, got.status)
	require.Equal(t, true, got.list("details")[0].(map[string]any)["debug"].(map[string]any)["sameNumber"])
}

// TestBatchDeadline: the outcome of grants that were started is unknown; the others were certainly not made.
func TestBatchDeadline(t *testing.T) {
	f := start(t, slowService(newSlow()), func(c *Config, _ *Ports) { c.Deadline = 30 * time.Millisecond })
	grants := strings.Repeat(grantBody(1, 1, 1)+",", batchWorkers)
	results := f.callAs("demo", "GrantService/BatchGrant", `{"grants":[`+grants+grantBody(1, 1, 1)+`]}`).list("results")
	for i, r := range results {
		want := "unknown_outcome"
		if i == batchWorkers {
			want = "unavailable"
		}
		require.Equal(t, want, r.(map[string]any)["error"].(map[string]any)["reason"], i)
	}
}

// TestClientDeadline: a client may ask for less time than the server gives.
func TestClientDeadline(t *testing.T) {
	f := start(t, slowService(newSlow()), func(c *Config, _ *Ports) { c.Deadline = time.Minute })
	r := f.request("WalletService/Withdraw", `{"request":1,"amount_fen":1}`, f.session(1, 1))
	r.Header.Set("Connect-Timeout-Ms", "20")
	require.Equal(t, "unknown unknown_outcome", f.do(r).reason())
}

// TestDefect: a panic fails one request, its text is not shown, and it is counted.
func TestDefect(t *testing.T) {
	f := start(t, slowService(newSlow()))
	for range 2 {
		got := f.callAs("demo", bindPhone, bindBody("DOUYIN", 1, 5))
		require.Equal(t, "internal internal", got.reason(), got.body)
		require.NotContains(t, got.body, "defect")
	}
	require.Contains(t, scrape(t, f), "\nhongbao_panics_total 2\n")
	// A grant of a batch runs on its own goroutine: a panic there must not end the process.
	got := f.callAs("demo", "GrantService/BatchGrant", `{"grants":[`+grantWith(`"rain"`, `"defect"`)+`]}`)
	require.Equal(t, "internal", got.list("results")[0].(map[string]any)["error"].(map[string]any)["reason"], got.body)
}

// TestLargeBody: a body of 100 MB is refused by its announced length, or else at the limit; memory is bounded.
func TestLargeBody(t *testing.T) {
	f := start(t)
	const size = 100 << 20
	send := func(announced int64) (answer, error) {
		r := f.request("WalletService/WalletPage", ``, f.session(1, 1))
		r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, size)), announced
		got, err := f.client.Do(r)
		if err != nil {
			return answer{}, err
		}
		defer got.Body.Close()
		return answer{status: got.StatusCode, header: got.Header}, nil
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, announced := range []int64{size, -1} {
		got, err := send(announced)
		if err != nil { // the server closed the connection while the client was still writing, which is also correct
			require.Condition(t, func() bool { return !errors.Is(err, context.DeadlineExceeded) }, err)
			continue
		}
		require.Equal(t, "too_large", got.header.Get("Hongbao-Reason"))
		require.Equal(t, http.StatusRequestEntityTooLarge, got.status)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(20<<20))
	require.Zero(t, f.server.bodies.memory.In(), "the memory is returned")

	// Over a raw connection, so that the response is certainly visible.
	conn := dial(t, f)
	fmt.Fprintf(conn, "POST /hongbao.v1.WalletService/WalletPage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n", f.session(1, 1), size)
	require.Equal(t, "too_large", readAnswer(t, conn).Header.Get("Hongbao-Reason"), "before any byte of the body was sent")
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func dial(t *testing.T, f *fixture) net.Conn {
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return conn
}

func readAnswer(t *testing.T, conn net.Conn) *http.Response {
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	return got
}

// TestSlowLoris: a slow body times out, and does not occupy a place in the pool while it arrives.
func TestSlowLoris(t *testing.T) {
	f := start(t, func(c *Config, _ *Ports) { c.BodyTimeout, c.MaxInFlight = 200*time.Millisecond, 1 })
	conn := dial(t, f)
	fmt.Fprintf(conn, "POST /hongbao.v1.WalletService/WalletPage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: %s\r\nContent-Length: 100\r\n\r\n{", f.session(1, 1))
	require.Equal(t, "ok", f.callAsUser(2, "WalletService/WalletPage", `{}`).reason(), "the only place in the pool is free")
	got := readAnswer(t, conn)
	require.Equal(t, "slow_request", got.Header.Get("Hongbao-Reason"))
	require.Equal(t, http.StatusRequestTimeout, got.StatusCode)
	_, err := conn.Read(make([]byte, 1<<16))
	for err == nil {
		_, err = conn.Read(make([]byte, 1<<16))
	}
	require.ErrorIs(t, err, io.EOF, "the connection is closed")
}

// TestSlowStream: the same over HTTP/2, where one connection carries many requests: only the slow one ends.
func TestSlowStream(t *testing.T) {
	f := start(t, func(c *Config, _ *Ports) { c.BodyTimeout, c.MaxInFlight = 200*time.Millisecond, 1 })
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	f.client = &http.Client{Transport: transport}
	body, drip := io.Pipe()
	r := f.request("WalletService/WalletPage", ``, f.session(1, 1))
	r.Body, r.ContentLength = body, -1
	slow := sendAsync(f, r)
	_, err := drip.Write([]byte("{"))
	require.NoError(t, err)
	require.Equal(t, "ok", f.callAsUser(2, "WalletService/WalletPage", `{}`).reason())
	require.Equal(t, "slow_request", (<-slow).header.Get(headerReason))
	require.NoError(t, drip.Close())
	require.Equal(t, "ok", f.callAsUser(2, "WalletService/WalletPage", `{}`).reason())
}

// TestKeepAlive: the time limits apply to a request, not to a connection: an idle connection can be used again.
func TestKeepAlive(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		f := start(t, func(c *Config, _ *Ports) { c.BodyTimeout, c.Deadline = 50*time.Millisecond, 50*time.Millisecond })
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(!http2)
		transport.Protocols.SetUnencryptedHTTP2(http2)
		f.client = &http.Client{Transport: transport}
		var reused []bool
		trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = append(reused, i.Reused) }}
		for range 3 {
			r := f.request("WalletService/WalletPage", `{}`, f.session(1, 1))
			require.Equal(t, "ok", f.do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace))).reason())
			<-time.After(300 * time.Millisecond) // idle, well beyond 50 + 2·50 ms
		}
		require.Equal(t, []bool{false, true, true}, reused)
	}
}

// TestLargeHeaders: headers above the limit are refused.
func TestLargeHeaders(t *testing.T) {
	f := start(t)
	r := f.request("WalletService/WalletPage", `{}`, "Bearer "+strings.Repeat("x", 40<<10))
	got, err := f.client.Do(r)
	if err == nil { // otherwise the server closed the connection while the client was still writing, which is also correct
		defer got.Body.Close()
		require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, got.StatusCode)
	}
}

// TestConnections: connections above the limit wait until another one ends.
func TestConnections(t *testing.T) {
	f := start(t, func(c *Config, _ *Ports) { c.MaxConnections = 1 })
	first := dial(t, f)
	fmt.Fprintf(first, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	require.Equal(t, http.StatusOK, readAnswer(t, first).StatusCode)
	second := dial(t, f)
	fmt.Fprintf(second, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, second.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
	_, err := second.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, first.Close())
	require.NoError(t, second.SetReadDeadline(time.Now().Add(20*time.Second)))
	require.Equal(t, http.StatusOK, readAnswer(t, second).StatusCode)
}

// TestMemoryOfBodies: the memory of all bodies together is bounded, besides each body's own limit.
func TestMemoryOfBodies(t *testing.T) {
	b := newBodies(1000)
	r, err := http.NewRequest(http.MethodPost, "/", io.LimitReader(zeros{}, 1000))
	require.NoError(t, err)
	require.True(t, b.memory.Enter(1000*bodiesInMemory-999))
	_, err = b.read(r)
	require.ErrorIs(t, err, wallet.ErrOverloaded)
	b.memory.Leave(1)
	r.Body = io.NopCloser(io.LimitReader(zeros{}, 1000))
	body, err := b.read(r)
	require.NoError(t, err)
	require.Len(t, body, 1000)
	require.Equal(t, int64(1000*bodiesInMemory), b.memory.In())
	b.memory.Leave(1000 * bodiesInMemory)
	r.Body = io.NopCloser(io.LimitReader(zeros{}, 1001))
	_, err = b.read(r)
	require.ErrorIs(t, err, errTooLarge)
	require.Zero(t, b.memory.In(), "a refusal returns its memory")
}

// emptyService is a service whose pages are empty.
type emptyService struct{ wallet.Service }

func (emptyService) Page(context.Context, wallet.PageRequest) (wallet.Page, error) {
	return wallet.Page{}, nil
}
