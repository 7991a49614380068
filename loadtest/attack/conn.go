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
	// readBuffer bounds an answer's head in bytes; an ordinary one is some 200.
	readBuffer = 8 << 10
	// keepBuffer is the largest buffer for bodies that an idle connection keeps.
	keepBuffer = 64 << 10
	// maxInterim bounds the 1xx answers before the real one.
	maxInterim = 8
)

// conn is one connection. One goroutine uses it at a time.
type conn struct {
	net    net.Conn
	look   look // below TLS
	secure bool
	br     *bufio.Reader
	out    []byte // the request
	in     fasthttp.Response
	values []byte // of the answer's headers
}

func newConn(c, raw net.Conn, secure bool) *conn {
	out := &conn{net: c, look: newLook(raw), secure: secure, br: bufio.NewReaderSize(c, readBuffer)}
	out.in.Header.SetNoDefaultContentType(true)
	return out
}

func (c *conn) close() { _ = c.net.Close() } // what it carried has been read, or is given up

// quiet says whether an idle connection is open and has nothing to be read. What a target sends unasked must never be
// taken for the answer to the next request.
func (c *conn) quiet() bool { return c.br.Buffered() == 0 && c.look.quiet(c.secure) }

// longAgo is a deadline that has passed.
func longAgo() time.Time { return time.Unix(1, 0) }

// exchange sends a request and reads its answer. keep: the connection can serve another.
func (c *conn) exchange(ctx context.Context, r *http.Request, t *Transport) (resp *http.Response, keep bool, err error) {
	if err := c.compose(r, t); err != nil {
		return nil, true, t.notSent(err)
	}
	// Whatever ends the context ends the reads and writes below; a deadline needs no timer of its own.
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
		return nil, false, t.notSent(err) // not a byte of it has left; a record of TLS may have
	}
	return nil, false, err
}

// read reads one answer into c.in. ErrAnswer: it is none, or not whole.
func (c *conn) read(method string, maxBody int) (keep bool, err error) {
	h := &c.in.Header
	for range maxInterim {
		if err := h.Read(c.br); err != nil {
			return false, answerError(err)
		}
		if code := h.StatusCode(); code < 100 || code > 599 || code == http.StatusSwitchingProtocols {
			return false, fmt.Errorf("%w: status %d", ErrAnswer, code)
		} else if code >= 200 {
			break
		}
	}
	c.in.ResetBody()
	switch code := h.StatusCode(); {
	case code < 200:
		return false, fmt.Errorf("%w: more than %d interim answers", ErrAnswer, maxInterim)
	case method == http.MethodHead || code == http.StatusNoContent || code == http.StatusNotModified:
	case h.ContentLength() == -2:
		// A body that ends with the connection cannot be told from one that was cut short.
		return false, fmt.Errorf("%w: neither a length nor chunks", ErrAnswer)
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
		return false, fmt.Errorf("%w: %d bytes more than it said", ErrAnswer, n)
	}
	return !h.ConnectionClose(), nil
}

// answerError says what was wrong with an answer. A failure of the connection stays what it is; an end where more was due
// is io.ErrUnexpectedEOF. What the target sent is not repeated: it may hold secrets.
func answerError(err error) error {
	op := (*net.OpError)(nil)
	switch {
	case errors.As(err, &op):
		return fmt.Errorf("attack: reading the answer: %w", op)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ErrAnswer, io.ErrUnexpectedEOF)
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return fmt.Errorf("%w: %w", ErrAnswer, fasthttp.ErrBodyTooLarge)
	case errors.Is(err, fasthttp.ErrSmallReadBuffer):
		return fmt.Errorf("%w: a head above %d bytes", ErrAnswer, readBuffer)
	default:
		return fmt.Errorf("%w: not HTTP/1.1", ErrAnswer)
	}
}

// response copies the answer out of the connection's buffers: head and body into one piece of memory each.
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
			head[key] = append(before, each[len(each)-1]) // which copies: before is full
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

// body is an answer's body, in memory.
type body struct{ bytes.Reader }

// Close does nothing: there is nothing to give back.
func (*body) Close() error { return nil }

// headerKey returns a header's name without a copy where it is one that wallets send.
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
