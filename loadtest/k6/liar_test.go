package k6

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	"hongbao/reference/server/auth"
)

// liar is a proxy that changes the answers of one method to load-test requests, or to live requests. It starts with the first
// acknowledged grant: before that, while the service is prepared, it changes nothing.
type liar struct {
	target string
	method string
	live   bool
	change func(n int64, body []byte) []byte
	begun  atomic.Bool
	n      atomic.Int64
}

func (l *liar) listen(t testing.TB) string {
	s := httptest.NewServer(l)
	t.Cleanup(s.Close)
	return s.URL
}

// ServeHTTP implements http.Handler.
func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	on, err := http.NewRequestWithContext(r.Context(), r.Method, l.target+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	on.Header = r.Header.Clone()
	reply, err := http.DefaultTransport.RoundTrip(on)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer reply.Body.Close()
	answer, _ := io.ReadAll(reply.Body)
	if reply.StatusCode == http.StatusOK && strings.HasSuffix(r.URL.Path, "/Grant") {
		l.begun.Store(true)
	}
	if reply.StatusCode == http.StatusOK && strings.HasSuffix(r.URL.Path, "/"+l.method) && (r.Header.Get(auth.HeaderLoadTest) == "") == l.live && l.begun.Load() {
		answer = l.change(l.n.Add(1), answer)
	}
	for name, values := range reply.Header {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(reply.StatusCode)
	_, _ = w.Write(answer)
}

// altered returns a change of answers that decodes an answer, changes it and encodes it again. An answer that is not of
// the type is left unchanged.
func altered[M proto.Message](change func(n int64, m M)) func(n int64, body []byte) []byte {
	return func(n int64, body []byte) []byte {
		var none M
		m := none.ProtoReflect().New().Interface().(M)
		if proto.Unmarshal(body, m) != nil {
			return body
		}
		change(n, m)
		body, _ = proto.Marshal(m)
		return body
	}
}
