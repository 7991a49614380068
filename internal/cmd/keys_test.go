package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/service/open"
)

// TestKeys: the key files are created once, readable only by their owner, and never replaced.
func TestKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	files := []string{filepath.Join(dir, "keys.json"), filepath.Join(dir, "token-keys.json")}
	makeKeys := func() string {
		var stdout, stderr bytes.Buffer
		require.Equal(t, exitPass, run(t.Context(), []string{"keys", "--data", dir}, &stdout, &stderr), stderr.String())
		return stdout.String()
	}
	read := func(file string) []byte {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return b
	}
	require.Equal(t, files[0]+"\n"+files[1]+"\n", makeKeys())
	first := [][]byte{read(files[0]), read(files[1])}
	for _, file := range files {
		at, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), at.Mode().Perm(), file)
	}
	makeKeys()
	require.Equal(t, first, [][]byte{read(files[0]), read(files[1])}, "a second call replaces nothing")
	for i, file := range files {
		require.NoError(t, os.Remove(file))
		makeKeys()
		require.NotEqual(t, first[i], read(file), "the keys are new")
		require.Equal(t, first[1-i], read(files[1-i]), "only the missing file is created")
		first[i] = read(file)
	}

	c := open.Config{Keys: files[0], TokenKeys: files[1], MySQL: open.MySQLConfig{DSNs: []string{"any"}}}
	keys, ring, err := open.OpenKeys(&c)
	require.NoError(t, err)
	require.NotNil(t, ring)
	_, ok := keys.Caller("demo")
	require.True(t, ok)
}
