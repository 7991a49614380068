//go:build unix

package main

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
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

// shell runs the blocks of one document, each in its own bash. The next one continues with its variables and its working
// directory.
type shell struct {
	tree   string // the copy of the repository
	dir    string // of the blocks, their output, and the prelude
	n      int    // blocks so far
	server *server
}

// server is a command that a serve block has started.
type server struct {
	group int
	block string // its file
}

// openShell prepares a shell in the work tree tree. It keeps its own files in dir, which must be another folder.
func openShell(tree, dir string) (*shell, error) {
	for name, text := range map[string]string{
		"prelude.sh": prelude,
		// curl reports an HTTP error by its exit code, so that a refused request fails the block.
		".curlrc": "fail-with-body\nsilent\nshow-error\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return &shell{tree: tree, dir: dir}, nil
}

// environment is that of this process without what a calling make has put into it. BUILD_FLAGS leaves out -trimpath, with
// which make build would compile every package again that the tests have compiled already.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(e string) bool {
		key, _, _ := strings.Cut(e, "=")
		return key == "MAKEFLAGS" || key == "MFLAGS" || key == "MAKELEVEL"
	})
	return append(env, "BUILD_FLAGS=")
}

// state is where the last block that succeeded left its variables and its working directory.
func (s *shell) state() string { return filepath.Join(s.dir, "state") }

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
	output, err := os.Create(file + ".log")
	if err != nil {
		return err
	}
	defer output.Close()
	cmd := exec.Command("bash", "--noprofile", "--norc", filepath.Join(s.dir, "prelude.sh"), file)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.tree, output, output
	cmd.Env = append(environment(), "CURL_HOME="+s.dir, "DOCSCHECK_STATE="+s.state(), "DOCSCHECK_TARGETS="+strings.Join(ciTargets(), " "))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its children can be ended with it
	if b.serve {
		if err = s.makeRoom(b.ports); err != nil {
			return err
		}
		err = s.serve(ctx, cmd, file, b.ports)
	} else {
		err = s.wait(ctx, cmd, file, b.exit)
	}
	if err != nil {
		return s.explain(b, file, err)
	}
	return nil
}

// wait runs a block to its end, and then ends what it has left running.
func (s *shell) wait(ctx context.Context, cmd *exec.Cmd, file string, want int) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	end := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	defer end()
	defer context.AfterFunc(ctx, end)()
	_ = cmd.Wait() // the exit code is read below
	if ctx.Err() != nil {
		return fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		return codeError{code, want}
	}
	if want == 0 && os.Rename(file+".state", s.state()) != nil {
		return fmt.Errorf("%w: the block has called exit", codeError{0, 0})
	}
	return nil
}

// serve starts the command of a serve block and waits until every port accepts a connection.
func (s *shell) serve(ctx context.Context, cmd *exec.Cmd, file string, ports []int) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	s.server = &server{group: cmd.Process.Pid, block: file}
	go func() { _ = cmd.Wait() }()
	for _, p := range ports {
		for {
			c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", p), time.Second)
			if err == nil {
				_ = c.Close()
				break
			}
			if !s.server.alive() {
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

func (s *server) alive() bool { return syscall.Kill(-s.group, 0) == nil }

// makeRoom stops the former server, as a reader does before starting another, and checks that the ports are free.
func (s *shell) makeRoom(ports []int) error {
	s.close()
	for _, p := range ports {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p))
		if err != nil {
			return fmt.Errorf("port %d is in use by another program: stop that program and run the check again", p)
		}
		_ = l.Close()
	}
	return nil
}

// close stops the server, if one runs.
func (s *shell) close() {
	if s == nil || s.server == nil {
		return
	}
	_ = syscall.Kill(-s.server.group, syscall.SIGTERM)
	for end := time.Now().Add(stopWithin); s.server.alive() && time.Now().Before(end); {
		time.Sleep(probeEvery)
	}
	_ = syscall.Kill(-s.server.group, syscall.SIGKILL)
	s.server = nil
}

// explain adds the command that failed, the output of the block, and that of the server.
func (s *shell) explain(b block, file string, cause error) error {
	var text strings.Builder
	if failed, err := os.ReadFile(file + ".failed"); err == nil {
		line, command, _ := strings.Cut(strings.TrimSpace(string(failed)), " ")
		if n, err := strconv.Atoi(line); err == nil {
			fmt.Fprintf(&text, "  line %d: %s\n", b.line+n-1, command)
		}
	} else {
		fmt.Fprintf(&text, "  block: %s\n", strings.ReplaceAll(strings.TrimSpace(b.text), "\n", "\n         "))
	}
	quote(&text, "output", file)
	if s.server != nil && s.server.block != file {
		quote(&text, "output of the server", s.server.block)
	}
	return fmt.Errorf("%w\n%s", cause, strings.TrimRight(text.String(), "\n"))
}

// quote writes the last lines of a block's output below a title.
func quote(to *strings.Builder, title, file string) {
	out, _ := os.ReadFile(file + ".log")
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if len(lines) > maxOutput {
		title = fmt.Sprintf("%s, the last %d lines", title, maxOutput)
		lines = lines[len(lines)-maxOutput:]
	}
	fmt.Fprintf(to, "  %s:\n", title)
	for _, line := range lines {
		fmt.Fprintf(to, "    %s\n", line)
	}
}
