package rig

import (
	"os"
	"syscall"
)

// bound gives a child its own group, so that an interrupt of the terminal does not stop the servers before the tests
// have ended, and has it killed when this process dies.
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// kill and terminate reach the whole group; that it is gone already is no fault.
func kill(p *os.Process)      { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
func terminate(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGTERM) }
