package client

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// maxRequest bounds a request's body in bytes: the service accepts at most 1 MiB.
const maxRequest = 1 << 20

// sender signs requests as they are sent. It sits below the Connect client, because a signature covers the sent bytes.
type sender struct {
	next     connect.HTTPClient
	key      auth.Key
	loadTest bool
	now      func() time.Time
}

// Do implements connect.HTTPClient. Every try is signed again, because a nonce is valid once.
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
	return s.next.Do(r)
}

// read reads a whole body. ErrInvalid: it is larger than the service accepts.
func read(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, maxRequest+1))
	if err == nil && len(b) > maxRequest {
		err = fmt.Errorf("%w: client: a request above %d bytes", wallet.ErrInvalid, maxRequest)
	}
	return b, err
}
