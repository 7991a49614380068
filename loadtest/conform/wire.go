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
	timeout  = 15 * time.Second // several times what a wallet may take
	maxReply = 4 << 20          // a full page has some 100 KB
	tries    = 8                // of a call that is to succeed, while it is refused for the moment
	between  = 250 * time.Millisecond
	soonest  = 10 * time.Millisecond // before the first look again at what is on its way; each later one waits twice as long, up to between
)

// wire sends requests to a target.
type wire struct {
	Target
	client *http.Client
	begun  wallet.Instant // when the wins happened

	mu     sync.Mutex
	people int64
	owed   map[wallet.Caller]owed // what cases that passed saw last
	seen   map[wallet.Caller]owed // the same, of the case under way
}

func newWire(t Target) *wire {
	if t.Patience == 0 {
		t.Patience = DefaultPatience
	}
	w := &wire{Target: t, client: t.HTTPClient, begun: wallet.InstantOf(time.Now().Add(-time.Minute)), owed: map[wallet.Caller]owed{}, seen: map[wallet.Caller]owed{}}
	// Users whom nobody has heard of, and below 2^53, so that a wallet fails the case that is about larger ones by name.
	w.people = 1<<50 + rand.Int64N(1<<50)
	if w.client == nil {
		w.client = &http.Client{Timeout: timeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: crowd},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	w.BaseURL = strings.TrimSuffix(t.BaseURL, "/")
	return w
}

// reach finds out whether anybody listens.
func (w *wire) reach(ctx context.Context) error {
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

// request is one request as it goes out. Changing it after it was signed is the point of some cases.
type request struct {
	verb, path string
	body       []byte
	header     http.Header
}

// new returns a request in JSON with the target's mark, and no credentials.
func (w *wire) new(method string, body []byte) *request {
	r := &request{http.MethodPost, "/hongbao.v1." + method, body, http.Header{"Content-Type": {"application/json"}}}
	if w.LoadTest {
		r.header.Set(auth.HeaderLoadTest, "1")
	}
	return r
}

// signed returns a request that is signed with a key at a time.
func (w *wire) signed(method string, body []byte, k auth.Key, at time.Time) *request {
	r := w.new(method, body)
	r.header.Set("Authorization", auth.Sign(k, auth.Request{Method: r.verb, Path: r.path, Body: body, LoadTest: w.LoadTest}, at, auth.NewNonce()))
	return r
}

// refusal is an answer that says no.
type refusal struct {
	*pb.ErrorDetail
	status int
}

// Error implements error.
func (r *refusal) Error() string {
	return fmt.Sprintf("it was refused: %s %s (HTTP %d): %s", r.Code, r.Reason, r.status, r.Message)
}

// send sends a request once. The error is a *refusal, unanswered, or a breach in how the wallet answers. Of a reply it
// reads what out knows.
func (w *wire) send(ctx context.Context, r *request, out proto.Message) error {
	h, err := http.NewRequestWithContext(ctx, r.verb, w.BaseURL+r.path, bytes.NewReader(r.body))
	if err != nil {
		return unanswered{err.Error()}
	}
	h.Header = r.header
	got, err := w.client.Do(h)
	if err != nil {
		return unanswered{fmt.Sprintf("no answer: %v", err)}
	}
	defer got.Body.Close()
	body, err := io.ReadAll(io.LimitReader(got.Body, maxReply+1))
	switch {
	case err != nil:
		return unanswered{fmt.Sprintf("half an answer: %v", err)}
	case len(body) > maxReply:
		return fmt.Errorf("the answer is larger than %d bytes", maxReply)
	case got.StatusCode != http.StatusOK:
		return refusalOf(got, body)
	}
	if err := decode(got.Header.Get("Content-Type"), body, out); err != nil {
		return fmt.Errorf("HTTP 200 with a body that cannot be read: %v", err)
	}
	return nil
}

// decode reads a reply. Fields that this version does not know are the wallet's own.
func decode(contentType string, body []byte, out proto.Message) error {
	if strings.HasPrefix(contentType, "application/proto") {
		return proto.Unmarshal(body, out)
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, out)
}

// refusalOf reads an error as Connect writes it, with the detail that the contract asks for.
func refusalOf(got *http.Response, body []byte) error {
	var e struct {
		Details []struct{ Type, Value string }
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return fmt.Errorf("HTTP %d without an error that can be read: %.80q", got.StatusCode, body)
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
			return fmt.Errorf("HTTP %d with an ErrorDetail that cannot be read: %v", got.StatusCode, err)
		}
		if header := got.Header.Get("Hongbao-Reason"); header != detail.Reason {
			return fmt.Errorf("a refusal's reason is %q, and %q in the header Hongbao-Reason", detail.Reason, header)
		}
		return &refusal{detail, got.StatusCode}
	}
	return fmt.Errorf("HTTP %d without a hongbao.v1.ErrorDetail: %.80q", got.StatusCode, body)
}

// call makes a call that is to succeed, again and again while it is refused for the moment: each time under the same
// numbers, and under credentials that are made anew.
func (w *wire) call(ctx context.Context, make func() *request, out proto.Message) error {
	for n := 1; ; n++ {
		err := w.send(ctx, make(), out)
		r := (*refusal)(nil)
		if !errors.As(err, &r) || !r.Retryable {
			return err
		}
		if n == tries || !pause(ctx, between) {
			return unanswered{fmt.Sprintf("after %d tries: %v", n, err)}
		}
	}
}

// looks is a series of looks at something that is on its way.
type looks struct {
	until time.Time
	next  time.Duration
}

// looks begins a series that lasts as long as the target's patience.
func (w *wire) looks() looks { return looks{until: time.Now().Add(w.Patience), next: soonest} }

// over says whether patience is at its end.
func (l *looks) over() bool { return time.Now().After(l.until) }

// pause waits for the next look, and says whether ctx goes on.
func (l *looks) pause(ctx context.Context) bool {
	d := l.next
	l.next = min(2*d, between)
	return pause(ctx, d)
}

// pause waits, and says whether ctx goes on.
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

// encode writes a message as JSON.
func encode(m proto.Message) []byte {
	b, _ := protojson.Marshal(m) // ours are valid
	return b
}
