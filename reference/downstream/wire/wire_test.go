package wire_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/downstream/wire"
	"hongbao/reference/wallet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var secret = []byte("a secret of the tests, not short")

type clock struct{ now atomic.Int64 }

func (c *clock) Now() wallet.Instant { return wallet.Instant(c.now.Load()) }

func newClock() *clock {
	c := &clock{}
	c.now.Store(int64(wallet.InstantOf(time.Date(2022, 1, 31, 20, 0, 0, 0, time.UTC))))
	return c
}

func item(award wallet.AwardType, n int, c *clock) wallet.Item {
	return wallet.Item{
		No:      wallet.OrderNo{ActID: wallet.ActID(n), Scene: "rain", Rain: 1, Award: award, Stage: wallet.Official},
		Account: wallet.Account{Family: wallet.DouyinFamily, User: 31337}, Award: award, Reward: "mug", Changed: c.Now(),
	}
}

// newLine returns a transport to a test's server.
func newLine(t *testing.T, base string, timeout time.Duration) *wire.Transport {
	l, err := wire.NewTransport(base, wire.Options{Timeout: timeout})
	require.NoError(t, err)
	t.Cleanup(l.Close)
	return l
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// TestNobodyThere: a refused connection means that nothing was done.
func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	_, err = newLine(t, "http://"+address, time.Minute).Exchange(wallet.MovieCoupon)(t.Context(), downstream.Request{Method: "GET", Path: "/api?uid=31337"})
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	require.NotContains(t, err.Error(), "31337")
}

// TestWhatMayHaveArrived: every failure on a connection is an unknown outcome; the error hides the address, and the
// request is sent once.
func TestWhatMayHaveArrived(t *testing.T) {
	for _, c := range []struct {
		name    string
		timeout time.Duration
		handle  http.HandlerFunc
		why     string
	}{
		{"silence", 50 * time.Millisecond, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "it may still be done"},
		{"hung up", time.Minute, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.Close()
		}, "it may have been done"},
		{"reset", time.Minute, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}, "it may have been done"},
		{"interrupted", time.Minute, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "{")
		}, "the reply is truncated"},
		{"no HTTP", time.Minute, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, "hello\r\n\r\n")
			_ = conn.Close()
		}, "the reply is not HTTP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var good, calls atomic.Int64
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if good.Add(1) == 1 {
					return // so that the next request reuses the connection
				}
				calls.Add(1)
				c.handle(w, r)
			})
			ask := newLine(t, s.URL, c.timeout).Exchange(wallet.PaymentCoupon)
			_, err := ask(t.Context(), downstream.Request{Method: "POST", Path: "/", Body: []byte("x")})
			require.NoError(t, err)
			_, err = ask(t.Context(), downstream.Request{Method: "POST", Path: "/?uid=31337", Body: []byte("x"), Header: map[string]string{
				"Idempotency-Key": "k", // with this header net/http would repeat the request
			}})
			require.ErrorIs(t, err, wallet.ErrUnknown, c.why)
			require.NotContains(t, err.Error(), "31337")
			require.EqualValues(t, 1, calls.Load(), "it is not repeated")
		})
	}
}

// TestEndlessReply: at most the bound is read of an endless reply.
func TestEndlessReply(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	c := newClock()
	ask := newLine(t, s.URL, time.Minute).Exchange(wallet.VideoSubsidy)
	reply, err := ask(t.Context(), downstream.Request{Method: "GET", Path: "/"})
	require.NoError(t, err)
	require.Len(t, reply.Body, downstream.MaxBody+1)
	d, err := downstream.New(wallet.VideoSubsidy, downstream.Options{Exchange: ask, Clock: c, Secret: secret})
	require.NoError(t, err)
	_, err = d.Query(t.Context(), item(wallet.VideoSubsidy, 1, c))
	require.ErrorIs(t, err, wallet.ErrUnknown)
}

// TestRedirect: a redirect is not followed, so no other system receives the request.
func TestRedirect(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was followed") })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	reply, err := newLine(t, s.URL, time.Minute).Exchange(wallet.AdCoupon)(t.Context(), downstream.Request{Method: "POST", Path: "/tasks"})
	require.NoError(t, err)
	require.Equal(t, http.StatusTemporaryRedirect, reply.Status)
}

// TestOneConnectionEach: consecutive calls to one system share a connection.
func TestOneConnectionEach(t *testing.T) {
	c := newClock()
	var opened atomic.Int64
	s := httptest.NewUnstartedServer(wire.Handler(fake.NewAll(secret, fake.Behaviour{}), c))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	l := newLine(t, s.URL, time.Minute)
	for _, award := range downstream.Awards() {
		d, err := downstream.New(award, downstream.Options{Exchange: l.Exchange(award), Clock: c, Secret: secret})
		require.NoError(t, err)
		for range 3 {
			a, err := d.Issue(t.Context(), []wallet.Item{item(award, 1, c)})
			require.NoError(t, err)
			require.NoError(t, a[0].Err)
		}
	}
	require.EqualValues(t, len(downstream.Awards()), opened.Load())
}

// TestHangingSystem: a system that never replies does not block the calls to another.
func TestHangingSystem(t *testing.T) {
	const calls = 150 // more than the connections to one system
	held, let := make(chan struct{}, calls), make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/"+wallet.HeyteaCoupon.String()) {
			held <- struct{}{}
			<-let
		}
	})
	l := newLine(t, s.URL, time.Minute)
	sick, fine := l.Exchange(wallet.HeyteaCoupon), l.Exchange(wallet.MovieCoupon)
	var all sync.WaitGroup
	for range calls {
		all.Go(func() { _, _ = sick(t.Context(), downstream.Request{Method: "POST", Path: "/a"}) })
	}
	for range 100 {
		<-held
	}
	_, err := fine(t.Context(), downstream.Request{Method: "POST", Path: "/a"})
	require.NoError(t, err)
	close(let)
	all.Wait()
}

// TestNewLine: invalid addresses are refused.
func TestNewLine(t *testing.T) {
	for _, base := range []string{"", "rewards.example", "ftp://rewards.example", "http://", "http://me:hidden@rewards.example", "http://rewards.example/?key=hidden", "http://[", "/a"} {
		_, err := wire.NewTransport(base, wire.Options{})
		require.ErrorIs(t, err, wallet.ErrInvalid, base)
		require.NotContains(t, err.Error(), "hidden")
	}
}

// TestHandlerRefuses: requests for an unknown system and too large ones are refused.
func TestHandlerRefuses(t *testing.T) {
	c := newClock()
	systems := fake.NewAll(secret, fake.Behaviour{})
	s := httptest.NewServer(wire.Handler(systems, c))
	t.Cleanup(s.Close)
	l := newLine(t, s.URL, time.Minute)
	reply, err := l.Exchange(wallet.Cash)(t.Context(), downstream.Request{Method: "GET", Path: "/"})
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, reply.Status)
	reply, err = l.Exchange(wallet.AdCoupon)(t.Context(), downstream.Request{Method: "POST", Path: "/tasks", Body: make([]byte, 1<<18)})
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, reply.Status)
	require.Zero(t, systems[wallet.AdCoupon].Calls())
}

// TestCallbacksOverHTTP delivers a callback to a server that verifies it.
func TestCallbacksOverHTTP(t *testing.T) {
	c := newClock()
	systems := fake.NewAll(secret, fake.Behaviour{})
	adapters, err := wire.Embedded(systems, c, secret)
	require.NoError(t, err)
	var received []wallet.Callback
	listener := &wire.Listener{Secret: secret, Clock: c, OnCallback: func(_ context.Context, cb wallet.Callback) error {
		received = append(received, cb)
		return nil
	}}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		award, _ := wallet.ParseAwardType(strings.TrimPrefix(r.URL.Path, "/callbacks/"))
		body, _ := io.ReadAll(r.Body)
		if err := listener.Callback(r.Context(), award, r.Header, body); err != nil {
			t.Error(err)
			http.Error(w, "no", http.StatusBadRequest)
		}
	})
	for _, award := range []wallet.AwardType{wallet.AdCoupon, wallet.ConsumerFinanceCoupon} {
		_, err := adapters[award].Issue(t.Context(), []wallet.Item{item(award, 1, c)})
		require.NoError(t, err)
	}
	deliver := &wire.Deliverer{Systems: systems, Clock: c, Post: newLine(t, s.URL, time.Minute).Post}
	require.Equal(t, 2, deliver.Step(t.Context()))
	require.Len(t, received, 2)
	for _, cb := range received {
		require.Equal(t, item(cb.Award, 1, c).No, cb.Order)
		require.Equal(t, wallet.ItemSettled, cb.Receipt.State)
	}

	refusing := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "later", http.StatusServiceUnavailable) })
	_, err = adapters[wallet.AdCoupon].Issue(t.Context(), []wallet.Item{item(wallet.AdCoupon, 2, c)})
	require.NoError(t, err)
	deliver.Post = newLine(t, refusing.URL, time.Minute).Post
	require.Zero(t, deliver.Step(t.Context()))
}

// TestMany issues from several goroutines concurrently, partly for the same orders.
func TestMany(t *testing.T) {
	c := newClock()
	systems := fake.NewAll(secret, fake.Behaviour{})
	s := httptest.NewServer(wire.Handler(systems, c))
	t.Cleanup(s.Close)
	l := newLine(t, s.URL, time.Minute)
	var wait sync.WaitGroup
	for _, award := range downstream.Awards() {
		d, err := downstream.New(award, downstream.Options{Exchange: l.Exchange(award), Clock: c, Secret: secret})
		require.NoError(t, err)
		for range 3 {
			wait.Go(func() {
				for n := 1; n <= 5; n++ {
					_, err := d.Issue(t.Context(), []wallet.Item{item(award, n, c)})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wait.Wait()
	for _, award := range downstream.Awards() {
		n := 0
		for e := range systems[award].Entries(c.Now()) {
			require.Equal(t, 1, e.Issued)
			n++
		}
		require.Equal(t, 5, n)
	}
}

// BenchmarkIssue compares the two transports.
func BenchmarkIssue(b *testing.B) {
	c := newClock()
	for _, award := range []wallet.AwardType{wallet.VideoSubsidy, wallet.CreditCardCoupon, wallet.InsuranceCoupon} {
		systems := fake.NewAll(secret, fake.Behaviour{})
		s := httptest.NewServer(wire.Handler(systems, c))
		b.Cleanup(s.Close)
		l, err := wire.NewTransport(s.URL, wire.Options{})
		require.NoError(b, err)
		b.Cleanup(l.Close)
		n := 0
		for name, by := range map[string]downstream.Exchange{"direct": wire.Direct(systems[award], c), "http": l.Exchange(award)} {
			d, err := downstream.New(award, downstream.Options{Exchange: by, Clock: c, Secret: secret})
			require.NoError(b, err)
			b.Run(award.String()+"/"+name, func(b *testing.B) {
				for b.Loop() {
					n++
					a, err := d.Issue(b.Context(), []wallet.Item{item(award, n, c)})
					if err != nil || a[0].Err != nil {
						b.Fatal(err, a)
					}
				}
			})
		}
	}
}
