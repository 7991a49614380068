package server

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"connectrpc.com/connect"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// slowDeadline bounds the calls that read all books.
const slowDeadline = 10 * time.Minute

// operatorsInFlight is how many calls of operators are worked on at once: they are few, and must get through when
// everybody else is refused.
const operatorsInFlight = 16

// callbacksInFlight is how many callbacks of downstreams are worked on at once. Who is refused tells it again, and what is
// not told is asked for.
const callbacksInFlight = 256

// endpoint is a method with what it needs at the edge.
type endpoint struct {
	method
	inner  http.Handler
	meter  meter
	served bool // of live requests or of marked ones
	live   bool // of live ones
}

// call is one request under way.
type call struct {
	*endpoint
	caller   *auth.Caller   // for upstreams
	user     wallet.Caller  // for users
	operator *auth.Operator // for operators, once the signature is proven
	service  wallet.Service
	rewards  wallet.Rewards
	packets  wallet.PacketService
	marked   bool        // by a load test
	header   http.Header // of the answer
	reason   string      // the outcome, for the metrics
}

type callKey struct{}

// everyday is the pool of upstreams whose key says that their traffic is not the festival's (L3). Whatever the festival
// floods, they get through.
const everyday = audiences

// pool returns whose places the call takes.
func (c *call) pool() audience {
	if c.caller != nil && c.caller.Everyday {
		return everyday
	}
	return c.of
}

// callOf returns the call that a handler works on.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// ServeHTTP implements http.Handler: it lets in who may, and hands over to connect.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := s.endpoints[r.URL.Path]
	if e == nil {
		s.pages.ServeHTTP(w, r)
		return
	}
	begun := time.Now()
	c := &call{endpoint: e, service: s.ports.Service, rewards: s.ports.Rewards, packets: s.ports.Packets, header: w.Header()}
	defer func() {
		if broken := recover(); broken != nil {
			if broken == http.ErrAbortHandler {
				panic(broken)
			}
			s.fail(w, r, c, s.defect(c.path, broken))
		}
		c.meter.done(c.reason, time.Since(begun))
	}()
	if err := s.serve(w, r, c); err != nil {
		s.fail(w, r, c, err)
	}
}

// serve does one request, or returns why it was not handed over.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, c *call) error {
	if err := s.check(r, c); err != nil {
		return err
	}
	prove, err := s.credentials(r, c)
	if err != nil {
		return err
	}
	body, err := s.bodies.read(r)
	if err != nil {
		return err
	}
	defer s.bodies.memory.Leave(int64(len(body)))
	if err := prove(r.Context(), body); err != nil {
		return err
	}
	if grpc(r) && !framed(body, r.Header.Get("Grpc-Encoding")) {
		return fmt.Errorf("%w: not one whole gRPC message", errMalformed)
	}
	g := &s.gates[c.pool()]
	if !g.Enter(1) {
		return fmt.Errorf("%w: %d requests are worked on", wallet.ErrOverloaded, g.Max)
	}
	running := s.inFlight[c.of]
	running.Inc()
	defer func() {
		g.Leave(1)
		running.Dec()
	}()

	deadline := s.config.Deadline
	if c.slow {
		deadline = slowDeadline
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{}) // the body is here; a server without deadlines is as good
		_ = control.SetWriteDeadline(time.Now().Add(slowDeadline + s.config.Deadline))
	}
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), callKey{}, c), deadline)
	defer cancel()
	r = r.WithContext(ctx)
	r.Body = again(body)
	// What connect refuses by itself never reaches observe, which takes this away.
	c.reason = "unsupported"
	c.header.Set(headerReason, c.reason)
	c.inner.ServeHTTP(w, r)
	return nil
}

// check refuses what the request's head is enough to refuse.
func (s *Server) check(r *http.Request, c *call) error {
	switch mark := r.Header.Get(auth.HeaderLoadTest); {
	case r.Method != http.MethodPost:
		return errHTTPMethod
	case !spoken(r.Header.Get("Content-Type")):
		return errContentType
	case s.draining.Load():
		return errDraining
	case !c.served:
		return errNotServed
	case mark == "1":
		if !c.shadowed(&s.ports) {
			return errShadow
		}
		c.service, c.rewards, c.packets, c.marked = s.ports.Shadow, s.ports.ShadowRewards, s.ports.ShadowPackets, true
	case mark != "":
		return errMark
	case !c.live:
		return errNotServed
	}
	return nil
}

// spoken says whether a content type is one of the API's.
func spoken(contentType string) bool {
	base, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(base)) {
	case "application/json", "application/proto", "application/grpc", "application/grpc+proto", "application/grpc+json",
		"application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json":
		return true
	}
	return false
}

// grpc says whether the request is one of gRPC's, or gRPC-Web's.
func grpc(r *http.Request) bool {
	const prefix = "application/grpc"
	t := r.Header.Get("Content-Type")
	return len(t) >= len(prefix) && strings.EqualFold(t[:len(prefix)], prefix)
}

// framed says whether the body is one message of gRPC: a byte that says whether it is compressed, four that say how long
// it is, and all of it. Connect takes half a message for a defect of its own.
func framed(body []byte, encoding string) bool {
	const head = 5
	if len(body) < head || body[0] > 1 || body[0] == 1 && encoding == "" {
		return false
	}
	return uint64(binary.BigEndian.Uint32(body[1:])) == uint64(len(body)-head)
}

// fail answers with an error in the request's own protocol.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, c *call, err error) {
	c.reason = wallet.ReasonOf(err)
	c.header.Del(headerReason)
	s.write(w, r, err)
}

// write writes an error. That it cannot be written is the client's loss: it has gone.
func (s *Server) write(w http.ResponseWriter, r *http.Request, err error) {
	if !grpc(r) {
		// Connect's errors are JSON whatever was sent; so is what answers other requests.
		w, r = plain{w}, &http.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}}
	}
	_ = s.errors.Write(w, r, wireError(err))
}

// plain answers over plain HTTP, where the status may say more than the API's code.
type plain struct{ http.ResponseWriter }

// WriteHeader keeps the code's own status but for the cases that HTTP has a word for.
func (p plain) WriteHeader(status int) {
	switch p.Header().Get(headerReason) {
	case errContentType.why.Reason:
		status = http.StatusUnsupportedMediaType
	case errHTTPMethod.why.Reason:
		p.Header().Set("Allow", http.MethodPost)
		status = http.StatusMethodNotAllowed
	case errNoMethod.why.Reason:
		status = http.StatusNotFound
	case errTooLarge.why.Reason:
		status = http.StatusRequestEntityTooLarge
	case errSlow.why.Reason:
		status = http.StatusRequestTimeout
	}
	p.ResponseWriter.WriteHeader(status)
}

// defect notes a panic and returns the error that stands for it. One request ends; the others are not touched.
func (s *Server) defect(where string, broken any) error {
	s.metrics.panics.Inc()
	s.log.Error("a request ended in a defect", "method", where, "panic", fmt.Sprint(broken), "stack", string(debug.Stack()))
	return fmt.Errorf("server: %s ended in a defect", where)
}

// observe is the one interceptor: it sees each message that connect could decode, and each error before connect does.
func (s *Server) observe(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (answer connect.AnyResponse, err error) {
		c := callOf(ctx)
		c.header.Del(headerReason)
		err = readable(r.Any())
		switch {
		case c.of == operators:
			answer, err = s.audited(ctx, c, r, err, next)
		case err == nil:
			answer, err = s.answer(ctx, c, r, next)
		}
		c.reason = wallet.ReasonOf(err)
		if err != nil {
			return nil, wireError(err)
		}
		return answer, nil
	}
}

// answer asks the service. Whatever goes wrong there has a code when it leaves here.
func (s *Server) answer(ctx context.Context, c *call, r connect.AnyRequest, next connect.UnaryFunc) (answer connect.AnyResponse, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = s.defect(c.path, broken)
		}
	}()
	answer, err = next(ctx, r)
	if err = settled(err, c.mutates); err != nil && wallet.CodeOf(err) == wallet.CodeInternal {
		s.log.Error("a request failed", "method", c.path, "error", err)
	}
	return answer, err
}
