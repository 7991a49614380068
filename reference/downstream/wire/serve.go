package wire

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
)

// maxRequest bounds a request to a stand-in in bytes.
const maxRequest = 1 << 17

// headers are the headers that the protocols use.
var headers = []string{"Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Timestamp", "X-Signature"}

// Handler serves stand-ins over HTTP, each under the name of its award type.
func Handler(systems map[wallet.AwardType]*fake.System, c wallet.Clock) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, path, _ := strings.Cut(strings.TrimPrefix(r.URL.RequestURI(), "/"), "/")
		award, _ := wallet.ParseAwardType(name)
		s := systems[award]
		if s == nil {
			http.NotFound(w, r)
			return
		}
		in, err := request(w, r, "/"+path)
		if err != nil {
			http.Error(w, "the request is too large or truncated", http.StatusBadRequest)
			return
		}
		reply := s.Handle(c.Now(), fake.Request(in))
		for k, v := range reply.Header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(reply.Status)
		_, _ = w.Write(reply.Body) // fails only if the client disconnected
	})
}

// request reads a request of bounded size.
func request(w http.ResponseWriter, r *http.Request, path string) (downstream.Request, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return downstream.Request{}, err
	}
	in := downstream.Request{Method: r.Method, Path: path, Header: map[string]string{}, Body: body}
	for _, k := range headers {
		if v := r.Header.Get(k); v != "" {
			in.Header[k] = v
		}
	}
	return in, nil
}

// maxDelivered bounds the callbacks of one system in one step.
const maxDelivered = 64

// Deliverer delivers the stand-ins' callbacks.
type Deliverer struct {
	Systems map[wallet.AwardType]*fake.System
	Clock   wallet.Clock
	// Post delivers one callback. nil: accepted; otherwise it is repeated later.
	Post func(ctx context.Context, award wallet.AwardType, r downstream.Request) error
}

// Step delivers the due callbacks and returns how many were accepted.
func (d *Deliverer) Step(ctx context.Context) int {
	arrived := 0
	var awards []wallet.AwardType
	for award := range d.Systems {
		awards = append(awards, award)
	}
	slices.Sort(awards)
	for _, award := range awards {
		for _, n := range d.Systems[award].Callbacks(d.Clock.Now(), maxDelivered) {
			if d.Post(ctx, award, downstream.Request(n.Request)) == nil {
				d.Systems[award].Delivered(n.ID)
				arrived++
			}
		}
	}
	return arrived
}

// Post sends a callback to the transport's address, which is then the callback receiver's.
func (l *Transport) Post(ctx context.Context, _ wallet.AwardType, r downstream.Request) error {
	reply, err := l.do(ctx, l.callbackClient, l.base+r.Path, r)
	if err == nil && reply.Status/100 != 2 {
		err = wallet.ErrUnavailable
	}
	return err
}

// Listener verifies the callbacks of downstreams and passes them on.
type Listener struct {
	Secret []byte
	Clock  wallet.Clock
	// OnCallback is called for each callback with a valid signature. It must query the downstream before it
	// records anything.
	OnCallback func(ctx context.Context, c wallet.Callback) error
}

// Receive handles one callback. Its errors are those of downstream.ReadCallback and of OnCallback.
func (l *Listener) Receive(ctx context.Context, award wallet.AwardType, r downstream.Request) error {
	c, err := downstream.ReadCallback(award, l.Secret, l.Clock.Now(), r)
	if err != nil {
		return err
	}
	return l.OnCallback(ctx, c)
}

// Callback is Receive for a callback that arrived over HTTP.
func (l *Listener) Callback(ctx context.Context, award wallet.AwardType, header http.Header, body []byte) error {
	r := downstream.Request{Method: http.MethodPost, Header: map[string]string{}, Body: body}
	for _, k := range headers {
		r.Header[k] = header.Get(k)
	}
	return l.Receive(ctx, award, r)
}
