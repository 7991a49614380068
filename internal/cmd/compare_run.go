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
	// maxLoadDuration bounds one load with its start and its audit: a build that hangs must not block a pipeline.
	maxLoadDuration = 30 * time.Minute
	// stopTimeout is the time for an interrupted load to write its record and delete its data.
	stopTimeout = time.Minute
	// maxStderrTail bounds the part of a load's stderr that is repeated in an error, in bytes.
	maxStderrTail = 400
)

// copyBuild copies a build into dir, under the same file name for both builds.
func copyBuild(build, dir string) (string, error) {
	from, err := os.Open(build)
	if err != nil {
		return "", fmt.Errorf("copying a build: %w", err)
	}
	defer from.Close()
	name := filepath.Join(dir, "hongbao")
	if strings.EqualFold(filepath.Ext(build), ".exe") {
		name += ".exe" // required by Windows
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

// loadResult is the outcome of one load.
type loadResult struct {
	code       int    // exit code; -1 = it was not started, or a signal ended it
	stderrTail string // the end of its stderr
	err        error  // it could not be started, or its output not written
}

// playLoad runs hongbao load of a build, with its record in dir and its output in dir.txt. When ctx ends, it is interrupted
// as by Ctrl-C, so that it can end cleanly.
func playLoad(ctx context.Context, build string, args []string, dir string) loadResult {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return loadResult{code: -1, err: err}
	}
	output, err := os.Create(dir + ".txt")
	if err != nil {
		return loadResult{code: -1, err: err}
	}
	defer output.Close()
	ctx, cancel := context.WithTimeout(ctx, maxLoadDuration)
	defer cancel()
	var stderr bytes.Buffer
	c := exec.CommandContext(ctx, build, append(append([]string{"load"}, args...), "--target", embeddedTarget, "--quiet", "--out", dir)...)
	c.Stdout, c.Stderr = output, &stderr
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = stopTimeout
	newProcessGroup(c) // it must get the interrupt only from c.Cancel: a second interrupt would end it at once
	err = c.Run()
	_, werr := output.Write(stderr.Bytes())
	p := loadResult{stderrTail: tailOf(stderr.String())}
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) {
		p.code = exited.ExitCode()
	} else if err = errors.Join(err, werr); err != nil {
		p.code, p.err = -1, err
	}
	return p
}

// tailOf returns the last maxStderrTail bytes of a text, without a broken character.
func tailOf(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxStderrTail {
		s = "… " + strings.ToValidUTF8(s[len(s)-maxStderrTail:], "")
	}
	return s
}

// unusable returns why a load cannot be compared, or "" if it can. A load that missed a threshold can be compared, and so
// can one whose generator could not keep up: the record contains that.
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
