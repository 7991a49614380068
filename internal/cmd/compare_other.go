//go:build !unix

package cmd

import "os/exec"

// newProcessGroup does nothing: this system has no process groups.
func newProcessGroup(*exec.Cmd) {}
