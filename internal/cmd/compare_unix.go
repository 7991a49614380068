//go:build unix

package cmd

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps what a terminal sends to the processes in its foreground from c.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
