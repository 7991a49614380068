package server

import (
	"context"
	"net/http"

	"hongbao/reference/server/auth"
)

// proof completes the authentication that credentials began, once the body has been read.
type proof func(ctx context.Context, body []byte) error

// credentials authenticates the caller as far as the headers allow: an unknown caller is refused before the body is
// read. The returned proof may be called once.
func (s *Server) credentials(r *http.Request, c *call) (proof, error) {
	header := r.Header.Get("Authorization")
	now := s.ports.Clock.Now()
	if c.audience == users {
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
	if c.audience == upstreams {
		return s.proveUpstream(c, signed, request)
	}
	return s.proveOperator(c, signed, request)
}

// proveUpstream authenticates an upstream.
func (s *Server) proveUpstream(c *call, signed auth.Signed, request auth.Request) (proof, error) {
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
		if c.once && !request.LoadTest { // the shadow wallet needs no protection, and its load must not leave records here (K2)
			return s.checkReplay(ctx, signed)
		}
		return nil
	}, nil
}

// proveOperator authenticates an operator. Every request with a valid signature is recorded in the audit log,
// replays too.
func (s *Server) proveOperator(c *call, signed auth.Signed, request auth.Request) (proof, error) {
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
			err = s.checkReplay(ctx, signed)
		}
		if err != nil {
			return s.appendAudit(ctx, c, "", err)
		}
		return nil
	}, nil
}

// checkReplay checks the nonce against all instances. Few calls need it, and replaying one of them does harm; so the
// call is refused while the check is impossible. A lease named after the nonce is enough: no other request can
// acquire it while the nonce is valid.
func (s *Server) checkReplay(ctx context.Context, signed auth.Signed) error {
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
