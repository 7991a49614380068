package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"hongbao/reference/wallet"
)

// maxCallback bounds a callback's body, in bytes. The largest batch of receipts is far smaller.
const maxCallback = 64 << 10

// callback takes a message that a downstream sends. The downstream's adapter verifies the sender, in the downstream's
// own way.
func (s *Server) callback(w http.ResponseWriter, r *http.Request) {
	start, reason := time.Now(), "ok"
	defer func() {
		if panicked := recover(); panicked != nil {
			if panicked == http.ErrAbortHandler {
				panic(panicked)
			}
			err := s.recordPanic("callbacks", panicked)
			reason = wallet.ReasonOf(err)
			s.write(w, r, err)
		}
		s.callbackMeter.done(reason, time.Since(start))
	}()
	if err := s.takeCallback(r); err != nil {
		reason = wallet.ReasonOf(err)
		s.write(w, r, err)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// takeCallback handles one callback, or returns why it did not.
func (s *Server) takeCallback(r *http.Request) error {
	award, known := wallet.ParseAwardType(r.PathValue("award"))
	switch {
	case s.draining.Load():
		return errDraining
	case s.ports.Callbacks == nil || !known || award == wallet.Cash:
		return errNoMethod
	}
	body, err := s.callbacks.read(r)
	if err != nil {
		return err
	}
	defer s.callbacks.memory.Leave(int64(len(body)))
	g := &s.gates[downstreams]
	if !g.Enter(1) {
		return fmt.Errorf("%w: %d callbacks are in progress", wallet.ErrOverloaded, g.Max)
	}
	s.inFlight[downstreams].Inc()
	defer func() {
		g.Leave(1)
		s.inFlight[downstreams].Dec()
	}()
	ctx, cancel := context.WithTimeout(r.Context(), s.config.Deadline)
	defer cancel()
	return withCode(s.ports.Callbacks.Callback(ctx, award, r.Header, body), true)
}
