package client

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// failing returns preset errors.
type failing struct {
	wallet.Service
	err  error
	page wallet.Page
}

func (s *failing) Grant(context.Context, wallet.GrantRequest) (wallet.GrantReply, error) {
	return wallet.GrantReply{}, s.err
}

func (s *failing) Page(context.Context, wallet.PageRequest) (wallet.Page, error) {
	return s.page, s.err
}

func grantOne(c *Client) error {
	_, err := c.Grant(context.Background(), wallet.GrantRequest{Caller: person(1), Activity: "a", Scene: "s", Award: wallet.Cash, Amount: 1, Opened: 1})
	return err
}

// TestEverySentinel: each sentinel survives the wire, as a call's error and as a token's refusal.
func TestEverySentinel(t *testing.T) {
	s := &failing{}
	c, _ := serve(t, auth.Generate(), server.Ports{Service: s, Clock: storetest.NewClock()}, Config{Tries: 1})
	for _, want := range sentinels() {
		s.page, s.err = wallet.Page{}, fmt.Errorf("deep inside: %w", want)
		err := grantOne(c)
		require.ErrorIs(t, err, want)
		require.Equal(t, wallet.CodeOf(want), wallet.CodeOf(err))
		require.Equal(t, wallet.ReasonOf(want), wallet.ReasonOf(err))

		s.page, s.err = wallet.Page{Refused: []wallet.TokenRefusal{{Index: 3, Err: s.err}}}, nil
		page, err := c.Page(t.Context(), wallet.PageRequest{Caller: person(1), Limit: 1})
		require.NoError(t, err)
		require.Equal(t, 3, page.Refused[0].Index)
		require.ErrorIs(t, page.Refused[0].Err, want)
	}
}

// TestSentinelsAreComplete compares the list with the sources, and checks that no two sentinels share a reason.
func TestSentinelsAreComplete(t *testing.T) {
	declared := 0
	names, err := filepath.Glob("../../wallet/*.go")
	require.NoError(t, err)
	for _, name := range append(names, "../../server/auth/errors.go") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			if _, ok := n.(*ast.FuncDecl); ok {
				return false
			}
			if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Err") {
				declared += len(v.Names)
			}
			return true
		})
	}
	require.NotZero(t, declared)
	require.Len(t, sentinels(), declared)
	reasons := map[string]bool{}
	for _, s := range sentinels() {
		require.False(t, reasons[wallet.ReasonOf(s)], wallet.ReasonOf(s))
		reasons[wallet.ReasonOf(s)] = true
	}
}

// TestUnfamiliarReasons: an unknown reason keeps its code, and wraps the code's generic sentinel.
func TestUnfamiliarReasons(t *testing.T) {
	s := &failing{}
	c, _ := serve(t, auth.Generate(), server.Ports{Service: s, Clock: storetest.NewClock()}, Config{Tries: 1})
	for _, w := range []struct {
		code wallet.Code
		is   error
	}{
		{wallet.CodeInvalid, wallet.ErrInvalid}, {wallet.CodeNotFound, wallet.ErrNotFound}, {wallet.CodeConflict, wallet.ErrConflict},
		{wallet.CodeOverloaded, wallet.ErrOverloaded}, {wallet.CodeUnavailable, wallet.ErrUnavailable}, {wallet.CodeUnknown, wallet.ErrUnknown},
		{wallet.CodeRefused, nil}, {wallet.CodeUnauthorised, nil},
	} {
		s.err = &wallet.Error{Code: w.code, Reason: "new_in_the_next_version"}
		err := grantOne(c)
		require.Equal(t, w.code, wallet.CodeOf(err))
		require.Equal(t, "new_in_the_next_version", wallet.ReasonOf(err))
		if w.is != nil {
			require.ErrorIs(t, err, w.is)
		}
	}
	s.err = errors.New("a defect")
	require.Equal(t, wallet.CodeInternal, wallet.CodeOf(grantOne(c)))
}

// TestAnswersOfOthers: a proxy may respond in place of the service, and does not know the outcome.
func TestAnswersOfOthers(t *testing.T) {
	for _, w := range []struct {
		why, kind, body string
		status          int
		want            wallet.Code
	}{
		{"a gateway that timed out", "text/html", "<h1>504</h1>", 504, wallet.CodeUnknown},
		{"a gateway that lost the connection", "text/html", "<h1>502</h1>", 502, wallet.CodeUnknown},
		{"a gateway without a backend, which looks like one that lost it", "text/html", "<h1>503</h1>", 503, wallet.CodeUnknown},
		{"too many requests, not from the service", "text/html", "", 429, wallet.CodeUnknown},
		{"a crash", "text/html", "", 500, wallet.CodeUnknown},
		{"not found, from a proxy", "text/html", "", 404, wallet.CodeUnknown},
		{"forbidden, by a proxy", "text/html", "", 403, wallet.CodeUnknown},
		{"a redirect", "text/html", "", 307, wallet.CodeUnknown},
		{"another content type", "text/html", "welcome", 200, wallet.CodeUnknown},
		{"garbage", "application/proto", "\xff\xff", 200, wallet.CodeUnknown},
		{"an empty reply has no order number", "application/proto", "", 200, wallet.CodeUnknown},
		{"a Connect server without our details", "application/json", `{"code":"invalid_argument"}`, 400, wallet.CodeInvalid},
		{"the same, unauthenticated", "application/json", `{"code":"unauthenticated"}`, 401, wallet.CodeUnauthorised},
		{"the same, unavailable", "application/json", `{"code":"unavailable"}`, 503, wallet.CodeUnknown},
		{"the same, internal", "application/json", `{"code":"internal"}`, 500, wallet.CodeUnknown},
		{"a code that does not exist", "application/json", `{"code":"maybe"}`, 500, wallet.CodeUnknown},
	} {
		var sent atomic.Int64
		c := clientOf(t, func(rw http.ResponseWriter, _ *http.Request) {
			sent.Add(1)
			rw.Header().Set("Content-Type", w.kind)
			rw.Header().Set("Location", "/elsewhere")
			rw.WriteHeader(w.status)
			_, _ = rw.Write([]byte(w.body))
		}, Config{Tries: 1})
		err := grantOne(c)
		require.Equal(t, w.want, wallet.CodeOf(err), "%s: %v", w.why, err)
		require.EqualValues(t, 1, sent.Load(), w.why)
	}
}

// TestTransport: a request that was sent and got no response is unknown; a request that was never sent is unavailable.
func TestTransport(t *testing.T) {
	t.Run("nothing listens", func(t *testing.T) {
		c := newClient(t, Config{BaseURL: "http://127.0.0.1:1", Key: auth.Key{ID: "demo"}})
		require.ErrorIs(t, grantOne(c), wallet.ErrUnavailable)
		require.NotErrorIs(t, grantOne(c), wallet.ErrUnknown)
	})
	t.Run("the connection ends before the response", func(t *testing.T) {
		for _, linger := range []int{-1, 0} { // 0: the connection is reset
			var sent atomic.Int64
			c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
				sent.Add(1)
				if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
					_ = conn.(*net.TCPConn).SetLinger(linger)
					conn.Close()
				}
			}, Config{Tries: 1})
			require.ErrorIs(t, grantOne(c), wallet.ErrUnknown)
			require.EqualValues(t, 1, sent.Load(), "no layer below the client repeats the request")
		}
	})
	t.Run("the response is truncated", func(t *testing.T) {
		c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/proto")
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("\x0a"))
		}, Config{Tries: 1})
		require.ErrorIs(t, grantOne(c), wallet.ErrUnknown)
	})
	t.Run("no response in time", func(t *testing.T) {
		block := make(chan struct{})
		defer close(block)
		c := clientOf(t, func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-block:
			case <-r.Context().Done():
			}
		}, Config{Tries: 1, Timeout: 10 * time.Millisecond})
		require.ErrorIs(t, grantOne(c), wallet.ErrUnknown)
	})
	t.Run("cancelled before it was sent", func(t *testing.T) {
		var sent atomic.Int64
		c := clientOf(t, func(http.ResponseWriter, *http.Request) { sent.Add(1) }, Config{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := c.Grant(ctx, wallet.GrantRequest{})
		require.ErrorIs(t, err, wallet.ErrUnavailable)
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, sent.Load())
	})
}
