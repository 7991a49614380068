package open

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/config"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestFileContract(t *testing.T) {
	storetest.ConfigCentre(t, func(t *testing.T) (here, there wallet.ConfigCentre) {
		f := newFileCentre(filepath.Join(t.TempDir(), "config.yaml"))
		return f, f // a file belongs to one instance
	})
}

const soundCentre = `# tonight's configuration
switches: [hold-posting, local-config]
settings:
  version: 4
  release: {num: 1, den: 20, white_list: [7, 8]}
  withdraw_per_day_fen: 20000
  withdraw_times: 3
  short_page: 5
`

// TestFileIsWatched: edits of the file take effect at the next read.
func TestFileIsWatched(t *testing.T) {
	name := filepath.Join(t.TempDir(), "config.yaml")
	f := newFileCentre(name)
	write := func(text string) { require.NoError(t, os.WriteFile(name, []byte(text), 0o600)) }
	write(soundCentre)
	on, have, err := f.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[wallet.Switch]bool{wallet.SwitchHoldPosting: true, wallet.SwitchLocalConfig: true}, on)
	want := wallet.Settings{Version: 4, Release: wallet.Release{Num: 1, Den: 20, WhiteList: []wallet.ActID{7, 8}}, WithdrawPerDay: 20_000, WithdrawTimes: 3, ShortPage: 5}
	require.Equal(t, want, have)
	have.Release.WhiteList[0] = 99
	_, have, err = f.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, have, "the reader gets a copy")

	write("switches: [stop-cash]")
	on, have, err = f.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[wallet.Switch]bool{wallet.SwitchStopCash: true}, on)
	require.Zero(t, have)
	require.NoError(t, os.Remove(name))
	on, _, err = f.Read(t.Context())
	require.NoError(t, err)
	require.Empty(t, on, "without a file nothing is changed")

	require.NoError(t, f.Set(t.Context(), wallet.SwitchStopCash, true))
	again := newFileCentre(name)
	on, _, err = again.Read(t.Context())
	require.NoError(t, err)
	require.True(t, on[wallet.SwitchStopCash], "a change survives a restart")
	files, err := os.ReadDir(filepath.Dir(name))
	require.NoError(t, err)
	require.Len(t, files, 1, "no temporary file is left")
}

// TestFileRefuses: an invalid file is refused as a whole, and is not overwritten.
func TestFileRefuses(t *testing.T) {
	for _, c := range []struct{ why, text, want string }{
		{"an unknown switch", "switches: [hold-postings]", `unknown switch "hold-postings"`},
		{"a switch twice", "switches: [stop-use, stop-use]", "twice"},
		{"an unknown key", "switch: [stop-use]", "switch"},
		{"an unknown nested key", "settings: {version: 1, withdraw_per_day: 5}", "withdraw_per_day"},
		{"settings without a version", "settings: {release: {num: 1, den: 1}}", "begin with 1"},
		{"a share above one", "settings: {version: 1, release: {num: 2, den: 1}}", "2 in 1"},
		{"a negative bound", "settings: {version: 1, release: {num: 1, den: 1}, withdraw_times: -1}", "-1 withdrawals"},
		{"a text for a number", "settings: {version: one}", ""},
		{"not YAML", "switches: [", ""},
		{"not a list", "switches: 7", ""},
		{"too large", string(make([]byte, 2<<20)), "larger"},
	} {
		name := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(name, []byte(c.text), 0o600))
		f := newFileCentre(name)
		for call, err := range map[string]error{
			"read":   func() error { _, _, err := f.Read(t.Context()); return err }(),
			"set":    f.Set(t.Context(), wallet.SwitchStopUse, true),
			"change": f.Change(t.Context(), wallet.Settings{Release: wallet.Release{Den: 1}}),
		} {
			require.Error(t, err, "%s: %s", c.why, call)
			require.Contains(t, []wallet.Code{wallet.CodeInvalid, wallet.CodeUnavailable}, wallet.CodeOf(err), "%s: %s: %v", c.why, call, err)
			require.ErrorContains(t, err, c.want, "%s: %s", c.why, call)
		}
		left, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, c.text, string(left), c.why)
	}
	require.ErrorIs(t, newFileCentre(filepath.Join(t.TempDir(), "f")).Set(t.Context(), "of-next-year", true), wallet.ErrInvalid)
	require.ErrorIs(t, newFileCentre(filepath.Join(t.TempDir(), "none", "f")).Set(t.Context(), wallet.SwitchStopUse, true), wallet.ErrUnavailable)
	_, _, err := newFileCentre(t.TempDir()).Read(t.Context())
	require.ErrorIs(t, err, wallet.ErrUnavailable, "a directory")
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(soundCentre))
	f.Add([]byte("switches: [stop-cash]\nsettings: {version: 9223372036854775807, release: {num: 0, den: 1}}"))
	f.Add([]byte("\x00- : {"))
	f.Fuzz(func(t *testing.T, text []byte) {
		name := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(name, text, 0o600))
		c := newFileCentre(name)
		on, have, err := c.Read(t.Context())
		if err != nil {
			return
		}
		if have.Version > 0 {
			require.NoError(t, have.Validate())
		}
		for s := range on {
			require.NoError(t, c.Set(t.Context(), s, false), "a readable file can be changed")
		}
		on, after, err := newFileCentre(name).Read(t.Context())
		require.NoError(t, err)
		require.Empty(t, on)
		require.Equal(t, have.Version, after.Version)
	})
}

// TestSavedReading: the file of the last reading is absent at first, is replaced as a whole, and has a bound.
func TestSavedReading(t *testing.T) {
	f := savedReading{filepath.Join(t.TempDir(), "cache.json")}
	text, err := f.Load()
	require.NoError(t, err)
	require.Empty(t, text, "there is no file yet")
	for _, want := range []string{"a longer text", "short"} {
		require.NoError(t, f.Save([]byte(want)))
		text, err = f.Load()
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	files, err := os.ReadDir(filepath.Dir(f.name))
	require.NoError(t, err)
	require.Len(t, files, 1, "no temporary file is left")
	require.NoError(t, os.WriteFile(f.name, make([]byte, 2<<20), 0o600))
	_, err = f.Load()
	require.ErrorContains(t, err, "larger")
	require.Error(t, savedReading{filepath.Join(t.TempDir(), "none", "f")}.Save(nil), "there is no folder")

	cache := config.NewCache(newFileCentre(filepath.Join(t.TempDir(), "config.yaml")), wallet.Settings{}, f, systemClock{})
	err = cache.Load()
	require.ErrorIs(t, err, wallet.ErrInvalid)
	require.ErrorContains(t, err, f.name, "the operator learns which file it is")
	require.NoError(t, cache.Refresh(t.Context()), "the service continues")
	require.NoError(t, cache.Save())
	require.NoError(t, cache.Load(), "with a valid file")
}
