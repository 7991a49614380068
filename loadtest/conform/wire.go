package conform

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Bounds of a request.
const (
	timeout    = 15 * time.Second // several times a wallet's response time
	maxReply   = 4 << 20          // a full page has some 100 KB
	tries      = 8                // of a call that has to succeed, while it is refused temporarily
	retryPause = 250 * time.Millisecond
	firstPause = 10 * time.Millisecond // before the first repeat of a poll; each later one waits twice as long, up to retryPause
)

// wire sends requests to a target.
type wire struct {
	Target
	client  *http.Client
	winTime wallet.Instant // the time of the wins

	mu       sync.Mutex
	people   int64
	expected map[wallet.Caller]expectation // the last expectations of passed cases
	seen     map[wallet.Caller]expectation // those of the current case
}

func newWire(t Target) *wire {
	if t.Patience == 0 {
		t.Patience = DefaultPatience
	}
	w := &wire{Target: t, client: t.HTTPClient, winTime: wallet.InstantOf(time.Now().Add(-time.Minute)), expected: map[wallet.Caller]expectation{}, seen: map[wallet.Caller]expectation{}}
	// New users, below 2^53, so that only the case about larger numbers depends on them.
	w.people = 1<<50 + rand.Int64N(1<<50)
	if w.client == nil {
		w.client = &http.Client{Timeout: timeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: parallelCalls},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	w.BaseURL = strings.TrimSuffix(t.BaseURL, "/")
	return w
}

// checkReachable checks that a server responds.
func (w *wire) checkReachable(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.BaseURL+"/", nil)
	if err != nil {
		return err
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// request is one HTTP request. Some cases change it after it was signed.
type request struct {
	verb, path string
	body       []byte
	header     http.Header
}

// new returns a JSON request with the target's mark and without credentials.
func (w *wire) new(method string, body []byte) *request {
	r := &request{http.MethodPost, "/hongbao.v1." + method, body, http.Header{"Content-Type": {"application/json"}}}
	if w.LoadTest {
		r.header.Set(auth.HeaderLoadTest, "1")
	}
	return r
}

// signed returns a request signed with a key at a given time.
func (w *wire) signed(method string, body []byte, k auth.Key, at time.Time) *request {
	r := w.new(method, body)
	r.header.Set("Authorization", auth.Sign(k, auth.Request{Method: r.verb, Path: r.path, Body: body, LoadTest: w.LoadTest}, at, auth.NewNonce()))
	return r
}

// refusal is an error response.
type refusal struct {
	*pb.ErrorDetail
	status int
}

// Error implements error.
func (r *refusal) Error() string {
	return fmt.Sprintf("refused: %s %s (HTTP %d): %s", r.Code, r.Reason, r.status, r.Message)
}

// send sends a request once. The error is a *refusal, notEvaluated, or a violation in the form of the response. Unknown
// fields of a reply are ignored.
func (w *wire) send(ctx context.Context, r *request, out proto.Message) error {
	h, err := http.NewRequestWithContext(ctx, r.verb, w.BaseURL+r.path, bytes.NewReader(r.body))
	if err != nil {
		return notEvaluated{err.Error()}
	}
	h.Header = r.header
	got, err := w.client.Do(h)
	if err != nil {
		return notEvaluated{fmt.Sprintf("no response: %v", err)}
	}
	defer got.Body.Close()
	body, err := io.ReadAll(io.LimitReader(got.Body, maxReply+1))
	switch {
	case err != nil:
		return notEvaluated{fmt.Sprintf("truncated response: %v", err)}
	case len(body) > maxReply:
		return fmt.Errorf("the response is larger than %d bytes", maxReply)
	case got.StatusCode != http.StatusOK:
		return refusalOf(got, body)
	}
	if err := decode(got.Header.Get("Content-Type"), body, out); err != nil {
		return fmt.Errorf("HTTP 200 with a malformed body: %v", err)
	}
	return nil
}

// decode decodes a reply. Unknown fields are the wallet's own and ignored.
func decode(contentType string, body []byte, out proto.Message) error {
	if strings.HasPrefix(contentType, "application/proto") {
		return proto.Unmarshal(body, out)
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, out)
}

// refusalOf decodes a Connect error with the detail that the contract requires.
func refusalOf(got *http.Response, body []byte) error {
	var e struct {
		Details []struct{ Type, Value string }
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return fmt.Errorf("HTTP %d without a valid error: %.80q", got.StatusCode, body)
	}
	for _, d := range e.Details {
		if d.Type != "hongbao.v1.ErrorDetail" {
			continue
		}
		value, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(d.Value, "="))
		detail := &pb.ErrorDetail{}
		if err == nil {
			err = proto.Unmarshal(value, detail)
		}
		if err != nil {
			return fmt.Errorf("HTTP %d with a malformed ErrorDetail: %v", got.StatusCode, err)
		}
		if header := got.Header.Get("Hongbao-Reason"); header != detail.Reason {
			return fmt.Errorf("a refusal's reason is %q, but %q in the header Hongbao-Reason", detail.Reason, header)
		}
		return &refusal{detail, got.StatusCode}
	}
	return fmt.Errorf("HTTP %d without a hongbao.v1.ErrorDetail: %.80q", got.StatusCode, body)
}

// call makes a call that has to succeed, and repeats it while it is refused temporarily: with the same numbers and new
// credentials each time.
func (w *wire) call(ctx context.Context, make func() *request, out proto.Message) error {
	for n := 1; ; n++ {
		err := w.send(ctx, make(), out)
		r := (*refusal)(nil)
		if !errors.As(err, &r) || !r.Retryable {
			return err
		}
		if n == tries || !pause(ctx, retryPause) {
			return notEvaluated{fmt.Sprintf("after %d tries: %v", n, err)}
		}
	}
}

// poll is a series of repeated reads, until a deadline.
type poll struct {
	until time.Time
	next  time.Duration
}

// newPoll begins a poll that lasts as long as the target's patience.
func (w *wire) newPoll() poll { return poll{until: time.Now().Add(w.Patience), next: firstPause} }

// expired reports whether the deadline has passed.
func (l *poll) expired() bool { return time.Now().After(l.until) }

// pause waits before the next read, and returns false if ctx has ended.
func (l *poll) pause(ctx context.Context) bool {
	d := l.next
	l.next = min(2*d, retryPause)
	return pause(ctx, d)
}

// pause waits, and returns false if ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// encode encodes a message as JSON.
func encode(m proto.Message) []byte {
	b, _ := protojson.Marshal(m) // the cases' messages are valid
	return b
}
