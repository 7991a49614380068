package cmd

import (
	"fmt"
	"os"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	"hongbao/reference/service/open"
)

// TestServeRealKeys: an instance on shared stores does not create keys, because all instances need the same.
func TestServeRealKeys(t *testing.T) {
	c := open.Default()
	servetest.OnRealStores(t)(&c)
	c.Data, c.Listen, c.Debug = t.TempDir(), "127.0.0.1:0", ""
	require.NoError(t, c.Complete())
	var out servetest.Log
	err := runService(t.Context(), c, &out, &out)
	require.ErrorContains(t, err, "hint: make the keys once with `hongbao keys --data DIR`")
	require.Empty(t, out.String())
	left, err := os.ReadDir(c.Data)
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestServeRealSecrets: real servers refuse wrong passwords, and the errors do not contain the passwords.
func TestServeRealSecrets(t *testing.T) {
	stores := servetest.OnRealStores(t)
	for _, c := range []struct {
		why    string
		change func(*open.Config)
	}{
		{"MySQL refuses the password", func(c *open.Config) {
			dsn, err := mysql.ParseDSN(c.MySQL.DSNs[0])
			require.NoError(t, err)
			dsn.User, dsn.Passwd = "nobody", servetest.Password
			c.MySQL.DSNs[0] = dsn.FormatDSN()
		}},
		{"Redis refuses the password", func(c *open.Config) { c.Redis.Main.Username, c.Redis.Main.Password = "nobody", servetest.Password }},
		{"nothing listens on the address of Redis", func(c *open.Config) {
			c.Redis.Main = &open.RedisEndpoint{Addrs: []string{servetest.ClosedAddr(t)}, Password: servetest.Password}
		}},
	} {
		config := open.Default()
		stores(&config)
		config.Data, config.Listen, config.Debug = t.TempDir(), "127.0.0.1:0", ""
		c.change(&config)
		require.NoError(t, config.Complete(), c.why)
		require.NoError(t, open.MakeKeys(&config))
		var out servetest.Log
		err := runService(t.Context(), config, &out, &out)
		require.Error(t, err, c.why)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err)+out.String(), servetest.Password, c.why)
	}
}
