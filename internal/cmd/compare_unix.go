//go:build unix

package cmd

import (
	"os/exec"
	"syscall"
)

// newProcessGroup keeps what a terminal sends to the processes in its foreground from c.
func newProcessGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
