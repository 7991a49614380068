package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/server/auth"
)

// TestKeys: keys are made once, for their owner's eyes, and never replaced.
func TestKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	files := []string{filepath.Join(dir, "keys.json"), filepath.Join(dir, "token-keys.json")}
	make := func() string {
		var stdout, stderr bytes.Buffer
		require.Equal(t, exitPass, run(t.Context(), []string{"keys", "--data", dir}, &stdout, &stderr), stderr.String())
		return stdout.String()
	}
	read := func(file string) []byte {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return b
	}
	require.Equal(t, files[0]+"\n"+files[1]+"\n", make())
	first := [][]byte{read(files[0]), read(files[1])}
	for _, file := range files {
		at, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), at.Mode().Perm(), file)
	}
	make()
	require.Equal(t, first, [][]byte{read(files[0]), read(files[1])}, "a second call replaces nothing")
	for i, file := range files {
		require.NoError(t, os.Remove(file))
		make()
		require.NotEqual(t, first[i], read(file), "keys are new")
		require.Equal(t, first[1-i], read(files[1-i]), "and only what is missing is made")
		first[i] = read(file)
	}

	c := serveConfig{Keys: files[0], TokenKeys: files[1], MySQL: mysqlConfig{DSNs: []string{"any"}}}
	keys, ring, err := openKeys(&c)
	require.NoError(t, err)
	require.NotNil(t, ring)
	_, ok := keys.Caller("demo")
	require.True(t, ok)
}

// TestKeysRefused: keys that cannot be used are said to be so, with what to do, and never shown.
func TestKeysRefused(t *testing.T) {
	dir := t.TempDir()
	good := serveConfig{Keys: filepath.Join(dir, "keys.json"), TokenKeys: filepath.Join(dir, "token-keys.json")}
	require.NoError(t, makeKeys(&good))
	broken := filepath.Join(dir, "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte(`{"callers": [{"id": "`+password+`"`), 0o600))
	for _, c := range []struct {
		why, keys, tokenKeys, says string
	}{
		{"there are none", filepath.Join(dir, "none"), good.TokenKeys, "hint: make the keys once with `hongbao keys --data DIR`"},
		{"half of them", good.Keys, filepath.Join(dir, "none"), "hint: make the keys once with `hongbao keys --data DIR`"},
		{"cut off", broken, good.TokenKeys, "broken.json"},
		{"cut off", good.Keys, broken, "broken.json"},
		{"the one for the other", good.TokenKeys, good.TokenKeys, "token-keys.json"},
		{"the other for the one", good.Keys, good.Keys, "keys.json"},
	} {
		config := serveConfig{Keys: c.keys, TokenKeys: c.tokenKeys, MySQL: mysqlConfig{DSNs: []string{"any"}}} // not embedded: nothing is made
		_, _, err := openKeys(&config)
		require.ErrorContains(t, err, c.says, c.why)
		require.NotContains(t, err.Error(), password, c.why)
		require.ErrorIs(t, err, errConfig, c.why)
	}
	keys, err := auth.Load(good.Keys)
	require.NoError(t, err)
	require.Len(t, keys.Callers, 1)
}
