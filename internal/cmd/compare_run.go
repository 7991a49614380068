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
	// longestRound bounds one load with what comes before and after it: a build that hangs must not hold up a pipeline.
	longestRound = 30 * time.Minute
	// stopWithin is how long a stopped load may take to count what it has, and to throw its data away.
	stopWithin = time.Minute
	// saidAtMost bounds what is repeated of a load's own words.
	saidAtMost = 400
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

// playedLoad is what became of one load.
type playedLoad struct {
	code int    // its exit code; -1: it did not end by itself
	said string // the end of what it said on stderr
	err  error  // it could not be started
}

// playLoad runs hongbao load of a build, with its record in dir and its words in dir.txt. When ctx ends it is interrupted,
// as by Ctrl-C, and so may end cleanly.
func playLoad(ctx context.Context, build string, args []string, dir string) playedLoad {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return playedLoad{code: -1, err: err}
	}
	words, err := os.Create(dir + ".txt")
	if err != nil {
		return playedLoad{code: -1, err: err}
	}
	defer words.Close()
	ctx, cancel := context.WithTimeout(ctx, longestRound)
	defer cancel()
	var said bytes.Buffer
	c := exec.CommandContext(ctx, build, append(append([]string{"load"}, args...), "--target", inProcess, "--quiet", "--out", dir)...)
	c.Stdout, c.Stderr = words, &said
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = stopWithin
	ownGroup(c) // Ctrl-C of a terminal reaches it through us alone: a second one would end it at once
	err = c.Run()
	_, werr := words.Write(said.Bytes())
	p := playedLoad{said: lastOf(said.String())}
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) {
		p.code = exited.ExitCode()
	} else if err = errors.Join(err, werr); err != nil {
		p.code, p.err = -1, err
	}
	return p
}

// lastOf returns the end of a text.
func lastOf(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > saidAtMost {
		s = "… " + strings.ToValidUTF8(s[len(s)-saidAtMost:], "")
	}
	return s
}

// useless says why a load is none to compare; "" for one that is. One that missed a threshold is, and so is one whose
// generator could not keep up: its record says so.
func (p playedLoad) useless(dir string) string {
	switch _, err := os.Stat(filepath.Join(dir, reports.RecordFile)); {
	case p.err != nil:
		return p.err.Error()
	case p.code == exitPass, p.code == exitMissed, p.code == exitViolation, p.code == exitUnknown:
		if err == nil {
			return ""
		}
		return fmt.Sprintf("exit code %d and no record: %s", p.code, p.said)
	}
	return fmt.Sprintf("exit code %d: %s", p.code, p.said)
}
