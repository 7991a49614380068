package rig

import (
	"fmt"
	"time"
)

// Program is any other server, such as the one under test. It is not for use by several goroutines at once.
type Program struct{ proc *process }

// NewProgram prepares a program; its output is appended to NAME.log in the folder. The path is looked up like a
// command's.
func NewProgram(dir, name, path string, args ...string) (*Program, error) {
	proc, err := newProcess(dir, name, path, args...)
	if err != nil {
		return nil, err
	}
	return &Program{proc}, nil
}

// Start runs it and waits until ready returns nil. The error ends with the end of its log.
func (p *Program) Start(ready func() error) error {
	return p.proc.start(func(int) error { return ready() })
}

// Alive says whether it runs.
func (p *Program) Alive() bool { return p.proc.alive() }

// Kill ends it as a power cut would.
func (p *Program) Kill() { p.proc.kill() }

// Stop asks it to end and waits. The error says that it had to be killed, or with which code it ended.
func (p *Program) Stop(within time.Duration) error {
	if p.proc.cmd == nil {
		return nil
	}
	p.proc.stopWithin(within)
	if state := p.proc.cmd.ProcessState; !state.Success() {
		return fmt.Errorf("rig: %s: %s\n%s", p.proc.name, state, p.proc.tail())
	}
	return nil
}

// Log returns the file of its output.
func (p *Program) Log() string { return p.proc.logs }
