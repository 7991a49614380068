package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// maxRequest bounds a request's body in bytes: the service takes no more than 1 MiB.
const maxRequest = 1 << 20

// sender signs requests as they go over the wire, and says of those that fail whether they can have arrived. It stands
// below the protocol, because a signature covers the bytes that are sent, and because above it a failure's nature is
// lost.
type sender struct {
	next     connect.HTTPClient
	key      auth.Key
	loadTest bool
	now      func() time.Time
}

// Do implements connect.HTTPClient. Every try is signed anew: a nonce serves once.
func (s *sender) Do(r *http.Request) (*http.Response, error) {
	body, err := read(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.ContentLength = int64(len(body))
	if s.loadTest {
		r.Header.Set(auth.HeaderLoadTest, "1")
	}
	if r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", auth.Sign(s.key, auth.Request{Method: r.Method, Path: r.URL.Path, Body: body, LoadTest: s.loadTest},
			s.now(), auth.NewNonce()))
	}
	if err := r.Context().Err(); err != nil {
		return nil, notSent{err}
	}
	reply, err := s.next.Do(r)
	if err != nil && neverConnected(err) {
		return nil, notSent{err}
	}
	return reply, err
}

// read reads a body whole. ErrInvalid: it is larger than the service takes.
func read(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, maxRequest+1))
	if err != nil {
		return nil, notSent{err}
	}
	if len(b) > maxRequest {
		return nil, fmt.Errorf("%w: client: a request above %d bytes", wallet.ErrInvalid, maxRequest)
	}
	return b, nil
}

// neverConnected says whether a failure proves that nothing was sent: there was never a connection to send on. Whatever
// else fails may fail after the request has arrived.
func neverConnected(err error) bool {
	op := (*net.OpError)(nil)
	return errors.As(err, &op) && op.Op == "dial"
}

// notSent is a request that has surely not reached the service.
type notSent struct{ err error }

// Error implements error.
func (e notSent) Error() string { return e.err.Error() }

// Unwrap returns why it was not sent.
func (e notSent) Unwrap() error { return e.err }
