//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup gives the command a process group, so that its children can be ended with it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signalGroup asks a process group to end, or kills it.
func signalGroup(group int, kill bool) {
	s := syscall.SIGTERM
	if kill {
		s = syscall.SIGKILL
	}
	_ = syscall.Kill(-group, s)
}

func groupAlive(group int) bool { return syscall.Kill(-group, 0) == nil }
