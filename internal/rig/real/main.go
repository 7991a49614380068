// Command real starts real servers on private ports, runs a command with their addresses in its environment, stops the servers
// and exits with the command's exit code:
//
//	go run ./internal/rig/real -- go test ./reference/store/redis
//	go run ./internal/rig/real -only redis,mariadb -- env
//
// The servers run in a temporary folder. If the command fails, their logs stay there, and the last line names the folder. The
// command is for tests only: the servers have no passwords.
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
	"strings"
	"syscall"
	"time"

	"hongbao/internal/rig"
)

// The exit codes of this command; all others are the exit codes of the command that it runs.
const (
	exitUsage  = 2
	exitServer = 125 // the servers could not be started, so the command did not run
)

// endWithin is the time for the command to end after an interrupt, before it is killed.
const endWithin = 30 * time.Second

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, log io.Writer) int {
	flags := flag.NewFlagSet("real", flag.ContinueOnError)
	flags.SetOutput(log)
	only := flags.String("only", strings.Join(rig.Kinds(), ","), "the servers to start")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if flags.NArg() == 0 {
		fmt.Fprintln(log, "real: a command is missing: real [-only redis,mariadb] -- command ...")
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "hongbao-real-")
	if err != nil {
		fmt.Fprintln(log, "real:", err)
		return exitServer
	}
	code, err := with(ctx, log, dir, strings.Split(*only, ","), flags.Args())
	if err != nil {
		fmt.Fprintln(log, "real:", err)
	}
	if code == 0 {
		err = os.RemoveAll(dir)
	} else {
		fmt.Fprintf(log, "real: the servers' logs are in %s\n", dir)
	}
	if err != nil {
		fmt.Fprintln(log, "real:", err)
	}
	return code
}

// with runs the command while the servers run, and returns its exit code.
func with(ctx context.Context, log io.Writer, dir string, kinds, command []string) (int, error) {
	began := time.Now()
	servers, err := rig.Start(dir, kinds...)
	if err != nil {
		return exitServer, err
	}
	fmt.Fprintf(log, "real: started in %s: %s\n", time.Since(began).Round(time.Millisecond), strings.Join(servers.Env(), " "))
	code, err := follow(ctx, command, servers.Env())
	servers.Stop()
	return code, errors.Join(err, servers.RemoveData())
}

// follow runs the command with the added environment, forwards an interrupt, and returns its exit code.
func follow(ctx context.Context, command, env []string) (int, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = endWithin
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &ended) && ended.ExitCode() > 0:
		return ended.ExitCode(), nil
	}
	return 1, err
}
