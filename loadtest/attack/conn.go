package attack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	// readBuffer bounds a response's header in bytes. A usual one has some 200.
	readBuffer = 8 << 10
	// keepBuffer is the largest body buffer that an idle connection keeps.
	keepBuffer = 64 << 10
	// maxInterim bounds the 1xx responses before the final one.
	maxInterim = 8
)

// conn is one connection. One goroutine uses it at a time.
type conn struct {
	net    net.Conn
	probe  connProbe // of the raw connection below TLS
	secure bool
	br     *bufio.Reader
	out    []byte // the request
	in     fasthttp.Response
	values []byte // of the response's headers
}

func newConn(c, raw net.Conn, secure bool) *conn {
	out := &conn{net: c, probe: newConnProbe(raw), secure: secure, br: bufio.NewReaderSize(c, readBuffer)}
	out.in.Header.SetNoDefaultContentType(true)
	return out
}

func (c *conn) close() { _ = c.net.Close() } // its responses have been read, or were given up

// alive reports whether an idle connection is open and has no unread bytes. Bytes that a target sends without a request
// must never be read as the response to the next request.
func (c *conn) alive() bool { return c.br.Buffered() == 0 && c.probe.alive(c.secure) }

// longAgo is a deadline in the past.
func longAgo() time.Time { return time.Unix(1, 0) }

// exchange sends a request and reads the response. keep: the connection can be used again.
func (c *conn) exchange(ctx context.Context, r *http.Request, t *Transport) (resp *http.Response, keep bool, err error) {
	if err := c.compose(r, t); err != nil {
		return nil, true, t.notSent(err)
	}
	// The end of the context ends the reads and writes below, so no deadline timer is needed.
	stop := context.AfterFunc(ctx, func() { _ = c.net.SetDeadline(longAgo()) })
	n, err := c.net.Write(c.out)
	if err == nil {
		keep, err = c.read(r.Method, t.maxBody)
	}
	if !stop() {
		keep = false
	}
	switch {
	case err == nil:
		return c.response(r), keep, nil
	case ctx.Err() != nil:
		err = fmt.Errorf("attack: %w", ctx.Err())
	case n == 0 && !c.secure:
		return nil, false, t.notSent(err) // no byte was sent; under TLS a record may have been
	}
	return nil, false, err
}

// read reads one response into c.in. errAnswer: it is malformed or incomplete.
func (c *conn) read(method string, maxBody int) (keep bool, err error) {
	h := &c.in.Header
	for range maxInterim {
		if err := h.Read(c.br); err != nil {
			return false, answerError(err)
		}
		if code := h.StatusCode(); code < 100 || code > 599 || code == http.StatusSwitchingProtocols {
			return false, fmt.Errorf("%w: status %d", errAnswer, code)
		} else if code >= 200 {
			break
		}
	}
	c.in.ResetBody()
	switch code := h.StatusCode(); {
	case code < 200:
		return false, fmt.Errorf("%w: more than %d interim responses", errAnswer, maxInterim)
	case method == http.MethodHead || code == http.StatusNoContent || code == http.StatusNotModified:
	case h.ContentLength() == -2:
		// A body that ends with the connection cannot be distinguished from a truncated one.
		return false, fmt.Errorf("%w: neither Content-Length nor chunked encoding", errAnswer)
	default:
		chunked := h.ContentLength() == -1
		err := c.in.ReadBody(c.br, maxBody)
		if err == nil && chunked {
			err = h.ReadTrailer(c.br)
		}
		if err != nil {
			return false, answerError(err)
		}
	}
	if n := c.br.Buffered(); n > 0 {
		return false, fmt.Errorf("%w: %d bytes more than its length", errAnswer, n)
	}
	return !h.ConnectionClose(), nil
}

// answerError classifies an error of reading a response. An error of the connection is kept; an early end is
// io.ErrUnexpectedEOF. The received bytes are not quoted, because they may contain secrets.
func answerError(err error) error {
	op := (*net.OpError)(nil)
	switch {
	case errors.As(err, &op):
		return fmt.Errorf("attack: reading the response: %w", op)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", errAnswer, io.ErrUnexpectedEOF)
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return fmt.Errorf("%w: %w", errAnswer, fasthttp.ErrBodyTooLarge)
	case errors.Is(err, fasthttp.ErrSmallReadBuffer):
		return fmt.Errorf("%w: a header above %d bytes", errAnswer, readBuffer)
	default:
		return fmt.Errorf("%w: not HTTP/1.1", errAnswer)
	}
}

// response copies the response out of the connection's buffers: header and body with one allocation each.
func (c *conn) response(r *http.Request) *http.Response {
	c.values = c.values[:0]
	lines := 0
	for _, v := range c.in.Header.All() {
		c.values = append(c.values, v...)
		lines++
	}
	values, each := string(c.values), make([]string, 0, lines)
	head := make(http.Header, lines)
	for k, v := range c.in.Header.All() {
		key := headerKey(k)
		each, values = append(each, values[:len(v)]), values[len(v):]
		if before, ok := head[key]; ok {
			head[key] = append(before, each[len(each)-1]) // append copies, because before has no spare capacity
		} else {
			head[key] = each[len(each)-1 : len(each) : len(each)]
		}
	}
	b := &body{}
	n := len(c.in.Body())
	b.Reset(bytes.Clone(c.in.Body()))
	c.in.ReleaseBody(keepBuffer)
	if cap(c.out) > keepBuffer {
		c.out = nil
	}
	code := c.in.StatusCode()
	return &http.Response{Status: statusLine(code), StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: head, Body: b, ContentLength: int64(n), Request: r}
}

// body is a response body in memory.
type body struct{ bytes.Reader }

// Close does nothing: the memory is garbage collected.
func (*body) Close() error { return nil }

// headerKey returns a header's name, without an allocation for the names that wallets usually send.
func headerKey(k []byte) string {
	switch string(k) {
	case "Content-Type":
		return "Content-Type"
	case "Content-Length":
		return "Content-Length"
	case "Date":
		return "Date"
	}
	return string(k)
}

func statusLine(code int) string {
	if code == http.StatusOK {
		return "200 OK"
	}
	return fmt.Sprintf("%d %s", code, http.StatusText(code))
}
