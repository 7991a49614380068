package rig

import (
	"fmt"
	"time"
)

// Program is any other server, such as the one under test. Not safe for concurrent use.
type Program struct{ proc *process }

// NewProgram prepares a program; its output is appended to NAME.log in the folder. The path is searched like a command.
func NewProgram(dir, name, path string, args ...string) (*Program, error) {
	proc, err := newProcess(dir, name, path, args...)
	if err != nil {
		return nil, err
	}
	return &Program{proc}, nil
}

// Start runs it and waits until ready returns nil. The error ends with the end of the log.
func (p *Program) Start(ready func() error) error {
	return p.proc.start(func(int) error { return ready() })
}

// Alive reports whether it runs.
func (p *Program) Alive() bool { return p.proc.alive() }

// Kill ends it like a power failure.
func (p *Program) Kill() { p.proc.kill() }

// Stop asks it to end and waits. The error reports that it was killed, or its exit code.
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

// Log returns the path of its output.
func (p *Program) Log() string { return p.proc.logs }
