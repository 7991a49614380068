package attack_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"encoding/pem"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
)

func newTransport(t testing.TB, c attack.TransportConfig) *attack.Transport {
	tr, err := attack.NewTransport(c)
	require.NoError(t, err)
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// post sends a body and returns the response's body.
func post(ctx context.Context, tr *attack.Transport, url, body string) (*http.Response, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	resp, err := tr.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

// net/http's server receives what the caller sent, and the caller gets its response, over reused connections.
func TestTransport(t *testing.T) {
	var seen atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add(1)
		b, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/chunks":
			for _, c := range b {
				_, _ = w.Write([]byte{c})
				_ = http.NewResponseController(w).Flush()
			}
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		case "/interim":
			w.WriteHeader(http.StatusEarlyHints)
			fmt.Fprint(w, "late")
		case "/redirect":
			http.Redirect(w, r, "/", http.StatusFound)
		default:
			w.Header().Add("X-Twice", "1")
			w.Header().Add("X-Twice", "2")
			w.Header()["Content-Type"] = nil
			fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.RawQuery, r.Header.Get("X-Own"), b)
		}
	}))
	defer s.Close()
	tr := newTransport(t, attack.TransportConfig{URL: s.URL})

	for _, c := range []struct{ path, body, want, why string }{
		{"/?a=b", "hello", "POST a=b  hello", "a usual request"},
		{"/", "", "POST   ", "an empty body"},
		{"/chunks", "chunks", "chunks", "a response of unknown length"},
		{"/none", "x", "", "a response without a body"},
		{"/interim", "x", "late", "an interim response"},
		{"/", strings.Repeat("x", 300_000), "POST   " + strings.Repeat("x", 300_000), "larger than any buffer"},
	} {
		t.Run(c.why, func(t *testing.T) {
			_, got, err := post(t.Context(), tr, s.URL+c.path, c.body)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	resp, _, err := post(t.Context(), tr, s.URL, "")
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2"}, resp.Header["X-Twice"])
	require.Empty(t, resp.Header.Get("Content-Type"), "a missing header stays missing")
	resp, _, err = post(t.Context(), tr, s.URL+"/redirect", "")
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, resp.StatusCode, "redirects are not followed")
	require.EqualValues(t, 1, tr.Stats().Dialled, "one connection served all requests")
	require.EqualValues(t, 8, seen.Load())
}

// fakeTarget is a target that answers each request on a connection with the next of its texts, and closes after
// the last.
func fakeTarget(t *testing.T, answers ...string) (string, *atomic.Int64) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var got atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serveAnswers(c, answers, &got)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "http://" + l.Addr().String(), &got
}

func serveAnswers(c net.Conn, answers []string, got *atomic.Int64) {
	defer c.Close()
	br := bufio.NewReader(c)
	for _, a := range answers {
		r, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		got.Add(1)
		_, _ = io.WriteString(c, a)
	}
}

// Whatever a target sends, the caller gets the complete response or an error, and no request is repeated.
func TestTransportLies(t *testing.T) {
	good := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for _, c := range []struct {
		answer, why string
		is          error
	}{
		{"", "closes without a response", io.ErrUnexpectedEOF},
		{"HTTP/1.1 200 OK\r\nContent-Le", "a truncated header", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "a truncated body", io.ErrUnexpectedEOF},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nmore", "a body longer than its length", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "a negative length", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "a length above int64", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("x", 5000), "a length above the bound", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", "two lengths", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\n\r\nuntil the end", "no length: it might be truncated", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "a truncated chunk", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "chunks without the last one", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nok\r\n", "a chunk larger than memory", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + strings.Repeat("x", 5000) + "\r\n0\r\n\r\n", "a chunk above the bound", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: secret-coding\r\n\r\n", "an unknown coding", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 10_000) + "\r\n\r\n", "a header above the bound", attack.ErrAnswer},
		{strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100), "endless interim responses", attack.ErrAnswer},
		{"HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n", "another protocol", attack.ErrAnswer},
		{"HTTP/1.1 999 Beyond\r\nContent-Length: 0\r\n\r\n", "an invalid status", attack.ErrAnswer},
		{"SSH-2.0-secret\r\n", "not HTTP", attack.ErrAnswer},
		{"\x00\xff\x00\r\n\r\n", "binary data", attack.ErrAnswer},
	} {
		t.Run(c.why, func(t *testing.T) {
			url, got := fakeTarget(t, good, c.answer)
			tr := newTransport(t, attack.TransportConfig{URL: url, MaxBody: 4096})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, body, err := post(ctx, tr, url, "1")
			require.NoError(t, err)
			require.Equal(t, "ok", body)
			_, body, err = post(ctx, tr, url, "2")
			require.ErrorIs(t, err, c.is, body)
			require.NotErrorIs(t, err, attack.ErrNotSent)
			require.NotContains(t, err.Error(), "secret", "received bytes are not quoted")
			require.EqualValues(t, 2, got.Load(), "not repeated")
			require.Zero(t, tr.Stats().Open, "the connection is closed")
			tr.CloseIdleConnections()
		})
	}
}

// An idle connection that the target has closed, or on which it sent unrequested bytes, is not used.
func TestTransportStale(t *testing.T) {
	for _, c := range []struct{ answer, why string }{
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "closed after the response"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", "closed as announced"},
	} {
		t.Run(c.why, func(t *testing.T) {
			url, got := fakeTarget(t, c.answer)
			tr := newTransport(t, attack.TransportConfig{URL: url})
			for range 3 {
				_, body, err := post(t.Context(), tr, url, "x")
				require.NoError(t, err)
				require.Equal(t, "ok", body)
				time.Sleep(20 * time.Millisecond) // the close comes after the response
			}
			require.EqualValues(t, 3, got.Load())
			require.EqualValues(t, 3, tr.Stats().Dialled)
		})
	}
	t.Run("announced as closed, but left open", func(t *testing.T) {
		closing := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
		url, _ := fakeTarget(t, closing, closing)
		tr := newTransport(t, attack.TransportConfig{URL: url})
		for range 2 {
			_, _, err := post(t.Context(), tr, url, "x")
			require.NoError(t, err)
		}
		require.EqualValues(t, 2, tr.Stats().Dialled)
	})
	t.Run("an unrequested response", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		extra := make(chan struct{})
		served := make(chan struct{})
		go func() {
			defer close(served)
			for i := range 2 {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				_, _ = http.ReadRequest(bufio.NewReader(c))
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				if i == 0 {
					<-extra
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nlie")
					extra <- struct{}{}
				}
			}
		}()
		url := "http://" + l.Addr().String()
		tr := newTransport(t, attack.TransportConfig{URL: url})
		_, body, err := post(t.Context(), tr, url, "")
		require.NoError(t, err)
		require.Equal(t, "ok", body)
		extra <- struct{}{}
		<-extra
		_, body, err = post(t.Context(), tr, url, "")
		require.NoError(t, err)
		require.Equal(t, "ok", body, "not the unrequested response")
		require.EqualValues(t, 1, tr.Stats().Stale)
		<-served
	})
}

// A request ends with its context, in every phase.
func TestTransportContext(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/half" {
			w.Header().Set("Content-Length", "10")
			_, _ = w.Write([]byte("half"))
			_ = http.NewResponseController(w).Flush()
		}
		if r.URL.Path != "/" {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	}))
	defer s.Close()
	defer close(release)
	tr := newTransport(t, attack.TransportConfig{URL: s.URL, Conns: 1})

	for _, path := range []string{"/hang", "/half"} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		_, _, err := post(ctx, tr, s.URL+path, "x")
		require.ErrorIs(t, err, context.DeadlineExceeded, path)
		require.NotErrorIs(t, err, attack.ErrNotSent, "it was sent")
		cancel()
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(30*time.Millisecond, cancel)
		_, _, err = post(ctx, tr, s.URL+path, "x")
		require.ErrorIs(t, err, context.Canceled, path)
	}
	_, _, err := post(t.Context(), tr, s.URL+"/", "x")
	require.NoError(t, err, "an interrupted request does not affect the next one")

	stopHang := useOnlyConn(t, tr, s.URL+"/hang")
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	_, _, err = post(short, tr, s.URL+"/", "x")
	require.ErrorIs(t, err, attack.ErrNotSent, "it waited for a connection")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireDial(t, err)
	stopHang()
}

// requireDial checks that a caller who does not know this package sees that nothing was sent.
func requireDial(t *testing.T, err error) {
	op := (*net.OpError)(nil)
	require.True(t, errors.As(err, &op) && op.Op == "dial", "%v", err)
}

// A target that is down, or whose certificate is not trusted, receives nothing.
func TestTransportNotSent(t *testing.T) {
	down := "http://127.0.0.1:1" // no service listens on this port
	tr := newTransport(t, attack.TransportConfig{URL: down})
	_, _, err := post(t.Context(), tr, down, "x")
	require.ErrorIs(t, err, attack.ErrNotSent)
	requireDial(t, err)
	n, err := tr.Warm(t.Context(), 3)
	require.Zero(t, n)
	require.ErrorIs(t, err, attack.ErrNotSent)

	got := atomic.Int64{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it would log the failed handshake
	s.StartTLS()
	defer s.Close()
	tr = newTransport(t, attack.TransportConfig{URL: s.URL})
	_, _, err = post(t.Context(), tr, s.URL, "x")
	require.ErrorIs(t, err, attack.ErrNotSent)
	requireDial(t, err)
	require.Zero(t, got.Load())

	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	tr = newTransport(t, attack.TransportConfig{URL: s.URL, CAFile: ca})
	n, err = tr.Warm(t.Context(), 2)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	for range 3 {
		_, _, err = post(t.Context(), tr, s.URL, "x")
		require.NoError(t, err)
	}
	require.EqualValues(t, 2, tr.Stats().Dialled, "the warm connections are used")
	require.EqualValues(t, 3, got.Load())
}

// useOnlyConn keeps a transport's only connection in use until the returned function is called.
func useOnlyConn(t *testing.T, tr *attack.Transport, url string) func() {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := post(ctx, tr, url, "x")
		done <- err
	}()
	require.Eventually(t, func() bool { return tr.Stats().InUse == 1 }, 5*time.Second, time.Millisecond)
	return func() {
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	}
}
