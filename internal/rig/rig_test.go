package rig

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// need skips the test if the programs are not installed.
func need(t *testing.T, programs ...string) {
	if err := Need(programs...); err != nil {
		t.Skip(err)
	}
}

func TestNeedNamesThePackages(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := Need("no-such-program", RedisServer, RedisServer)
	require.EqualError(t, err, "rig: no-such-program, redis-server, redis-server not found: run apt-get install -y mariadb-server redis-server")
	require.NoError(t, Need())
}

func TestFreePortsLieBelowOutgoingOnes(t *testing.T) {
	for range 20 {
		port, err := FreePort()
		require.NoError(t, err)
		require.GreaterOrEqual(t, port, firstPort)
		require.LessOrEqual(t, port, lastPort)
		l, err := net.Listen("tcp", addr(port))
		require.NoError(t, err, "it is free")
		require.NoError(t, l.Close())
	}
}

func TestRedis(t *testing.T) {
	need(t, RedisServer)
	for _, c := range []struct {
		why        string
		appendOnly bool
		empty      bool
		present    bool
	}{
		{"data in memory is lost with the process", false, false, false},
		{"data on disk survives a kill", true, false, true},
		{"a restart with empty removes the data", true, true, false},
	} {
		t.Run(c.why, func(t *testing.T) {
			r, err := StartRedis(t.TempDir(), RedisOptions{AppendOnly: c.appendOnly})
			require.NoError(t, err)
			defer r.Stop()
			at := r.Addr()
			_, err = ask(r.port, "SET key value")
			require.NoError(t, err)
			r.Kill()
			_, err = ask(r.port, "PING")
			require.Error(t, err)
			require.NoError(t, r.Restart(c.empty))
			require.Equal(t, at, r.Addr())
			got, err := ask(r.port, "EXISTS key")
			require.NoError(t, err)
			require.Equal(t, c.present, got == "1")
			_, err = ask(r.port, "NONSENSE")
			require.ErrorContains(t, err, "unknown command")
		})
	}
}

func TestClusterAndSentinelServeAClient(t *testing.T) {
	need(t, RedisServer)
	ctx := t.Context()
	dir := t.TempDir()
	c, err := startCluster(dir)
	require.NoError(t, err)
	defer c.Stop()
	require.Len(t, c.Addrs(), masters)
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: c.Addrs()[:1], DisableCache: true})
	require.NoError(t, err)
	defer client.Close()
	for _, key := range []string{"a", "b", "c", "d", "e"} { // slots on all three nodes
		require.NoError(t, client.Do(ctx, client.B().Set().Key(key).Value("1").Build()).Error())
	}

	s, err := startSentinel(dir)
	require.NoError(t, err)
	defer s.Stop()
	found, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.Addr()}, DisableCache: true,
		Sentinel: rueidis.SentinelOption{MasterSet: masterName}})
	require.NoError(t, err)
	defer found.Close()
	require.NoError(t, found.Do(ctx, found.B().Set().Key("k").Value("1").Build()).Error())
	got, err := ask(s.Master().port, "EXISTS k")
	require.NoError(t, err)
	require.Equal(t, "1", got)
}

func TestMariaDBKeepsWhatWasCommittedBeforeAKill(t *testing.T) {
	need(t, mariaDBServer, mariaDBInstaller)
	m, err := StartMariaDB(t.TempDir(), MariaDBOptions{})
	require.NoError(t, err)
	defer m.Stop()
	db, err := sql.Open("mysql", m.DSN())
	require.NoError(t, err)
	defer db.Close()
	for _, q := range []string{"CREATE DATABASE x", "CREATE TABLE x.t (n BIGINT) ENGINE=InnoDB", "INSERT INTO x.t VALUES (7)"} {
		_, err := db.Exec(q)
		require.NoError(t, err)
	}
	m.Kill()
	require.Error(t, db.Ping())
	require.NoError(t, m.Restart())
	var n int
	require.NoError(t, db.QueryRow("SELECT n FROM x.t").Scan(&n))
	require.Equal(t, 7, n)
}

func TestAServerThatCannotRunSaysWhy(t *testing.T) {
	need(t, RedisServer)
	_, err := StartRedis(t.TempDir(), RedisOptions{Args: []string{"--no-such-option", "1"}})
	require.ErrorIs(t, err, errGone)
	require.ErrorContains(t, err, "no-such-option", "the end of its log")
}

func TestAStrangerOnThePortIsNotTheServer(t *testing.T) {
	need(t, RedisServer)
	r, err := StartRedis(t.TempDir(), RedisOptions{})
	require.NoError(t, err)
	defer r.Stop()
	require.NoError(t, r.ready(r.proc.cmd.Process.Pid))
	require.ErrorContains(t, r.ready(os.Getpid()), "another process")
	require.ErrorContains(t, r.proc.start(r.ready), "is already running")
}

func TestAServerThatDoesNotListenToStopIsKilled(t *testing.T) {
	need(t, RedisServer)
	r, err := StartRedis(t.TempDir(), RedisOptions{})
	require.NoError(t, err)
	pid := r.proc.cmd.Process.Pid
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP)) // A stopped process does not handle SIGTERM.
	_ = r.proc.Stop(100 * time.Millisecond)
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	r.Stop() // A second stop has no effect.
	r.Kill()
}

func TestStartWantsKnownKinds(t *testing.T) {
	_, err := Start(t.TempDir(), "oracle")
	require.ErrorContains(t, err, `"oracle"`)
	require.ErrorContains(t, err, kindMariaDB)
}

func TestServersStopAndLeaveTheirLogs(t *testing.T) {
	need(t, RedisServer)
	dir := t.TempDir()
	s, err := Start(dir, kindRedis, kindSentinel)
	require.NoError(t, err)
	env := strings.Join(s.Env(), " ")
	require.Contains(t, env, EnvRedis+"="+host+":")
	require.Contains(t, env, "/"+masterName)
	s.Stop()
	require.NoError(t, s.RemoveData())
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, left, 4, "three logs and the sentinel's file: %s", left)
	at := strings.TrimPrefix(s.Env()[0], EnvRedis+"=")
	_, err = (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "tcp", at)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestProgram(t *testing.T) {
	for _, c := range []struct {
		why, script, fails string
	}{
		{"it ends with success when asked to stop", `trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done`, ""},
		{"another exit code is an error with the end of the log", `trap 'echo spilt; exit 3' TERM; echo up; while :; do sleep 0.05; done`, "spilt"},
		{"a program that ignores the signal is killed", `trap '' TERM; echo up; while :; do sleep 0.05; done`, "killed"},
	} {
		t.Run(c.why, func(t *testing.T) {
			p, err := NewProgram(t.TempDir(), "it", "sh", "-c", c.script)
			require.NoError(t, err)
			require.NoError(t, p.Stop(0), "it never ran")
			up := func() error {
				if text, err := os.ReadFile(p.Log()); err != nil || len(text) == 0 {
					return errors.New("not up")
				}
				return nil
			}
			require.NoError(t, p.Start(up))
			require.True(t, p.Alive())
			err = p.Stop(time.Second)
			require.False(t, p.Alive())
			if c.fails == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.fails)
			}
		})
	}
	_, err := NewProgram(t.TempDir(), "it", "/no/such/program")
	require.Error(t, err)
}
