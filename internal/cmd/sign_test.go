package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// header runs hongbao sign and returns the value of the header that it printed.
func header(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitPass, run(t.Context(), append([]string{"sign"}, args...), &stdout, &stderr), stderr.String())
	value, ok := strings.CutPrefix(stdout.String(), "Authorization: ")
	require.True(t, ok)
	require.Equal(t, 1, strings.Count(value, "\n"), "one line")
	return strings.TrimSuffix(value, "\n")
}

// TestSignVerifies: the service accepts the printed header for that request, key and load-test mark only.
func TestSignVerifies(t *testing.T) {
	dir, keys := t.TempDir(), auth.Generate()
	require.NoError(t, auth.Save(filepath.Join(dir, "keys.json"), keys))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "body"), []byte("{}\n"), 0o600))
	demo, _ := keys.Caller("demo")
	viewer, _ := keys.Operator("viewer")
	grant := "/hongbao.v1.GrantService/Grant"
	for _, c := range []struct {
		why  string
		args []string
		key  auth.Key
		want auth.Request
	}{
		{"the default caller", []string{"--body", "{}", grant[1:]}, demo.Key, auth.Request{Body: []byte("{}")}},
		{"a path with a leading slash", []string{"--caller", "demo", "--body", "{}", grant}, demo.Key, auth.Request{Body: []byte("{}")}},
		{"no body", []string{grant}, demo.Key, auth.Request{}},
		{"a body from a file, with its last newline", []string{"--body", "@" + filepath.Join(dir, "body"), grant}, demo.Key, auth.Request{Body: []byte("{}\n")}},
		{"a request with the load-test mark", []string{"--load-test", grant}, demo.Key, auth.Request{LoadTest: true}},
		{"an operator", []string{"--operator", "viewer", grant}, viewer.Key, auth.Request{}},
	} {
		signed, err := auth.ParseSigned(header(t, append([]string{"--data", dir}, c.args...)...))
		require.NoError(t, err, c.why)
		require.NoError(t, signed.Fresh(wallet.InstantOf(time.Now())), c.why)
		c.want.Method, c.want.Path = "POST", grant
		require.NoError(t, signed.Verify(c.key, c.want), c.why)
		c.want.LoadTest = !c.want.LoadTest
		require.ErrorIs(t, signed.Verify(c.key, c.want), auth.ErrSignature, c.why)
	}
	a := header(t, "--data", dir, grant)
	require.NotEqual(t, a, header(t, "--data", dir, grant), "each header has a new nonce")

	who, err := auth.OpenSession(keys.SessionKey, header(t, "--keys", filepath.Join(dir, "keys.json"), "--session", "toutiao:7"), wallet.InstantOf(time.Now()))
	require.NoError(t, err)
	require.Equal(t, wallet.Caller{App: wallet.Toutiao, User: 7}, who)
	_, err = auth.OpenSession(keys.SessionKey, header(t, "--data", dir, "--session", "toutiao:7", "--for", "1h"), wallet.InstantOf(time.Now().Add(2*time.Hour)))
	require.ErrorIs(t, err, auth.ErrSessionExpired)
}
