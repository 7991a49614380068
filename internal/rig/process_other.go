//go:build !linux

package rig

import (
	"os"
	"syscall"
)

// bound: on other systems a child outlives a parent that is killed.
func bound() *syscall.SysProcAttr { return nil }

func kill(p *os.Process)      { _ = p.Kill() }
func terminate(p *os.Process) { _ = p.Signal(os.Interrupt) }
