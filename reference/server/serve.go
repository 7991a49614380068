package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"golang.org/x/net/netutil"
)

// Bounds of connections.
const (
	headerTimeout = 5 * time.Second  // a slower client is not a real client
	idleTimeout   = 90 * time.Second // longer than most clients' own limit, so that the server does not close a connection while a request is sent
	maxHeader     = 16 << 10
	maxStreams    = 256 // requests at once on one HTTP/2 connection
)

// Listen opens the ports. Serve calls it if it was not called before. After Listen, URL is known.
func (s *Server) Listen() error {
	if s.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.config.Addr)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if s.config.DebugAddr != "" {
		if s.debug, err = net.Listen("tcp", s.config.DebugAddr); err != nil {
			return errors.Join(fmt.Errorf("server: debug: %w", err), l.Close())
		}
	}
	s.listener = netutil.LimitListener(l, s.config.MaxConnections)
	return nil
}

// URL returns the API's address. Call it after Listen.
func (s *Server) URL() string {
	scheme := "http"
	if s.certificate != nil {
		scheme = "https"
	}
	return scheme + "://" + s.listener.Addr().String()
}

// Serve serves until the context ends, and then drains: the server is not ready, after DrainDelay it takes no new
// requests, and Serve returns when the running requests are done, or at DrainTimeout with an error.
func (s *Server) Serve(ctx context.Context) error {
	if err := s.Listen(); err != nil {
		return err
	}
	api, debug := s.httpServer(), &http.Server{Handler: s.debugHandler(), ReadHeaderTimeout: headerTimeout}
	ended := make(chan error, 2)
	go func() {
		if s.certificate != nil {
			ended <- api.ServeTLS(s.listener, "", "")
		} else {
			ended <- api.Serve(s.listener)
		}
	}()
	running := 1
	if s.debug != nil {
		running++
		go func() { ended <- debug.Serve(s.debug) }()
	}
	var err error
	select {
	case <-ctx.Done():
		err = s.drain(api)
	case err = <-ended: // a listener failed
		running--
		err = errors.Join(err, api.Close())
	}
	err = errors.Join(err, debug.Close())
	for range running {
		if e := <-ended; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// drain waits for the running requests.
func (s *Server) drain(api *http.Server) error {
	s.SetReady(false, "stopping")
	time.Sleep(s.config.DrainDelay)
	s.draining.Store(true)
	bound, cancel := context.WithTimeout(context.Background(), s.config.DrainTimeout)
	defer cancel()
	if err := api.Shutdown(bound); err != nil {
		return errors.Join(fmt.Errorf("server: requests were still running after %s: %w", s.config.DrainTimeout, err), api.Close())
	}
	return nil
}

// httpServer returns the API's server.
func (s *Server) httpServer() *http.Server {
	api := &http.Server{
		Handler:           s,
		Protocols:         new(http.Protocols),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       s.config.BodyTimeout,
		WriteTimeout:      s.config.BodyTimeout + 2*s.config.Deadline,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // reports malformed requests
	}
	api.Protocols.SetHTTP1(true)
	if s.certificate != nil {
		api.Protocols.SetHTTP2(true)
		api.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*s.certificate}}
	} else {
		api.Protocols.SetUnencryptedHTTP2(true)
	}
	return api
}

// debugHandler serves the metrics and profiles, for the people who run the service. They are never on the API's port.
// pprof's cmdline page is left out: the command line may contain a store's password.
func (s *Server) debugHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.handler())
	if s.ports.Ops != nil {
		mux.Handle("GET /ops", s.ports.Ops)
		mux.Handle("GET /ops.json", s.ports.Ops)
	}
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
