package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"hongbao/reports"
)

const (
	// maxLoadDuration bounds one load with what comes before and after it: a build that hangs must not hold up a pipeline.
	maxLoadDuration = 30 * time.Minute
	// stopTimeout is how long a stopped load may take to count what it has, and to throw its data away.
	stopTimeout = time.Minute
	// maxStderrTail bounds what is repeated of a load's own words.
	maxStderrTail = 400
)

// copyBuild copies a build to a file of its own, whose name is the same for both sides.
func copyBuild(build, dir string) (string, error) {
	from, err := os.Open(build)
	if err != nil {
		return "", fmt.Errorf("copying a build: %w", err)
	}
	defer from.Close()
	name := filepath.Join(dir, "hongbao")
	if strings.EqualFold(filepath.Ext(build), ".exe") {
		name += ".exe" // or Windows does not start it
	}
	to, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700)
	if err == nil {
		_, err = io.Copy(to, from)
		err = errors.Join(err, to.Close())
	}
	if err != nil {
		return "", fmt.Errorf("copying a build: %w", err)
	}
	return name, nil
}

// loadResult is what became of one load.
type loadResult struct {
	code       int    // its exit code; -1: it did not end by itself
	stderrTail string // the end of what it said on stderr
	err        error  // it could not be started
}

// playLoad runs hongbao load of a build, with its record in dir and its words in dir.txt. When ctx ends it is interrupted,
// as by Ctrl-C, and so may end cleanly.
func playLoad(ctx context.Context, build string, args []string, dir string) loadResult {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return loadResult{code: -1, err: err}
	}
	words, err := os.Create(dir + ".txt")
	if err != nil {
		return loadResult{code: -1, err: err}
	}
	defer words.Close()
	ctx, cancel := context.WithTimeout(ctx, maxLoadDuration)
	defer cancel()
	var said bytes.Buffer
	c := exec.CommandContext(ctx, build, append(append([]string{"load"}, args...), "--target", embeddedTarget, "--quiet", "--out", dir)...)
	c.Stdout, c.Stderr = words, &said
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = stopTimeout
	newProcessGroup(c) // Ctrl-C of a terminal reaches it through us alone: a second one would end it at once
	err = c.Run()
	_, werr := words.Write(said.Bytes())
	p := loadResult{stderrTail: tailOf(said.String())}
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) {
		p.code = exited.ExitCode()
	} else if err = errors.Join(err, werr); err != nil {
		p.code, p.err = -1, err
	}
	return p
}

// tailOf returns the end of a text.
func tailOf(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxStderrTail {
		s = "… " + strings.ToValidUTF8(s[len(s)-maxStderrTail:], "")
	}
	return s
}

// unusable says why a load is none to compare; "" for one that is. One that missed a threshold is, and so is one whose
// generator could not keep up: its record says so.
func (p loadResult) unusable(dir string) string {
	switch _, err := os.Stat(filepath.Join(dir, reports.RecordFile)); {
	case p.err != nil:
		return p.err.Error()
	case p.code == exitPass, p.code == exitMissed, p.code == exitViolation, p.code == exitUnknown:
		if err == nil {
			return ""
		}
		return fmt.Sprintf("exit code %d and no record: %s", p.code, p.stderrTail)
	}
	return fmt.Sprintf("exit code %d: %s", p.code, p.stderrTail)
}
