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

// maxRequest bounds what a stand-in reads of a request in bytes.
const maxRequest = 1 << 17

// headers are those that some protocol reads.
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
			http.Error(w, "the request is too large or broke off", http.StatusBadRequest)
			return
		}
		reply := s.Handle(c.Now(), fake.Request(in))
		for k, v := range reply.Header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(reply.Status)
		_, _ = w.Write(reply.Body) // who has gone does not hear it
	})
}

// request reads a request with a bound.
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

// maxDelivered bounds the callbacks that one step makes for one system.
const maxDelivered = 64

// Deliverer brings the callbacks of stand-ins to whoever is to hear of them.
type Deliverer struct {
	Systems map[wallet.AwardType]*fake.System
	Clock   wallet.Clock
	// Post brings one. nil: it has arrived; otherwise it is brought again later.
	Post func(ctx context.Context, award wallet.AwardType, r downstream.Request) error
}

// Step makes the callbacks that are due and returns how many arrived.
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

// Post brings a callback to the line's address, which is then that of whoever is to hear of it.
func (l *Line) Post(ctx context.Context, _ wallet.AwardType, r downstream.Request) error {
	reply, err := l.do(ctx, l.posts, l.base+r.Path, r)
	if err == nil && reply.Status/100 != 2 {
		err = wallet.ErrUnavailable
	}
	return err
}

// Listener reads the callbacks of downstreams and tells of them.
type Listener struct {
	Secret []byte
	Clock  wallet.Clock
	// Told hears of each callback whose signature is right. It must ask the downstream before it believes it.
	Told func(ctx context.Context, c wallet.Callback) error
}

// Hear takes one callback; its errors are those of downstream.ReadCallback and of Told.
func (l *Listener) Hear(ctx context.Context, award wallet.AwardType, r downstream.Request) error {
	c, err := downstream.ReadCallback(award, l.Secret, l.Clock.Now(), r)
	if err != nil {
		return err
	}
	return l.Told(ctx, c)
}

// Callback is Hear for what came over HTTP.
func (l *Listener) Callback(ctx context.Context, award wallet.AwardType, header http.Header, body []byte) error {
	r := downstream.Request{Method: http.MethodPost, Header: map[string]string{}, Body: body}
	for _, k := range headers {
		r.Header[k] = header.Get(k)
	}
	return l.Hear(ctx, award, r)
}
