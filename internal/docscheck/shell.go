package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed prelude.sh
var prelude string

const (
	maxOutput  = 60                     // lines of output that a failure prints, from the end
	stopWithin = 10 * time.Second       // from SIGTERM to SIGKILL
	probeEvery = 100 * time.Millisecond // how often a port is tried
)

// ciTargets returns the make targets that are not run here because .ci/run runs them.
func ciTargets() []string {
	return []string{"demo", "test", "race", "lint", "real", "test-k6", "docs-check", "module-check"}
}

// shell is the bash of one document: variables and the working directory last until the document ends.
type shell struct {
	dir     string // of the blocks, the logs and the prelude
	cmd     *exec.Cmd
	ask     *os.File
	answers chan string
	exited  chan struct{} // closed once cmd has ended
	log     *os.File
	n       int // blocks so far
	server  *server
}

// server is a command that a serve block has started.
type server struct {
	group int
	log   string
}

// openShell starts bash in the work tree tree. It keeps its own files in dir, which must be another folder.
func openShell(tree, dir string) (*shell, error) {
	s := &shell{dir: dir, answers: make(chan string), exited: make(chan struct{})}
	script := filepath.Join(dir, "prelude.sh")
	if err := os.WriteFile(script, []byte(prelude), 0o644); err != nil {
		return nil, err
	}
	// curl reports an HTTP error by its exit code, so that a refused request fails the block.
	if err := os.WriteFile(filepath.Join(dir, ".curlrc"), []byte("fail-with-body\nsilent\nshow-error\n"), 0o644); err != nil {
		return nil, err
	}
	var err error
	if s.log, err = os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644); err != nil {
		return nil, err
	}
	in, ask, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	answer, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.ask = ask
	s.cmd = exec.Command("bash", "--noprofile", "--norc", script)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = tree, s.log, s.log
	s.cmd.ExtraFiles = []*os.File{in, out}
	s.cmd.Env = append(environment(), "CURL_HOME="+dir, "DOCSCHECK_FAILED="+s.failed(), "DOCSCHECK_TARGETS="+strings.Join(ciTargets(), " "))
	ownGroup(s.cmd)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	_ = in.Close()
	_ = out.Close()
	go func() {
		defer close(s.answers)
		lines := bufio.NewScanner(answer)
		for lines.Scan() {
			s.answers <- lines.Text()
		}
	}()
	go func() {
		_ = s.cmd.Wait()
		close(s.exited)
	}()
	return s, nil
}

// environment is that of this process without what a calling make has put into it. BUILD_FLAGS leaves out -trimpath, with
// which make build would compile every package again that the tests have compiled already.
func environment() []string {
	env := []string{"BUILD_FLAGS="}
	for _, e := range os.Environ() {
		if key, _, _ := strings.Cut(e, "="); key != "MAKEFLAGS" && key != "MFLAGS" && key != "MAKELEVEL" && key != "BUILD_FLAGS" {
			env = append(env, e)
		}
	}
	return env
}

func (s *shell) failed() string { return filepath.Join(s.dir, "failed") }

// codeError is the exit code of a block that has another one than expected.
type codeError struct{ code, want int }

func (e codeError) Error() string { return fmt.Sprintf("exit code %d, want %d", e.code, e.want) }

// run runs a block. The error is what people read: what went wrong, the command, the output.
func (s *shell) run(ctx context.Context, b block) error {
	s.n++
	file := filepath.Join(s.dir, fmt.Sprintf("block-%d.sh", s.n))
	if err := os.WriteFile(file, []byte(b.text), 0o644); err != nil {
		return err
	}
	_ = os.Remove(s.failed())
	info, err := s.log.Stat()
	if err != nil {
		return err
	}
	mode := "run"
	switch {
	case b.serve:
		mode = "serve"
		if err := s.makeRoom(b.ports); err != nil {
			return err
		}
	case b.exit != 0:
		mode = "exit"
	}
	answer, err := s.exchange(ctx, mode+" "+file)
	if err != nil {
		return s.explain(b, info.Size(), err)
	}
	_, number, _ := strings.Cut(answer, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		return fmt.Errorf("the shell answered %q", answer)
	}
	if b.serve {
		s.server = &server{group: n, log: file + ".log"}
		if err := s.ready(ctx, b.ports); err != nil {
			return s.explain(b, info.Size(), err)
		}
		return nil
	}
	if n != b.exit {
		return s.explain(b, info.Size(), codeError{n, b.exit})
	}
	return nil
}

// exchange sends a line and waits for the answer.
func (s *shell) exchange(ctx context.Context, line string) (string, error) {
	if _, err := fmt.Fprintln(s.ask, line); err != nil {
		return "", errors.New("the shell has ended: a block before this one has called exit")
	}
	select {
	case answer, ok := <-s.answers:
		if ok {
			return answer, nil
		}
		<-s.exited
	case <-s.exited:
	case <-ctx.Done():
		return "", fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	return "", codeError{s.cmd.ProcessState.ExitCode(), 0}
}

// makeRoom stops the former server, as a reader does before starting another, and checks that the ports are free.
func (s *shell) makeRoom(ports []int) error {
	s.stopServer()
	for _, p := range ports {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p))
		if err != nil {
			return fmt.Errorf("port %d is in use by another program: stop that program and run the check again", p)
		}
		_ = l.Close()
	}
	return nil
}

// ready waits until every port accepts a connection.
func (s *shell) ready(ctx context.Context, ports []int) error {
	for _, p := range ports {
		for {
			c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", p), time.Second)
			if err == nil {
				_ = c.Close()
				break
			}
			if !groupAlive(s.server.group) {
				return fmt.Errorf("the server ended before it listened on port %d", p)
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("the server does not listen on port %d: %w", p, context.Cause(ctx))
			case <-time.After(probeEvery):
			}
		}
	}
	return nil
}

func (s *shell) stopServer() {
	if s.server == nil {
		return
	}
	signalGroup(s.server.group, false)
	for end := time.Now().Add(stopWithin); groupAlive(s.server.group) && time.Now().Before(end); {
		time.Sleep(probeEvery)
	}
	signalGroup(s.server.group, true)
	s.server = nil
}

// close ends the shell, its server and everything else that its blocks have started.
func (s *shell) close() {
	s.stopServer()
	_ = s.ask.Close()
	signalGroup(s.cmd.Process.Pid, true)
	<-s.exited
	_ = s.log.Close()
}

// explain adds the command that failed, the output of the block since offset from, and that of the server.
func (s *shell) explain(b block, from int64, cause error) error {
	var text strings.Builder
	if failed, err := os.ReadFile(s.failed()); err == nil {
		line, command, _ := strings.Cut(strings.TrimSpace(string(failed)), " ")
		if n, err := strconv.Atoi(line); err == nil {
			fmt.Fprintf(&text, "  line %d: %s\n", b.line+n-1, command)
		}
	} else {
		fmt.Fprintf(&text, "  block: %s\n", strings.ReplaceAll(strings.TrimSpace(b.text), "\n", "\n         "))
	}
	out, _ := os.ReadFile(s.log.Name())
	quote(&text, "output", string(out[min(from, int64(len(out))):]))
	if s.server != nil {
		out, _ := os.ReadFile(s.server.log)
		quote(&text, "output of the server", string(out))
	}
	return fmt.Errorf("%w\n%s", cause, strings.TrimRight(text.String(), "\n"))
}

// quote writes the last lines of out below a title.
func quote(to *strings.Builder, title, out string) {
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	if len(lines) > maxOutput {
		title = fmt.Sprintf("%s, the last %d lines", title, maxOutput)
		lines = lines[len(lines)-maxOutput:]
	}
	fmt.Fprintf(to, "  %s:\n", title)
	for _, line := range lines {
		fmt.Fprintf(to, "    %s\n", line)
	}
}
