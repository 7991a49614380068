package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"hongbao/reference/limit"
	"hongbao/reference/wallet"
)

// Bounds for reading bodies.
const (
	// firstBody is the first buffer size, whatever length the request claims: memory grows with the bytes that arrived,
	// not with the announced length. Most bodies are smaller.
	firstBody = 1 << 10
	// bodiesInMemory is the number of bodies of the largest size that fit into the memory bound.
	bodiesInMemory = 64
)

// bodies reads request bodies into memory, within a bound for all of them together.
type bodies struct {
	max    int64
	memory limit.Gate
}

func newBodies(most int64) *bodies {
	return &bodies{max: most, memory: limit.Gate{Max: most * bodiesInMemory}}
}

// read returns the body. The caller returns its length to bodies.memory when it is done with the body. Errors:
// errTooLarge (before reading, if the request states its length), errSlow, wallet.ErrOverloaded.
func (b *bodies) read(r *http.Request) (_ []byte, err error) {
	if r.ContentLength > b.max {
		return nil, errTooLarge
	}
	taken := int64(0)
	defer func() {
		if err != nil {
			b.memory.Leave(taken)
		}
	}()
	size := int64(firstBody)
	if r.ContentLength >= 0 {
		size = min(size, r.ContentLength)
	}
	buffer := make([]byte, 0, size+1) // one more byte, to detect the end without growing
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		n, err := r.Body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if int64(len(buffer)) > b.max {
			return nil, errTooLarge
		}
		if !b.memory.Enter(int64(n)) {
			return nil, fmt.Errorf("%w: too many large requests in progress", wallet.ErrOverloaded)
		}
		taken += int64(n)
		switch {
		case err == io.EOF:
			return buffer, nil
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errSlow
		case err != nil:
			return nil, fmt.Errorf("%w: %v", errSlow, err)
		}
	}
}

// newBody returns the body as a reader.
func newBody(body []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
