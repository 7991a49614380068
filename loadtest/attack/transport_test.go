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

// post sends a body and returns the answer's.
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

// What net/http's server sees and answers is what a caller sent and gets, over connections that are used again.
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
		{"/?a=b", "hello", "POST a=b  hello", "an ordinary one"},
		{"/", "", "POST   ", "nothing in it"},
		{"/chunks", "chunks", "chunks", "an answer of unknown length"},
		{"/none", "x", "", "an answer without a body"},
		{"/interim", "x", "late", "a hint before the answer"},
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
	require.Empty(t, resp.Header.Get("Content-Type"), "what was not sent is not made up")
	resp, _, err = post(t.Context(), tr, s.URL+"/redirect", "")
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, resp.StatusCode, "a redirect is the caller's business")
	require.EqualValues(t, 1, tr.Stats().Dialled, "one connection served all")
	require.EqualValues(t, 8, seen.Load())
}

// liar is a target that answers each request on a connection with the next of its lines, and closes after the last.
func liar(t *testing.T, answers ...string) (string, *atomic.Int64) {
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
			serveLies(c, answers, &got)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "http://" + l.Addr().String(), &got
}

func serveLies(c net.Conn, answers []string, got *atomic.Int64) {
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

// Whatever a target sends, the caller gets the whole answer or an error, and no request is sent a second time.
func TestTransportLies(t *testing.T) {
	good := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for _, c := range []struct {
		answer, why string
		is          error
	}{
		{"", "closes without an answer", io.ErrUnexpectedEOF},
		{"HTTP/1.1 200 OK\r\nContent-Le", "half a head", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "half a body", io.ErrUnexpectedEOF},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nmore", "a body longer than it says", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "a negative length", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "a length that is no number", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("x", 5000), "a length above the bound", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", "two lengths", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\n\r\nuntil the end", "no length: it might have been cut", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "half a chunk", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "chunks without an end", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nok\r\n", "a chunk larger than memory", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + strings.Repeat("x", 5000) + "\r\n0\r\n\r\n", "a chunk above the bound", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: secret-coding\r\n\r\n", "a coding nobody knows", attack.ErrAnswer},
		{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 10_000) + "\r\n\r\n", "a head without end", attack.ErrAnswer},
		{strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100), "interim answers without end", attack.ErrAnswer},
		{"HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n", "another protocol", attack.ErrAnswer},
		{"HTTP/1.1 999 Beyond\r\nContent-Length: 0\r\n\r\n", "a status nobody knows", attack.ErrAnswer},
		{"SSH-2.0-secret\r\n", "another protocol altogether", attack.ErrAnswer},
		{"\x00\xff\x00\r\n\r\n", "no text", attack.ErrAnswer},
	} {
		t.Run(c.why, func(t *testing.T) {
			url, got := liar(t, good, c.answer)
			tr := newTransport(t, attack.TransportConfig{URL: url, MaxBody: 4096})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, body, err := post(ctx, tr, url, "1")
			require.NoError(t, err)
			require.Equal(t, "ok", body)
			_, body, err = post(ctx, tr, url, "2")
			require.ErrorIs(t, err, c.is, body)
			require.NotErrorIs(t, err, attack.ErrNotSent)
			require.NotContains(t, err.Error(), "secret", "what a target sends may be one")
			require.EqualValues(t, 2, got.Load(), "sent once")
			require.Zero(t, tr.Stats().Open, "such a connection is not used again")
			tr.CloseIdleConnections()
		})
	}
}

// An idle connection that the target has closed, or on which it sent something unasked, serves no request.
func TestTransportStale(t *testing.T) {
	for _, c := range []struct{ answer, why string }{
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "closed after the answer"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", "closed and said so"},
	} {
		t.Run(c.why, func(t *testing.T) {
			url, got := liar(t, c.answer)
			tr := newTransport(t, attack.TransportConfig{URL: url})
			for range 3 {
				_, body, err := post(t.Context(), tr, url, "x")
				require.NoError(t, err)
				require.Equal(t, "ok", body)
				time.Sleep(20 * time.Millisecond) // the close comes after the answer
			}
			require.EqualValues(t, 3, got.Load())
			require.EqualValues(t, 3, tr.Stats().Dialled)
		})
	}
	t.Run("said to be closed, and not closed", func(t *testing.T) {
		closing := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
		url, _ := liar(t, closing, closing)
		tr := newTransport(t, attack.TransportConfig{URL: url})
		for range 2 {
			_, _, err := post(t.Context(), tr, url, "x")
			require.NoError(t, err)
		}
		require.EqualValues(t, 2, tr.Stats().Dialled)
	})
	t.Run("an answer nobody asked for", func(t *testing.T) {
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
		require.Equal(t, "ok", body, "not the lie")
		require.EqualValues(t, 1, tr.Stats().Stale)
		<-served
	})
}

// A request ends with its context, wherever it stands.
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
		require.NotErrorIs(t, err, attack.ErrNotSent, "it went out")
		cancel()
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(30*time.Millisecond, cancel)
		_, _, err = post(ctx, tr, s.URL+path, "x")
		require.ErrorIs(t, err, context.Canceled, path)
	}
	_, _, err := post(t.Context(), tr, s.URL+"/", "x")
	require.NoError(t, err, "a request that was cut off does no harm to the next")

	stopHang := occupy(t, tr, s.URL+"/hang")
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	_, _, err = post(short, tr, s.URL+"/", "x")
	require.ErrorIs(t, err, attack.ErrNotSent, "it waited for a connection")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireDial(t, err)
	stopHang()
}

// requireDial requires that a caller who knows nothing of this package sees that nothing was sent.
func requireDial(t *testing.T, err error) {
	op := (*net.OpError)(nil)
	require.True(t, errors.As(err, &op) && op.Op == "dial", "%v", err)
}

// A target that is down, or does not prove who it is, gets nothing.
func TestTransportNotSent(t *testing.T) {
	down := "http://127.0.0.1:1" // nobody listens there, and nobody begins to
	tr := newTransport(t, attack.TransportConfig{URL: down})
	_, _, err := post(t.Context(), tr, down, "x")
	require.ErrorIs(t, err, attack.ErrNotSent)
	requireDial(t, err)
	n, err := tr.Warm(t.Context(), 3)
	require.Zero(t, n)
	require.ErrorIs(t, err, attack.ErrNotSent)

	got := atomic.Int64{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the handshake
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
	require.EqualValues(t, 2, tr.Stats().Dialled, "connections made beforehand serve")
	require.EqualValues(t, 3, got.Load())
}

// occupy keeps a transport's only connection in use until what it returns is called.
func occupy(t *testing.T, tr *attack.Transport, url string) func() {
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
