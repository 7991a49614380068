package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"connectrpc.com/connect"
	"github.com/prometheus/client_golang/prometheus"

	"hongbao/reference/limit"
	"hongbao/reference/server/auth"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
)

// Server is the API of one instance.
type Server struct {
	config Config
	ports  Ports
	log    *slog.Logger

	endpoints     map[string]*endpoint
	pages         http.Handler
	errors        *connect.ErrorWriter
	callers       map[string]*auth.Caller
	operators     map[string]*auth.Operator
	nonces        *auth.Nonces
	bodies        *bodies
	callbacks     *bodies
	gates         [audiences + 1]limit.Gate
	inFlight      [audiences]prometheus.Gauge
	metrics       *Metrics
	callbackMeter meter

	missing  atomic.Pointer[string] // why the instance is not ready; nil: it is ready
	draining atomic.Bool

	certificate *tls.Certificate
	listener    net.Listener
	debug       net.Listener
}

// New returns a server that does not listen yet, or all configuration errors. It is not ready until SetReady.
func New(c Config, p Ports) (*Server, error) {
	c.defaults()
	faults := []error{c.validate()}
	if p.Service == nil || p.Clock == nil {
		faults = append(faults, errors.New("server: a service and a clock are required"))
	}
	s := &Server{config: c, ports: p, nonces: auth.NewNonces(), bodies: newBodies(c.MaxBody), callbacks: newBodies(maxCallback), log: p.Log, metrics: p.Metrics,
		callers: map[string]*auth.Caller{}, operators: map[string]*auth.Operator{}}
	if c.TLSCert != "" && c.TLSKey != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			faults = append(faults, fmt.Errorf("server: TLS: %w", err))
		}
		s.certificate = &pair
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.metrics == nil {
		s.metrics = NewMetrics()
	}
	for i := range c.Keys.Callers {
		s.callers[c.Keys.Callers[i].ID] = &c.Keys.Callers[i]
	}
	for i := range c.Keys.Operators {
		s.operators[c.Keys.Operators[i].ID] = &c.Keys.Operators[i]
	}
	s.gates[upstreams].Max, s.gates[users].Max = int64(c.MaxInFlight), int64(c.MaxInFlight)
	s.gates[everyday].Max = int64(c.MaxEveryday)
	s.gates[operators].Max, s.gates[downstreams].Max = operatorsInFlight, callbacksInFlight
	s.callbackMeter = s.metrics.meter("callbacks")
	for a := range audiences {
		s.inFlight[a] = s.metrics.inFlight.WithLabelValues(a.String())
	}
	s.route()
	s.SetReady(false, "starting")
	return s, nil
}

// route builds the table of endpoints.
func (s *Server) route() {
	options := []connect.HandlerOption{
		connect.WithInterceptors(connect.UnaryInterceptorFunc(s.observe)),
		connect.WithReadMaxBytes(int(s.config.MaxBody)),
		connect.WithCompression("gzip", nil, nil), // no compressed requests: a small body must not expand into a large one
	}
	for _, c := range codecs() {
		options = append(options, connect.WithCodec(c))
	}
	s.errors = connect.NewErrorWriter(options...)
	services := map[string]http.Handler{}
	add := func(path string, h http.Handler) { services[path] = h }
	add(connectpb.NewGrantServiceHandler(grants{s}, options...))
	add(connectpb.NewAccountServiceHandler(accounts{s}, options...))
	add(connectpb.NewWalletServiceHandler(walletAPI{s}, options...))
	add(connectpb.NewQueryServiceHandler(queries{s}, options...))
	add(connectpb.NewOperatorServiceHandler(operatorAPI{s}, options...))
	s.endpoints = map[string]*endpoint{}
	for _, m := range methods() {
		service := m.path[:strings.LastIndexByte(m.path, '/')+1]
		e := &endpoint{method: m, inner: services[service], meter: s.metrics.meter(strings.TrimPrefix(m.path, "/"))}
		e.live = m.serves == nil || m.serves(&s.ports, false)
		e.accepted = e.live || m.serves(&s.ports, true)
		s.endpoints[m.path] = e
	}
	s.pages = s.newPages()
}

// Handler returns the API and its pages.
func (s *Server) Handler() http.Handler { return s }

// SetReady sets whether this instance accepts new traffic, and if not, what is missing. /readyz reports it. Requests
// are served in either case.
func (s *Server) SetReady(ready bool, missing ...string) {
	if ready {
		s.missing.Store(nil)
		s.metrics.ready.Set(1)
		return
	}
	what := strings.Join(missing, ", ")
	if what == "" {
		what = "not ready"
	}
	s.missing.Store(&what)
	s.metrics.ready.Set(0)
}
