//go:build unix

package cmd

import (
	"os/exec"
	"syscall"
)

// newProcessGroup starts c in a separate process group, so that signals of the terminal do not reach it directly.
func newProcessGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
