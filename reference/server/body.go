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

// Bounds of reading bodies.
const (
	// firstBody is what a body's buffer begins with, whatever length the request claims: memory is given to bytes that
	// came, not to bytes that were promised. Most bodies are smaller.
	firstBody = 1 << 10
	// bodiesInMemory is how many bodies of the largest size may be in memory at once.
	bodiesInMemory = 64
)

// bodies reads requests' bodies into memory, of which it takes a bounded part.
type bodies struct {
	max    int64
	memory limit.Gate
}

func newBodies(most int64) *bodies {
	return &bodies{max: most, memory: limit.Gate{Max: most * bodiesInMemory}}
}

// read returns the body. The caller gives back its length with bodies.memory.leave when it is done with it. errTooLarge
// (before anything is read, where the request says its length), errSlow, wallet.ErrOverloaded.
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
	buffer := make([]byte, 0, size+1) // one more, to see the end without growing
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
			return nil, fmt.Errorf("%w: too many large requests at once", wallet.ErrOverloaded)
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

// again returns the body as a reader.
func again(body []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
