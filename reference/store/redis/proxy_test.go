package redis_test

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// fault is what the proxy does to the next matching command.
type fault int

const (
	loseReply  fault = iota // it reaches the server; the connection breaks before the reply arrives
	cutBefore               // the connection breaks before it reaches the server
	stallReply              // it reaches the server; the reply never arrives, and the connection stays open
)

func (f fault) String() string { return [...]string{"lose reply", "cut before", "stall reply"}[f] }

// proxy forwards between client and server, with one fault at a time.
type proxy struct {
	listener net.Listener
	server   string
	all      sync.WaitGroup

	mu    sync.Mutex
	armed bool
	fault fault
	on    []byte
	conns map[net.Conn]bool
}

func newProxy(t *testing.T, server string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: l, server: server, conns: map[net.Conn]bool{}}
	p.all.Go(p.accept)
	t.Cleanup(p.stop)
	return p
}

func (p *proxy) at() string { return p.listener.Addr().String() }

// arm makes the fault strike the next chunk that contains the given bytes, once.
func (p *proxy) arm(f fault, on string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.fault, p.on = true, f, []byte(on)
}

// stop closes all connections and refuses new ones.
func (p *proxy) stop() {
	p.listener.Close()
	p.mu.Lock()
	for c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.all.Wait()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = true, true
		p.mu.Unlock()
		r := &relay{p: p, client: client, server: server, struck: make(chan fault, 1)}
		p.all.Go(r.up)
		p.all.Go(r.down)
	}
}

// strikes reports whether the armed fault matches this chunk, and disarms it.
func (p *proxy) strikes(piece []byte) (fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.armed || !bytes.Contains(piece, p.on) {
		return 0, false
	}
	p.armed = false
	return p.fault, true
}

// relay is one connection through the proxy. The server's end stays open when the client's breaks, so that the server
// executes what reached it.
type relay struct {
	p              *proxy
	client, server net.Conn
	struck         chan fault
}

func (r *relay) up() {
	buf := make([]byte, 1<<16)
	for {
		n, err := r.client.Read(buf)
		if err != nil {
			return
		}
		if f, strikes := r.p.strikes(buf[:n]); strikes {
			if f == cutBefore {
				r.client.Close()
				return
			}
			r.struck <- f
		}
		if _, err := r.server.Write(buf[:n]); err != nil {
			r.client.Close()
			return
		}
	}
}

func (r *relay) down() {
	buf := make([]byte, 1<<16)
	for {
		n, err := r.server.Read(buf)
		if err != nil {
			r.client.Close()
			return
		}
		select {
		case f := <-r.struck:
			if f == loseReply {
				r.client.Close()
			}
			_, _ = io.Copy(io.Discard, r.server)
			return
		default:
		}
		if _, err := r.client.Write(buf[:n]); err != nil {
			return
		}
	}
}
