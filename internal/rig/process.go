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

// process is a server that this process controls. Its methods are not safe for concurrent use.
type process struct {
	name string
	path string
	args []string
	logs string // file to which its output is appended

	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// newProcess prepares a server without starting it. Its log is NAME.log in the folder.
func newProcess(dir, name, program string, args ...string) (*process, error) {
	path, err := find(program)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return &process{name: name, path: path, args: args, logs: filepath.Join(dir, name+".log")}, nil
}

// start runs the program and waits until ready returns nil.
func (p *process) start(ready func(pid int) error) error {
	if p.alive() {
		return fmt.Errorf("rig: %s is already running", p.name)
	}
	if err := p.launch(); err != nil {
		return err
	}
	if err := p.await(func() error { return ready(p.cmd.Process.Pid) }); err != nil {
		p.kill()
		return fmt.Errorf("rig: %s: %w\n%s", p.name, err, p.tail())
	}
	return nil
}

func (p *process) launch() error {
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
func (p *process) await(ready func() error) error {
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

func (p *process) alive() bool {
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

// kill ends the process like a power failure, and waits for its end.
func (p *process) kill() {
	if p.alive() {
		kill(p.cmd.Process)
		<-p.done
	}
}

// stop asks the process to end, and kills it after goneWithin.
func (p *process) stop() { p.stopWithin(goneWithin) }

func (p *process) stopWithin(limit time.Duration) {
	if !p.alive() {
		return
	}
	terminate(p.cmd.Process)
	select {
	case <-p.done:
	case <-time.After(limit):
		p.kill()
	}
}

// tail returns the end of the log.
func (p *process) tail() string {
	text, err := os.ReadFile(p.logs)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(text[max(0, len(text)-tailBytes):]))
}
