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
	headerTimeout = 5 * time.Second  // a client that is slower is no client
	idleTimeout   = 90 * time.Second // longer than the usual client's, so that it is not we who close under its request
	maxHeader     = 16 << 10
	maxStreams    = 256 // requests at once on one HTTP/2 connection
)

// Listen opens the ports. Serve does it too, unless it is done; to do it before tells Addr.
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

// URL returns where the API is, once it listens.
func (s *Server) URL() string {
	scheme := "http"
	if s.certificate != nil {
		scheme = "https"
	}
	return scheme + "://" + s.listener.Addr().String()
}

// DebugURL returns where pprof and metrics are, once it listens; empty: nowhere.
func (s *Server) DebugURL() string {
	if s.debug == nil {
		return ""
	}
	return "http://" + s.debug.Addr().String()
}

// Serve serves until the context ends. Then it drains: it is not ready, after DrainDelay it takes no new requests, and
// it returns when what runs is done, or at DrainTimeout with an error that says so.
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
	case err = <-ended: // a listener broke
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

// drain lets what runs come to its end.
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
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // of clients that cannot speak
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

// debugHandler serves what is for the people who run the service: never on the API's port. The command line is left
// out: a store's password may stand in it.
func (s *Server) debugHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.Handler())
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
