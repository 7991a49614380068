package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/rig"
)

func TestRun(t *testing.T) {
	if err := rig.Need(rig.RedisServer); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		why  string
		args []string
		code int
		says string
	}{
		{"the command finds the server", []string{"-only", "redis", "--", "sh", "-c", `test -n "$HONGBAO_REDIS" && test -z "$HONGBAO_MYSQL"`}, 0, "HONGBAO_REDIS=127.0.0.1:"},
		{"its exit code is passed on, and the logs are kept", []string{"-only", "redis", "--", "sh", "-c", "exit 7"}, 7, "logs are in"},
		{"a missing command", []string{"-only", "redis", "--", "/no/such/command"}, 1, "no such file"},
		{"no command", []string{"-only", "redis"}, exitUsage, "a command is missing"},
		{"an unknown option", []string{"-no"}, exitUsage, "not defined"},
		{"an unknown server", []string{"-only", "oracle", "--", "true"}, exitServer, `"oracle"`},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			t.Setenv(rig.EnvMySQL, "")
			var log bytes.Buffer
			require.Equal(t, c.code, run(c.args, &log), log.String())
			require.Contains(t, log.String(), c.says)
			left, err := os.ReadDir(os.Getenv("TMPDIR"))
			require.NoError(t, err)
			require.Equal(t, c.code != 0 && c.code != exitUsage, len(left) > 0, "only a failure leaves files")
		})
	}
}

func TestServersDieWithTheRunner(t *testing.T) {
	if err := rig.Need(rig.RedisServer); err != nil {
		t.Skip(err)
	}
	if os.Getenv("REAL_AS_CHILD") != "" {
		os.Exit(run([]string{"-only", "redis", "--", "sh", "-c", `echo $HONGBAO_REDIS; exec cat`}, os.Stderr))
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestServersDieWithTheRunner$")
			cmd.Env = append(os.Environ(), "REAL_AS_CHILD=1", "TMPDIR="+t.TempDir())
			hold, err := cmd.StdinPipe() // keeps cat waiting
			require.NoError(t, err)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			line := make([]byte, 64)
			n, err := out.Read(line)
			require.NoError(t, err)
			addr := strings.TrimSpace(string(line[:n]))
			_, port, _ := strings.Cut(addr, ":")
			_, err = strconv.Atoi(port)
			require.NoError(t, err, addr)
			require.True(t, answers(addr))
			require.NoError(t, cmd.Process.Signal(signal))
			require.Eventually(t, func() bool { return !answers(addr) }, 20*time.Second, 20*time.Millisecond)
			require.NoError(t, hold.Close())
			_ = cmd.Wait()
		})
	}
}

func answers(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

func TestAnInterruptEndsTheCommand(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := follow(ctx, []string{"sleep", "60"}, nil)
	require.ErrorIs(t, err, context.Canceled)
}
