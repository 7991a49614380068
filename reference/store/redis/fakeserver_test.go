package redis_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
)

// fakeServer returns scripted replies by command name, for situations that no real server produces on demand. The
// reply to any other command is OK.
type fakeServer struct {
	listener net.Listener
	all      sync.WaitGroup

	mu      sync.Mutex
	answers map[string][]string // raw replies by command, in upper case; the last one is repeated
	got     []string
	conns   []net.Conn
}

// newFake returns a server and a client of it. Replies are raw RESP without the last line break.
func newFake(t *testing.T, answers map[string][]string) (*fakeServer, *redis.Client) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &fakeServer{listener: l, answers: map[string][]string{"HELLO": {"%2\r\n+proto\r\n:3\r\n+version\r\n+7.0.0"}, "ZADD": {":0"}}}
	s.all.Go(s.accept)
	t.Cleanup(s.stop)
	client := dial(t, redis.Config{Addrs: []string{l.Addr().String()}}).client
	s.mu.Lock()
	for name, a := range answers {
		s.answers[name] = a
	}
	s.got = nil
	s.mu.Unlock()
	return s, client
}

func (s *fakeServer) stop() {
	s.listener.Close()
	s.mu.Lock()
	for _, c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.all.Wait()
}

func (s *fakeServer) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, c)
		s.mu.Unlock()
		s.all.Go(func() { s.serve(c) })
	}
}

func (s *fakeServer) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		cmd, err := readCommand(r)
		if err != nil {
			return
		}
		if _, err := io.WriteString(c, s.answer(strings.ToUpper(cmd[0]))+"\r\n"); err != nil {
			return
		}
	}
}

func (s *fakeServer) answer(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, name)
	all, scripted := s.answers[name]
	if !scripted {
		return "+OK"
	}
	if len(all) > 1 {
		s.answers[name] = all[1:]
	}
	return all[0]
}

// commands returns the names of the commands received since the client connected.
func (s *fakeServer) commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

func readCommand(r *bufio.Reader) ([]string, error) {
	n, err := readCount(r, '*')
	if err != nil || n < 1 {
		return nil, fmt.Errorf("a command of %d words: %w", n, err)
	}
	words := make([]string, n)
	for i := range words {
		size, err := readCount(r, '$')
		if err != nil {
			return nil, err
		}
		word := make([]byte, size+2)
		if _, err := io.ReadFull(r, word); err != nil {
			return nil, err
		}
		words[i] = string(word[:size])
	}
	return words, nil
}

func readCount(r *bufio.Reader, kind byte) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil || line[0] != kind {
		return 0, fmt.Errorf("not a %c: %q: %w", kind, line, err)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

func length(s string) string { return strconv.Itoa(len(s)) }
