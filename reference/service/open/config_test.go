package open

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// password is a secret that no message may show.
const password = "geheim-5cb8a1"

// parsed reads a configuration from a text and finishes it.
func parsed(t *testing.T, text string) (*Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hongbao.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	c := Default()
	if err := ReadConfig(file, &c); err != nil {
		return nil, err
	}
	return &c, c.Complete()
}

// TestConfigFaults: what cannot be served is refused before anything is touched, and the message says what and where.
func TestConfigFaults(t *testing.T) {
	for _, c := range []struct{ why, text, says string }{
		{"half of the real stores", "redis: {main: {addrs: [a:1]}}", "redis is configured but mysql is not: set both"},
		{"the other half", "mysql: {dsns: [root@tcp(a:1)/b]}", "mysql is configured but redis is not: set both"},
		{"one role is not enough", "redis: {tokens: {addrs: [a:1]}}", "redis is configured but mysql is not"},
		{"a role without an endpoint", "redis: {tokens: {addrs: [a:1]}}\nmysql: {dsns: [b]}", "redis.locks has no endpoint: set it, or redis.main for all"},
		{"an endpoint without an address", "redis: {main: {cluster: true}}\nmysql: {dsns: [b]}", "redis.main.addrs is empty"},
		{"an address without a port", "redis: {main: {addrs: [a]}}\nmysql: {dsns: [b]}", `redis.main.addrs: "a" is not HOST:PORT`},
		{"a cluster has no sentinels", "redis: {main: {addrs: [a:1], cluster: true, sentinel: s}}\nmysql: {dsns: [b]}", "redis.main has both cluster and sentinel"},
		{"an empty shard would move every wallet", "redis: {main: {addrs: [a:1]}}\nmysql: {dsns: [b, '']}", "mysql.dsns[1] is empty"},
		{"a secret that is not there", "redis: {main: {addrs: [a:1], password: env:HONGBAO_NOT_SET}}\nmysql: {dsns: [b]}", "the environment variable HONGBAO_NOT_SET is not set"},
		{"the same of a shard", "redis: {main: {addrs: [a:1]}}\nmysql: {dsns: [env:HONGBAO_NOT_SET]}", "the environment variable HONGBAO_NOT_SET is not set"},
		{"no such strategy", "strategy: hope", `strategy "hope": use sync, async or token`},
		{"a certificate without its key", "tls: {cert: c.pem}", "tls has only one of cert and key: set both"},
		{"a key without its certificate", "tls: {key: k.pem}", "tls has only one of cert and key: set both"},
		{"files that are not there", "tls: {cert: c.pem, key: k.pem}", "tls: open c.pem: no such file"},
		{"no port", "listen: localhost", `listen "localhost" is not HOST:PORT`},
		{"no such port", "listen: 127.0.0.1:65536", `listen "127.0.0.1:65536" is not HOST:PORT`},
		{"no number", "debug: 127.0.0.1:http", `debug "127.0.0.1:http" is not HOST:PORT`},
		{"nowhere to keep anything", "data: ''", "data is empty: set a folder"},
		{"a name goes into keys and logs", "instance: a b", `instance "a b": use a short name without blanks or slashes`},
		{"no name", "instance: ''", `instance "": use a short name`},
		{"no shards", "shards: 0", "shards is 0, not in 1..4096"},
		{"too many", "shards: 4097", "shards is 4097, not in 1..4096"},
		{"no batch", "batch: 0", "batch is 0, not in 1..5000"},
		{"no instance", "instances: 0", "instances is 0, not in 1..100000"},
		{"no block", "budget_block_fen: 0", "budget_block_fen is 0, not in 1..1000000000000000"},
		{"nobody is served", "max_in_flight: 0", "max_in_flight is 0, not in 1..1000000"},
		{"less than no limit", "sync_limit: -1", "sync_limit is -1, not in 0..1000000000"},
		{"no time", "deadline: 0s", "deadline is 0s, not in 1ms..1m0s"},
		{"too much", "deadline: 61s", "deadline is 1m1s, not in 1ms..1m0s"},
		{"busy with chores", "chores: 99ms", "chores is 99ms, not in 100ms..1h0m0s"},
		{"everything is stuck at once", "compensate_after: 0s", "compensate_after is 0s, not in 1s..24h0m0s"},
		{"no time to leave in order", "drain: 0s", "drain is 0s, not in 1s..1h0m0s"},
		{"no connection", "mysql: {max_conns: 0}", "mysql.max_conns is 0, not in 1..1000"},
		{"a share of nothing", "release: {den: 0, num: 0}", "release.den is 0, not in 1..1000000000"},
		{"more than everybody", "release: {num: 3, den: 2}", "release.num is 3, not in 0..2"},

		{"a key that is not known, with its place", "listen: 127.0.0.1:1\ntsl: {cert: a}", `hongbao.yaml: [2:1] unknown field "tsl"`},
		{"the same further down", "redis:\n  main: {addrs: [a:1], pasword: x}", `[2:24] unknown field "pasword"`},
		{"the wrong kind", "shards: many", "[1:9] cannot unmarshal string"},
		{"twice", "shards: 1\nshards: 2", `[2:1] mapping key "shards" already defined at [1:1]`},
		{"no list", "mysql: {dsns: a}", "[1:15] string was used where sequence is expected"},
		{"no list of texts", "mysql: {dsns: [[a]]}", "item 1 of a list is not a string: put it in quotes"},
		{"no YAML", "redis: {main: {password: \"x\nlisten: y", "[1:26] could not find end character"},
		{"too large", "# " + strings.Repeat("x", maxConfig), "larger than 262144 bytes"},
	} {
		_, err := parsed(t, c.text)
		require.ErrorContains(t, err, c.says, c.why)
		require.ErrorIs(t, err, ErrConfig, c.why)
	}
}

// TestConfigFaultsAtOnce: all mistakes of a file are reported at once.
func TestConfigFaultsAtOnce(t *testing.T) {
	_, err := parsed(t, "redis: {main: {addrs: [a:1]}}\nstrategy: hope\nshards: 0\ninstance: a/b\ntls: {cert: c}")
	for _, says := range []string{"mysql is not", "strategy", "shards", "instance", "tls"} {
		require.ErrorContains(t, err, says)
	}
	require.Len(t, strings.Split(err.Error(), "\n"), 6)
}

// TestConfig: what a file says wins over what is meant without it, and roles without an endpoint use the main one.
func TestConfig(t *testing.T) {
	want := Default()
	want.Keys, want.TokenKeys = "data/keys.json", "data/token-keys.json"
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "mysql: {}\n", "release: {num: 1}\n"} {
		c, err := parsed(t, text)
		require.NoError(t, err, "%q says nothing", text)
		require.Equal(t, &want, c, text)
		require.True(t, c.embedded())
	}

	t.Setenv("HONGBAO_TEST_SECRET", password)
	c, err := parsed(t, `
data: /etc/hongbao
strategy: sync
chores: 1m30s
redis:
  main: {addrs: [10.0.0.5:6379], password: env:HONGBAO_TEST_SECRET}
  locks: {addrs: ["[::1]:7000", b.c:7001], cluster: true, tls: true}
mysql: {dsns: [env:HONGBAO_TEST_SECRET, "root@tcp(10.0.0.6)/b"]}
release: {num: 1, den: 100, white_list: [7]}`)
	require.NoError(t, err)
	require.False(t, c.embedded())
	require.Equal(t, "/etc/hongbao/keys.json", c.Keys)
	require.Equal(t, 90*time.Second, c.Chores)
	require.Equal(t, texts{password, "root@tcp(10.0.0.6)/b"}, c.MySQL.DSNs)
	require.Equal(t, &RedisEndpoint{Addrs: texts{"10.0.0.5:6379"}, Password: password}, c.Redis.Main)
	require.Equal(t, &RedisEndpoint{Addrs: texts{"[::1]:7000", "b.c:7001"}, Cluster: true, TLS: true}, c.Redis.Locks)
	require.Same(t, c.Redis.Main, c.Redis.Tokens)
	require.Same(t, c.Redis.Main, c.Redis.Totals)
	require.Same(t, c.Redis.Main, c.Redis.Switches)
	release := releaseOf(c.Release)
	require.Contains(t, release.WhiteList, wallet.ActID(7))
	require.EqualValues(t, 100, release.Den)
}

// TestConfigOfTheDocuments: what the documents and the compose file show can be read.
func TestConfigOfTheDocuments(t *testing.T) {
	document, err := os.ReadFile("../../../docs/service.md")
	require.NoError(t, err)
	_, text, _ := strings.Cut(string(document), "```yaml\n")
	text, _, ok := strings.Cut(text, "```")
	require.True(t, ok)
	for _, name := range []string{"REDIS_PASSWORD", "SHARD_0", "SHARD_1"} {
		t.Setenv(name, name)
	}
	c, err := parsed(t, text)
	require.NoError(t, err)
	require.Equal(t, texts{"SHARD_0", "SHARD_1"}, c.MySQL.DSNs)
	require.Len(t, c.Redis.Tokens.Addrs, 3)
	require.FileExists(t, "../../../"+c.Scenario)

	deployed := Default()
	require.NoError(t, ReadConfig("../../../deploy/hongbao.yaml", &deployed))
	require.NotEmpty(t, deployed.Redis.Main.Addrs)
	for _, value := range append(deployed.MySQL.DSNs, deployed.Redis.Main.Password) {
		if name, ok := strings.CutPrefix(value, "env:"); ok {
			t.Setenv(name, "x")
		}
	}
	require.NoError(t, deployed.Complete())
}
