package rig

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// askWithin bounds one command to a server on the loopback interface.
const askWithin = 2 * time.Second

// Redis is one redis-server. Not safe for concurrent use.
type Redis struct{ server }

// RedisOptions configures a Redis.
type RedisOptions struct {
	Name       string // of its folder and log; "redis" if empty
	AppendOnly bool   // fsync every write; otherwise a kill loses everything
	Args       []string
}

// StartRedis starts a redis-server in the folder and returns when it answers.
func StartRedis(dir string, o RedisOptions) (*Redis, error) {
	return started(func() (*Redis, error) { return startRedis(dir, o) })
}

func startRedis(dir string, o RedisOptions) (*Redis, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	if o.Name == "" {
		o.Name = "redis"
	}
	r := &Redis{server{data: filepath.Join(dir, o.Name), port: port}}
	args := []string{"--port", strconv.Itoa(port), "--bind", host, "--dir", r.data, "--save", "", "--daemonize", "no"}
	if o.AppendOnly {
		args = append(args, "--appendonly", "yes", "--appendfsync", "always")
	}
	if r.proc, err = NewProgram(dir, o.Name, RedisServer, append(args, o.Args...)...); err != nil {
		return nil, err
	}
	return r, r.Restart(true)
}

// Restart stops the server if it runs and starts it on the same port; empty: without its data.
func (r *Redis) Restart(empty bool) error {
	r.Stop()
	if empty {
		if err := os.RemoveAll(r.data); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(r.data, 0o755); err != nil {
		return err
	}
	return r.proc.start(r.ready)
}

// ready returns nil if the answer comes from this process, and not from another one on the same port.
func (r *Redis) ready(pid int) error {
	info, err := ask(r.port, "INFO server")
	if err != nil {
		return err
	}
	if !strings.Contains(info, fmt.Sprintf("process_id:%d\r\n", pid)) {
		return fmt.Errorf("port %d answers for another process", r.port)
	}
	return nil
}

// ask sends one inline command to the Redis on the port and returns its answer as a string. An error answer of Redis is
// returned as an error.
func ask(port int, command string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr(port), askWithin)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(askWithin)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", err
	}
	in := bufio.NewReader(conn)
	head, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	kind, rest := head[0], strings.TrimSpace(head[1:])
	switch kind {
	case '-':
		return "", fmt.Errorf("%s: %s", command, rest)
	case '$':
		size, err := strconv.Atoi(rest)
		if err != nil || size < 0 {
			return "", fmt.Errorf("%s: answered %q", command, head)
		}
		body := make([]byte, size)
		_, err = io.ReadFull(in, body)
		return string(body), err
	}
	return rest, nil
}
