package config_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/config"
	"hongbao/reference/wallet"
)

// centre is one that can be out of reach.
type centre struct {
	mu       sync.Mutex
	on       map[wallet.Switch]bool
	settings wallet.Settings
	err      error
}

func (c *centre) Read(context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.on, c.settings, c.err
}
func (c *centre) Set(_ context.Context, s wallet.Switch, on bool) error {
	c.on = map[wallet.Switch]bool{s: on}
	return c.err
}
func (c *centre) Change(_ context.Context, s wallet.Settings) error { c.settings = s; return c.err }

type hand struct{ now wallet.Instant }

func (h *hand) Now() wallet.Instant { return h.now }

var defaults = wallet.Settings{Release: wallet.Release{Num: 1, Den: 1}, ShortPage: 10}

func changed(version int64) wallet.Settings {
	return wallet.Settings{Version: version, Release: wallet.Release{Num: 1, Den: 100, WhiteList: []wallet.ActID{5}}, WithdrawPerDay: 100}
}

func TestCache(t *testing.T) {
	clock, from := &hand{1000}, &centre{}
	c := config.NewCache(from, defaults, "", clock)
	require.Equal(t, config.Reading{On: map[wallet.Switch]bool{}, Settings: defaults}, c.Last(), "nothing was read yet")

	require.NoError(t, c.Refresh(t.Context()))
	require.Equal(t, defaults, c.Settings(), "nobody has changed them")
	require.Equal(t, wallet.Instant(1000), c.Last().At)

	from.on, from.settings = map[wallet.Switch]bool{wallet.SwitchStopCash: true}, changed(1)
	require.Equal(t, defaults, c.Settings(), "not heard of yet")
	clock.now = 2000
	require.NoError(t, c.Refresh(t.Context()))
	good := config.Reading{On: from.on, Settings: changed(1), At: 2000}
	require.Equal(t, good, c.Last())

	from.err, from.on, from.settings = wallet.ErrUnavailable, nil, changed(2)
	clock.now = 3000
	require.ErrorIs(t, c.Refresh(t.Context()), wallet.ErrUnavailable)
	require.Equal(t, good, c.Last(), "what was read last holds, and its age can be seen")
}

// TestCacheFrozen: while operators have thrown local-config the settings stay, and the switches are followed: else nobody
// could take it back.
func TestCacheFrozen(t *testing.T) {
	from := &centre{settings: changed(1)}
	c := config.NewCache(from, defaults, "", &hand{1})
	require.NoError(t, c.Refresh(t.Context()))
	from.on, from.settings = map[wallet.Switch]bool{wallet.SwitchLocalConfig: true}, changed(2)
	require.NoError(t, c.Refresh(t.Context()))
	require.Equal(t, changed(1), c.Settings())
	from.on = nil
	require.NoError(t, c.Refresh(t.Context()))
	require.Equal(t, changed(2), c.Settings())
}

// TestCacheRestart: who starts while the centre is down goes on with what an earlier life has read.
func TestCacheRestart(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cache.json")
	from := &centre{on: map[wallet.Switch]bool{wallet.SwitchHoldPosting: true}, settings: changed(3)}
	c := config.NewCache(from, defaults, name, &hand{5000})
	require.NoError(t, c.Recall(), "there is none yet")
	require.NoError(t, c.Keep())
	require.NoFileExists(t, name, "the defaults are not worth keeping")
	require.NoError(t, c.Refresh(t.Context()))
	require.NoError(t, c.Keep())

	down := &centre{err: wallet.ErrUnavailable}
	next := config.NewCache(down, defaults, name, &hand{9000})
	require.NoError(t, next.Recall())
	require.ErrorIs(t, next.Refresh(t.Context()), wallet.ErrUnavailable)
	want := c.Last()
	want.Kept = true
	require.Equal(t, want, next.Last())

	down.err = nil
	require.NoError(t, next.Refresh(t.Context()))
	require.Equal(t, config.Reading{On: nil, Settings: defaults, At: 9000}, next.Last(), "the centre's word is the last")
	require.NoError(t, next.Keep())
	last := config.NewCache(down, wallet.Settings{ShortPage: 3}, name, &hand{9000})
	require.NoError(t, last.Recall())
	require.Equal(t, 3, last.Settings().ShortPage, "settings that nobody has changed are those of the start")
	require.Empty(t, last.Last().On)
}

// TestCacheWritesWhenItMust: a file is not written every second.
func TestCacheWritesWhenItMust(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cache.json")
	clock, from := &hand{1}, &centre{settings: changed(1)}
	c := config.NewCache(from, defaults, name, clock)
	stamp := func() time.Time {
		require.NoError(t, c.Refresh(t.Context()))
		require.NoError(t, c.Keep())
		require.NoError(t, os.Chtimes(name, time.Time{}, time.Unix(1, 0)))
		clock.now++
		require.NoError(t, c.Refresh(t.Context()))
		require.NoError(t, c.Keep())
		i, err := os.Stat(name)
		require.NoError(t, err)
		return i.ModTime()
	}
	require.True(t, stamp().Equal(time.Unix(1, 0)), "nothing new")
	from.settings.WithdrawTimes = 9 // edited by hand: the same version
	require.NoError(t, c.Refresh(t.Context()))
	require.NoError(t, c.Keep())
	next := config.NewCache(from, defaults, name, clock)
	require.NoError(t, next.Recall())
	require.Equal(t, 9, next.Settings().WithdrawTimes)
}

func TestCacheRefusesAFileThatIsWrong(t *testing.T) {
	for why, text := range map[string]string{
		"no JSON": "switches: []", "cut": `{"switches":["stop-ca`, "of another kind": `{"on":[]}`,
		"settings that cannot be": `{"switches":[],"settings":{"version":1,"release":{"num":3,"den":2}}}`, "too large": string(make([]byte, 2<<20)),
	} {
		name := filepath.Join(t.TempDir(), "cache.json")
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		c := config.NewCache(&centre{}, defaults, name, &hand{1})
		require.ErrorIs(t, c.Recall(), wallet.ErrInvalid, why)
		require.Equal(t, defaults, c.Settings(), why)
		require.NoError(t, c.Refresh(t.Context()), "and the service goes on")
		require.NoError(t, c.Keep())
		require.NoError(t, config.NewCache(&centre{}, defaults, name, &hand{1}).Recall(), "with a file that is right")
	}
}

// TestCacheReadsThrough: operators see the centre itself, and the defaults where nobody has changed anything.
func TestCacheReadsThrough(t *testing.T) {
	from := &centre{}
	c := config.NewCache(from, defaults, "", &hand{1})
	_, have, err := c.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, defaults, have)
	require.NoError(t, c.Set(t.Context(), wallet.SwitchStopUse, true))
	require.NoError(t, c.Change(t.Context(), changed(0)))
	from.settings.Version = 1
	on, have, err := c.Read(t.Context())
	require.NoError(t, err)
	require.True(t, on[wallet.SwitchStopUse])
	require.Equal(t, changed(1), have)
	require.Equal(t, defaults, c.Settings(), "until it is heard of")
}
