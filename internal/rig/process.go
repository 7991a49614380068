package rig

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

const (
	// readyWithin bounds the wait for a started server. The slowest, MariaDB after a kill, takes some seconds on a busy
	// machine.
	readyWithin = 90 * time.Second
	// goneWithin bounds the wait for a server to stop; then it is killed.
	goneWithin = 30 * time.Second
	// pollEvery is the polling interval of a wait: short compared with the start of a server.
	pollEvery = 20 * time.Millisecond
	// tailBytes is the length of a server's log in an error.
	tailBytes = 2048
)

// errGone is the error of a wait for a process that has ended.
var errGone = errors.New("the process has ended")

// Program is a server that this process controls: one of this package, or another one, such as the one under test. Not safe
// for concurrent use.
type Program struct {
	name string
	path string
	args []string
	logs string // file to which its output is appended

	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// NewProgram prepares a server without starting it. Its output is appended to NAME.log in the folder. The program is searched
// like a command.
func NewProgram(dir, name, program string, args ...string) (*Program, error) {
	path, err := find(program)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return &Program{name: name, path: path, args: args, logs: filepath.Join(dir, name+".log")}, nil
}

// Start runs the program and waits until ready returns nil. The error ends with the end of the log.
func (p *Program) Start(ready func() error) error {
	return p.start(func(int) error { return ready() })
}

// start runs the program and waits until ready returns nil.
func (p *Program) start(ready func(pid int) error) error {
	if p.Alive() {
		return fmt.Errorf("rig: %s is already running", p.name)
	}
	if err := p.launch(); err != nil {
		return err
	}
	if err := p.await(func() error { return ready(p.cmd.Process.Pid) }); err != nil {
		p.Kill()
		return fmt.Errorf("rig: %s: %w\n%s", p.name, err, p.tail())
	}
	return nil
}

func (p *Program) launch() error {
	logs, err := os.OpenFile(p.logs, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	cmd := exec.Command(p.path, p.args...)
	cmd.Stdout, cmd.Stderr = logs, logs
	cmd.SysProcAttr = bound()
	started, done := make(chan error), make(chan struct{})
	go func() {
		// Linux ends the child when the thread that started it ends, so this thread waits here and does nothing else.
		runtime.LockOSThread()
		defer close(done)
		defer logs.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // The result does not matter: it was killed, or its log contains the reason.
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("rig: %s: %w", p.name, err)
	}
	p.cmd, p.done = cmd, done
	return nil
}

// await polls until ready returns nil, the process ends, or readyWithin is over.
func (p *Program) await(ready func() error) error {
	for end := time.Now().Add(readyWithin); ; {
		select {
		case <-p.done:
			return errGone
		default:
		}
		err := ready()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("not ready after %s: %w", readyWithin, err)
		}
		time.Sleep(pollEvery)
	}
}

// Alive reports whether it runs.
func (p *Program) Alive() bool {
	if p.done == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Kill ends it like a power failure, and waits for its end.
func (p *Program) Kill() {
	if p.Alive() {
		kill(p.cmd.Process)
		<-p.done
	}
}

// Stop asks it to end, and kills it if it has not ended within the limit. The error reports that it was killed, or its exit
// code.
func (p *Program) Stop(limit time.Duration) error {
	if p.Alive() {
		terminate(p.cmd.Process)
		select {
		case <-p.done:
		case <-time.After(limit):
			p.Kill()
		}
	}
	if p.cmd == nil || p.cmd.ProcessState.Success() {
		return nil
	}
	return fmt.Errorf("rig: %s: %s\n%s", p.name, p.cmd.ProcessState, p.tail())
}

// Log returns the path of its output.
func (p *Program) Log() string { return p.logs }

// tail returns the end of the log.
func (p *Program) tail() string {
	text, err := os.ReadFile(p.logs)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(text[max(0, len(text)-tailBytes):]))
}

// server is a Program with a separate port and data folder.
type server struct {
	proc *Program
	data string
	port int
}

// Addr returns host:port.
func (s *server) Addr() string { return addr(s.port) }

// Kill ends the server like a power failure.
func (s *server) Kill() { s.proc.Kill() }

// Stop ends the server.
func (s *server) Stop() { _ = s.proc.Stop(goneWithin) }
