//go:build unix

// Command docscheck runs the commands of the documents, so that a document that no longer works fails CI:
//
//	go run ./internal/docscheck README.md docs/*.md
//
// Commands are the fenced blocks that begin with ```sh or ```bash. The blocks of a document run in order, exactly
// as written, in one bash with `set -e`, in a fresh copy of the repository that has ./hongbao built. Words after the
// language, which are invisible in rendered Markdown, change that:
//
//	serve        the command keeps running until the document ends or until its next serve block; the check continues
//	             once the ports accept connections (--listen and --debug, by default 8080 and 8081)
//	serve=9000   the same with the ports named
//	exit=3       the expected exit code of the first command that fails; variables set in the block are lost after it
//	container    not run: needs a container runtime
//	cluster      not run: needs a cluster
//	browser      not run: needs a browser
//
// A document that fails with the exit code 5 of hongbao load or hongbao compare (the machine was too busy for a verdict) is
// checked again, at most three times in all. Of the make targets that .ci/run calls anyway only the existence is checked.
// curl fails on an HTTP error. A fence without a language, and indented code, must not look like commands.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// checker checks documents of one repository.
type checker struct {
	root   string
	build  bool          // build ./hongbao once for all documents
	limit  time.Duration // of one block
	parse  bool          // read the documents and run nothing
	out    io.Writer
	binary string // the program, once it is built
}

// unmarked returns the documents in which every command must run.
func unmarked() []string { return []string{"README.md", "README.zh.md"} }

func main() {
	c := checker{root: ".", build: true, out: os.Stdout}
	total := flag.Duration("total", 20*time.Minute, "time limit of all documents")
	flag.DurationVar(&c.limit, "block", 6*time.Minute, "time limit of one block")
	flag.BoolVar(&c.parse, "parse", false, "check the fences only and run nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, *total, fmt.Errorf("the total limit of %s is over", *total))
	defer cancel()
	if err := c.check(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "docscheck:", err)
		os.Exit(1)
	}
}

const (
	busy  = 5 // the exit code of a load that the machine could not offer as planned
	tries = 3 // of one document while it fails with that code
)

func wasBusy(err error) bool {
	var code codeError
	return errors.As(err, &code) && code.code == busy && code.want != busy
}

func (c *checker) check(ctx context.Context, documents []string) error {
	if len(documents) == 0 {
		return errors.New("no document is named")
	}
	work, err := os.MkdirTemp("", "hongbao-docs-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	begin, blocks, failures := time.Now(), 0, 0
	for i, name := range documents {
		n, err := c.document(ctx, name, filepath.Join(work, fmt.Sprint(i)))
		for try := 2; try <= tries && wasBusy(err) && ctx.Err() == nil; try++ {
			fmt.Fprintf(c.out, "again           %v\n", err)
			n, err = c.document(ctx, name, filepath.Join(work, fmt.Sprintf("%d-%d", i, try)))
		}
		blocks += n
		if err != nil {
			failures++
			fmt.Fprintf(c.out, "FAIL  %v\n", err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	fmt.Fprintf(c.out, "%d blocks of %d documents in %.1f s\n", blocks, len(documents), time.Since(begin).Seconds())
	if failures > 0 {
		return fmt.Errorf("%d documents have faults", failures)
	}
	return nil
}

// document checks one document in the folder dir, which it makes, and returns how many blocks ran. The first failure
// ends it, because later blocks build on earlier ones.
func (c *checker) document(ctx context.Context, name, dir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(c.root, name))
	if err != nil {
		return 0, err
	}
	blocks, faults := parse(string(text), slices.Contains(unmarked(), name))
	if last := len(faults) - 1; last >= 0 {
		for _, f := range faults[:last] {
			fmt.Fprintf(c.out, "FAIL  %s:%s\n", name, f)
		}
		return 0, fmt.Errorf("%s:%s", name, faults[last])
	}
	var s *shell // nil: nothing had to run yet
	defer func() { s.close() }()
	ran := 0
	for _, b := range blocks {
		switch {
		case !b.commands():
			continue
		case c.parse || b.marker != "":
			fmt.Fprintf(c.out, "skip            %s:%d %s\n", name, b.line, b.marker)
			continue
		case s == nil:
			if s, err = c.open(ctx, dir); err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
		}
		begin := time.Now()
		limited, cancel := context.WithTimeoutCause(ctx, c.limit, fmt.Errorf("the limit of %s for one block is over", c.limit))
		err := s.run(limited, b)
		cancel()
		if err != nil {
			return ran, fmt.Errorf("%s:%d: %w", name, b.line, err)
		}
		ran++
		fmt.Fprintf(c.out, "ok    %7.1f s  %s:%d\n", time.Since(begin).Seconds(), name, b.line)
	}
	return ran, nil
}

// open copies the repository into dir and starts a shell there.
func (c *checker) open(ctx context.Context, dir string) (*shell, error) {
	tree, own := filepath.Join(dir, "hongbao"), filepath.Join(dir, "check")
	if err := os.MkdirAll(own, 0o755); err != nil {
		return nil, err
	}
	if err := copyTree(ctx, c.root, tree); err != nil {
		return nil, err
	}
	if c.build {
		if err := c.program(ctx, tree); err != nil {
			return nil, err
		}
	}
	return openShell(tree, own)
}

// program puts ./hongbao into a copy of the repository: built in the first copy, linked into the others.
func (c *checker) program(ctx context.Context, tree string) error {
	binary := filepath.Join(tree, "hongbao")
	if c.binary != "" {
		return os.Link(c.binary, binary)
	}
	begin := time.Now()
	cmd := exec.CommandContext(ctx, "make", "--no-print-directory", "build")
	cmd.Dir, cmd.Env = tree, environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make build: %w\n%s", err, out)
	}
	c.binary = binary
	fmt.Fprintf(c.out, "ok    %7.1f s  make build\n", time.Since(begin).Seconds())
	return nil
}
