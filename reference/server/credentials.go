package server

import (
	"context"
	"net/http"

	"hongbao/reference/server/auth"
)

// proof finishes what credentials began, once the body is there.
type proof func(ctx context.Context, body []byte) error

// credentials finds out who asks, as far as the request's head tells: whoever has no business here is refused before a
// body is read. The proof that it returns may be asked once.
func (s *Server) credentials(r *http.Request, c *call) (proof, error) {
	header := r.Header.Get("Authorization")
	now := s.ports.Clock.Now()
	if c.of == users {
		var err error
		c.user, err = auth.OpenSession(s.config.Keys.SessionKey, header, now)
		return func(context.Context, []byte) error { return nil }, err
	}
	signed, err := auth.ParseSigned(header)
	if err != nil {
		return nil, err
	}
	if err := signed.Fresh(now); err != nil {
		return nil, err
	}
	request := auth.Request{Method: r.Method, Path: r.URL.Path, LoadTest: r.Header.Get(auth.HeaderLoadTest) != ""}
	if c.of == upstreams {
		return s.upstream(c, signed, request)
	}
	return s.staff(c, signed, request)
}

// upstream knows a caller.
func (s *Server) upstream(c *call, signed auth.Signed, request auth.Request) (proof, error) {
	caller := s.callers[signed.ID]
	if caller == nil {
		return nil, auth.ErrUnknownKey
	}
	return func(ctx context.Context, body []byte) error {
		request.Body = body
		if err := signed.Verify(caller.Key, request); err != nil {
			return err
		}
		if err := s.nonces.Use(signed, s.ports.Clock.Now()); err != nil {
			return err
		}
		c.caller = caller
		if err := caller.May(c.scope); err != nil {
			return err
		}
		if c.once && !request.LoadTest { // the shadow holds nothing to harm, and its load leaves no trace here (K2)
			return s.unseen(ctx, signed)
		}
		return nil
	}, nil
}

// staff knows an operator. What is asked under a proven name goes to the audit log, a repeat too.
func (s *Server) staff(c *call, signed auth.Signed, request auth.Request) (proof, error) {
	operator := s.operators[signed.ID]
	if operator == nil {
		return nil, auth.ErrUnknownKey
	}
	return func(ctx context.Context, body []byte) error {
		request.Body = body
		if err := signed.Verify(operator.Key, request); err != nil {
			return err
		}
		c.operator = operator
		err := s.nonces.Use(signed, s.ports.Clock.Now())
		if err == nil {
			err = s.unseen(ctx, signed)
		}
		if err != nil {
			return s.note(ctx, c, "", err)
		}
		return nil
	}, nil
}

// unseen asks all instances whether one of them has seen the nonce: the calls that need it are rare, and a captured one
// that is sent again is not harmless, so it is refused while nobody can tell. Holding a lease in the nonce's name is enough, because nobody else can hold it for as long as it counts.
func (s *Server) unseen(ctx context.Context, signed auth.Signed) error {
	if s.ports.Leases == nil {
		return nil
	}
	first, err := s.ports.Leases.Hold(ctx, "nonce:"+signed.ID+":"+signed.Nonce, auth.NewNonce(), 2*auth.Window)
	if err != nil {
		return err
	}
	if !first {
		return auth.ErrReplayed
	}
	return nil
}
