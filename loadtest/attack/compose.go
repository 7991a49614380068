package attack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// compose writes a request into c.out. It fails for a request to another target or with characters that HTTP forbids.
func (c *conn) compose(r *http.Request, t *Transport) error {
	if r.URL == nil || r.URL.Scheme != t.scheme || r.URL.Host != t.host {
		return errors.New("the request is for another target")
	}
	body, size, err := sized(r)
	if err != nil {
		return err
	}
	host := r.Host
	if host == "" {
		host = t.host
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	uri := r.URL.RequestURI()
	if !plain(method, false) || !plain(uri, false) || !plain(host, false) {
		return errors.New("method, path or host contains a character that a request line forbids")
	}
	b := c.out[:0]
	b = append(append(append(append(b, method...), ' '), uri...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, host...), "\r\n"...)
	if body != nil || method != http.MethodGet && method != http.MethodHead {
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), size, 10), "\r\n"...)
	}
	for k, values := range r.Header {
		switch k {
		case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Trailer":
			continue // the framing headers are written above
		}
		for _, v := range values {
			if k == "" || strings.ContainsRune(k, ':') || !plain(k, false) || !plain(v, true) {
				return fmt.Errorf("header %q contains a forbidden character", k)
			}
			b = append(append(append(append(b, k...), ": "...), v...), "\r\n"...)
		}
	}
	b = append(b, "\r\n"...)
	c.out, err = appendBody(b, body, size)
	return err
}

// sized returns a request's body and its length. A body of unknown length is read.
func sized(r *http.Request) (io.Reader, int64, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, 0, nil
	}
	if r.ContentLength > maxRequestBody {
		return nil, 0, fmt.Errorf("a body above %d bytes", maxRequestBody)
	}
	if r.ContentLength > 0 {
		return r.Body, r.ContentLength, nil
	}
	all, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBody+1))
	if err != nil {
		return nil, 0, fmt.Errorf("reading the request's body: %w", err)
	}
	if len(all) > maxRequestBody {
		return nil, 0, fmt.Errorf("a body above %d bytes", maxRequestBody)
	}
	return bytes.NewReader(all), int64(len(all)), nil
}

// appendBody appends a body of exactly that size.
func appendBody(b []byte, body io.Reader, size int64) ([]byte, error) {
	if body == nil {
		return b, nil
	}
	head := len(b)
	b = append(b, make([]byte, size)...)
	if _, err := io.ReadFull(body, b[head:]); err != nil {
		return b, fmt.Errorf("the request's body is shorter than its Content-Length: %w", err)
	}
	if n, _ := body.Read(make([]byte, 1)); n > 0 {
		return b, errors.New("the request's body is longer than its Content-Length")
	}
	return b, nil
}

// plain reports whether s has no control characters, and no spaces unless it is a header's value.
func plain(s string, value bool) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b == 0x7f, b < ' ' && b != '\t':
			return false
		case !value && (b == ' ' || b == '\t'):
			return false
		}
	}
	return true
}
