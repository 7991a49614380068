package open

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/server/auth"
)

// TestKeysRefused: keys that cannot be used are refused. The error names the remedy and never shows a key.
func TestKeysRefused(t *testing.T) {
	dir := t.TempDir()
	good := Config{Keys: filepath.Join(dir, "keys.json"), TokenKeys: filepath.Join(dir, "token-keys.json")}
	require.NoError(t, MakeKeys(&good))
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
		config := Config{Keys: c.keys, TokenKeys: c.tokenKeys, MySQL: MySQLConfig{DSNs: []string{"any"}}} // not embedded: nothing is made
		_, _, err := OpenKeys(&config)
		require.ErrorContains(t, err, c.says, c.why)
		require.NotContains(t, err.Error(), password, c.why)
		require.ErrorIs(t, err, ErrConfig, c.why)
	}
	keys, err := auth.Load(good.Keys)
	require.NoError(t, err)
	require.Len(t, keys.Callers, 1)
}
