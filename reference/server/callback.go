package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"hongbao/reference/wallet"
)

// maxCallback bounds what a downstream tells at once, in bytes: the largest batch of receipts is far below.
const maxCallback = 64 << 10

// callback takes what a downstream tells of its own accord. Who tells it is in the message, in the downstream's own way;
// the adapter proves it.
func (s *Server) callback(w http.ResponseWriter, r *http.Request) {
	begun, reason := time.Now(), "ok"
	defer func() {
		if broken := recover(); broken != nil {
			if broken == http.ErrAbortHandler {
				panic(broken)
			}
			err := s.defect("callbacks", broken)
			reason = wallet.ReasonOf(err)
			s.write(w, r, err)
		}
		s.told.done(reason, time.Since(begun))
	}()
	if err := s.takeCallback(r); err != nil {
		reason = wallet.ReasonOf(err)
		s.write(w, r, err)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// takeCallback does one callback, or returns why it was not done.
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
		return fmt.Errorf("%w: %d callbacks are worked on", wallet.ErrOverloaded, g.Max)
	}
	s.inFlight[downstreams].Inc()
	defer func() {
		g.Leave(1)
		s.inFlight[downstreams].Dec()
	}()
	ctx, cancel := context.WithTimeout(r.Context(), s.config.Deadline)
	defer cancel()
	return settled(s.ports.Callbacks.Callback(ctx, award, r.Header, body), true)
}
