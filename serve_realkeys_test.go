package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

// TestServeRealKeys: one of several instances does not make keys of its own.
func TestServeRealKeys(t *testing.T) {
	c := defaultConfig()
	onRealStores(t)(&c)
	c.Data, c.Listen, c.Debug = t.TempDir(), "127.0.0.1:0", ""
	require.NoError(t, c.finish())
	var out text
	err := runService(t.Context(), c, &out, &out)
	require.ErrorContains(t, err, "hint: make the keys once with `hongbao keys --data DIR`")
	require.Empty(t, out.String())
	left, err := os.ReadDir(c.Data)
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestServeRealSecrets: real servers refuse wrong passwords, and what is said about it holds none of them.
func TestServeRealSecrets(t *testing.T) {
	stores := onRealStores(t)
	for _, c := range []struct {
		why    string
		change func(*serveConfig)
	}{
		{"MySQL refuses the password", func(c *serveConfig) {
			dsn, err := mysql.ParseDSN(c.MySQL.DSNs[0])
			require.NoError(t, err)
			dsn.User, dsn.Passwd = "nobody", password
			c.MySQL.DSNs[0] = dsn.FormatDSN()
		}},
		{"Redis refuses the password", func(c *serveConfig) { c.Redis.Main.Username, c.Redis.Main.Password = "nobody", password }},
		{"nobody is where Redis should be", func(c *serveConfig) {
			c.Redis.Main = &redisEndpoint{Addrs: []string{nowhere(t)}, Password: password}
		}},
	} {
		config := defaultConfig()
		stores(&config)
		config.Data, config.Listen, config.Debug = t.TempDir(), "127.0.0.1:0", ""
		c.change(&config)
		require.NoError(t, config.finish(), c.why)
		require.NoError(t, makeKeys(&config))
		var out text
		err := runService(t.Context(), config, &out, &out)
		require.Error(t, err, c.why)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err)+out.String(), password, c.why)
	}
}
