package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// TestServeFlags: each flag overrides the configuration file.
func TestServeFlags(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "hongbao.yaml")
	require.NoError(t, os.WriteFile(file, []byte("redis: {main: {addrs: [a:1], sentinel: s, password: env:HONGBAO_NOT_SET}}\nmysql: {dsns: [b]}\n"+"listen: file\ndebug: file\ndata: file\ninstance: f f\nstrategy: file\ntls: {cert: file}"), 0o600))
	errorOf := func(args ...string) string {
		args = slices.DeleteFunc(args, func(a string) bool { return a == "-" })
		var stdout, stderr bytes.Buffer
		require.Equal(t, exitUsage, run(t.Context(), append([]string{"serve", "--config", file}, args...), &stdout, &stderr))
		require.Empty(t, stdout.String())
		return stderr.String()
	}
	for _, c := range []struct{ from, flag, value, to string }{
		{`listen "file"`, "--listen", "flag", `listen "flag"`},
		{`debug "file"`, "--debug", "flag", `debug "flag"`},
		{`instance "f f"`, "--instance", "g g", `instance "g g"`},
		{`strategy "file"`, "--strategy", "flag", `strategy "flag"`},
		{"tls has only one", "--tls-key", "flag", "tls: open file"},
		{"", "--data", "", "data is empty"},
		{"", "--redis", "flag", `redis.main.addrs: "flag"`},
		{"", "--redis-cluster", "-", "redis.main has both cluster and sentinel"},
		{"", "--mysql", "env:HONGBAO_NOT_THERE", "HONGBAO_NOT_THERE is not set"},
	} {
		if c.from != "" {
			require.Contains(t, errorOf(), c.from)
			require.NotContains(t, errorOf(c.flag, c.value), c.from)
		}
		require.Contains(t, errorOf(c.flag, c.value), c.to)
	}
	require.Contains(t, errorOf("--redis", "a:2"), "HONGBAO_NOT_SET is not set", "the password in the file remains")
	text := errorOf("--mysql", `"a,b`, "--mysql", "env:HONGBAO_NOT_THERE")
	require.Contains(t, text, "HONGBAO_NOT_THERE is not set", "a password may hold commas and quotes: each flag is one data source")
	require.NotContains(t, text, "invalid argument")
}

// TestServeSecrets: no error of a service that cannot start contains a password. With real servers: TestServeRealSecrets.
func TestServeSecrets(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "hongbao.yaml")
	t.Setenv("HONGBAO_TEST_SECRET", servetest.Password)
	gone := servetest.ClosedAddr(t)
	for _, c := range []struct {
		why, text string
		args      []string
	}{
		{"nothing listens", "redis: {main: {addrs: [" + gone + "], password: env:HONGBAO_TEST_SECRET}}\nmysql: {dsns: ['root:" + servetest.Password + "@tcp(" + gone + ")/b']}", nil},
		{"the same with flags", "", []string{"--redis", gone, "--mysql", "root:" + servetest.Password + "@tcp(" + gone + ")/b"}},
		{"an invalid data source", "redis: {main: {addrs: [" + gone + "]}}\nmysql: {dsns: ['root:" + servetest.Password + "']}", nil},
		{"an unknown network", "", []string{"--redis", gone, "--mysql", "root:" + servetest.Password + "@" + gone + "/b"}},
		{"an unknown option", "", []string{"--redis", gone, "--mysql", "root:" + servetest.Password + "@tcp(" + gone + ")/b?timeout=" + servetest.Password}},
		{"quotes", "", []string{"--redis", gone, "--mysql", `root:"` + servetest.Password + `@tcp(` + gone + `)/b`}},
		{"an incomplete configuration", "redis: {main: {addrs: [a:1], password: " + servetest.Password + "}}\nstrategy: hope", nil},
		{"an unknown key in the same map", "redis: {main: {addrs: [a:1], password: " + servetest.Password + ", usrname: x}}", nil},
		{"an unknown key above it", "redis:\n  main:\n    usrname: x\n    password: " + servetest.Password, nil},
		{"under another key", "redis: {main: {pasword: " + servetest.Password + "}}", nil},
		{"an unterminated string", "redis: {main: {password: \"" + servetest.Password, nil},
		{"not a list", "mysql: {dsns: root:" + servetest.Password + "@tcp(a:1)/b}", nil},
		{"not a list of strings", "mysql: {dsns: [{a: " + servetest.Password + ", b: c}, [" + servetest.Password + "]]}", nil},
	} {
		require.NoError(t, os.WriteFile(file, []byte(c.text), 0o600))
		keys := open.Default()
		keys.Data = dir
		require.NoError(t, keys.Complete())
		require.NoError(t, open.MakeKeys(&keys))
		var out servetest.Log
		args := append([]string{"serve", "--config", file, "--data", dir, "--listen", "127.0.0.1:0", "--debug", ""}, c.args...)
		require.NotEqual(t, exitPass, run(t.Context(), args, &out, &out), c.why)
		require.NotContains(t, out.String(), servetest.Password, c.why)
		require.NotContains(t, out.String(), "hint: make the keys", c.why)
	}
}

// TestServedTree: a service grants the official stage of its scenario, at any time.
func TestServedTree(t *testing.T) {
	a, err := servedActivity("internal/cmd/testdata/tiny.yaml")
	require.NoError(t, err)
	require.Len(t, a.Children, 1)
	require.Equal(t, wallet.Official, a.Children[0].Stage)
	require.EqualValues(t, 100_000, a.Children[0].Budget)
	now := wallet.InstantOf(time.Now())
	require.True(t, a.Children[0].From < now && now < a.Children[0].To)

	file := filepath.Join(t.TempDir(), "drill.yaml")
	tiny, err := os.ReadFile("internal/cmd/testdata/tiny.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, bytes.ReplaceAll(tiny, []byte("stage: official"), []byte("stage: internal-test")), 0o600))
	_, err = servedActivity(file)
	require.ErrorContains(t, err, "has no official stage to serve")
}
