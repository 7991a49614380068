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

// slowDeadline bounds the calls that read all stores.
const slowDeadline = 10 * time.Minute

// operatorsInFlight bounds the concurrent calls of operators. They are few, and must succeed even when all other
// requests are refused.
const operatorsInFlight = 16

// callbacksInFlight bounds the concurrent callbacks of downstreams. A refused callback is sent again, and the query
// chore asks for what no callback reported.
const callbacksInFlight = 256

// endpoint is a method and its handler.
type endpoint struct {
	method
	inner    http.Handler
	meter    meter
	accepted bool // for live or load-test requests
	live     bool // for live requests
}

// call is one request in progress.
type call struct {
	*endpoint
	caller   *auth.Caller   // for upstreams
	user     wallet.Caller  // for users
	operator *auth.Operator // for operators, once the signature is verified
	service  wallet.Service
	rewards  wallet.Rewards
	packets  wallet.PacketService
	shadow   bool        // a load test's request
	header   http.Header // of the response
	reason   string      // the outcome, for the metrics
}

type callKey struct{}

// everyday is the pool of upstreams whose key is marked as everyday traffic (L3). It stays free when the festival's
// pools are full.
const everyday = audiences

// pool returns the concurrency pool that the call belongs to.
func (c *call) pool() audience {
	if c.caller != nil && c.caller.Everyday {
		return everyday
	}
	return c.audience
}

// callOf returns the call of a handler's context.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// ServeHTTP implements http.Handler. It checks the request and passes it to Connect.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := s.endpoints[r.URL.Path]
	if e == nil {
		s.pages.ServeHTTP(w, r)
		return
	}
	start := time.Now()
	c := &call{endpoint: e, service: s.ports.Service, rewards: s.ports.Rewards, packets: s.ports.Packets, header: w.Header()}
	defer func() {
		if panicked := recover(); panicked != nil {
			if panicked == http.ErrAbortHandler {
				panic(panicked)
			}
			s.fail(w, r, c, s.recordPanic(c.path, panicked))
		}
		c.meter.done(c.reason, time.Since(start))
	}()
	if err := s.serve(w, r, c); err != nil {
		s.fail(w, r, c, err)
	}
}

// serve handles one request, or returns why it did not reach Connect.
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
		return fmt.Errorf("%w: the body is not one complete gRPC message", errMalformed)
	}
	g := &s.gates[c.pool()]
	if !g.Enter(1) {
		return fmt.Errorf("%w: %d requests are in progress", wallet.ErrOverloaded, g.Max)
	}
	running := s.inFlight[c.audience]
	running.Inc()
	defer func() {
		g.Leave(1)
		running.Dec()
	}()

	deadline := s.config.Deadline
	if c.slow {
		deadline = slowDeadline
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{}) // the body has been read already; a server without deadlines works as well
		_ = control.SetWriteDeadline(time.Now().Add(slowDeadline + s.config.Deadline))
	}
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), callKey{}, c), deadline)
	defer cancel()
	r = r.WithContext(ctx)
	r.Body = newBody(body)
	// Connect refuses some requests before observe runs. observe deletes this header.
	c.reason = "unsupported"
	c.header.Set(headerReason, c.reason)
	c.inner.ServeHTTP(w, r)
	return nil
}

// check refuses requests that the method, path and headers already disqualify.
func (s *Server) check(r *http.Request, c *call) error {
	switch mark := r.Header.Get(auth.HeaderLoadTest); {
	case r.Method != http.MethodPost:
		return errHTTPMethod
	case !supportedContentType(r.Header.Get("Content-Type")):
		return errContentType
	case s.draining.Load():
		return errDraining
	case !c.accepted:
		return errNotServed
	case mark == "1":
		if !c.servesShadow(&s.ports) {
			return errNoShadow
		}
		c.service, c.rewards, c.packets, c.shadow = s.ports.Shadow, s.ports.ShadowRewards, s.ports.ShadowPackets, true
	case mark != "":
		return errMark
	case !c.live:
		return errNotServed
	}
	return nil
}

// supportedContentType reports whether a content type belongs to the API.
func supportedContentType(contentType string) bool {
	base, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(base)) {
	case "application/json", "application/proto", "application/grpc", "application/grpc+proto", "application/grpc+json",
		"application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json":
		return true
	}
	return false
}

// grpc reports whether the request uses gRPC or gRPC-Web.
func grpc(r *http.Request) bool {
	const prefix = "application/grpc"
	t := r.Header.Get("Content-Type")
	return len(t) >= len(prefix) && strings.EqualFold(t[:len(prefix)], prefix)
}

// framed reports whether the body is one complete gRPC message: a byte for the compression flag, four for the length,
// then the message. Connect would report a truncated message as an internal error.
func framed(body []byte, encoding string) bool {
	const head = 5
	if len(body) < head || body[0] > 1 || body[0] == 1 && encoding == "" {
		return false
	}
	return uint64(binary.BigEndian.Uint32(body[1:])) == uint64(len(body)-head)
}

// fail writes an error in the request's own protocol.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, c *call, err error) {
	c.reason = wallet.ReasonOf(err)
	c.header.Del(headerReason)
	s.write(w, r, err)
}

// write writes an error. A failed write is ignored: the client has disconnected.
func (s *Server) write(w http.ResponseWriter, r *http.Request, err error) {
	if !grpc(r) {
		// Connect's errors are JSON for every format. Other requests get the same.
		w, r = plain{w}, &http.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}}
	}
	_ = s.errors.Write(w, r, wireError(err))
}

// plain answers over plain HTTP, where the status can be more precise than the API's code.
type plain struct{ http.ResponseWriter }

// WriteHeader keeps the code's status, except for cases that HTTP has a status for.
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

// recordPanic counts and logs a panic, and returns the error for it. Only this one request fails.
func (s *Server) recordPanic(where string, broken any) error {
	s.metrics.panics.Inc()
	s.log.Error("a request panicked", "method", where, "panic", fmt.Sprint(broken), "stack", string(debug.Stack()))
	return fmt.Errorf("server: %s panicked", where)
}

// observe is the only interceptor: it sees each message that Connect could decode, and each error before Connect does.
func (s *Server) observe(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (answer connect.AnyResponse, err error) {
		c := callOf(ctx)
		c.header.Del(headerReason)
		err = checkReadable(r.Any())
		switch {
		case c.audience == operators:
			answer, err = s.answerAudited(ctx, c, r, err, next)
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

// answer calls the service. Every error that it returns has a code.
func (s *Server) answer(ctx context.Context, c *call, r connect.AnyRequest, next connect.UnaryFunc) (answer connect.AnyResponse, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = s.recordPanic(c.path, panicked)
		}
	}()
	if c.liveOnly && c.shadow {
		return nil, errLiveOnly
	}
	answer, err = next(ctx, r)
	if err = withCode(err, c.mutates); err != nil && wallet.CodeOf(err) == wallet.CodeInternal {
		s.log.Error("a request failed", "method", c.path, "error", err)
	}
	return answer, err
}
