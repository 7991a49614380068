package rig

import (
	"os"
	"syscall"
)

// bound puts a child into a separate process group, so that an interrupt from the terminal does not stop the servers before
// the tests have ended, and has it killed when this process dies.
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// kill and terminate signal the whole group; it is not an error if the group has already ended.
func kill(p *os.Process)      { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
func terminate(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGTERM) }
