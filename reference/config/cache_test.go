package config_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/config"
	"hongbao/reference/wallet"
)

// centre is a config centre that can be made unreachable.
type fakeAssetCentre struct {
	mu       sync.Mutex
	on       map[wallet.Switch]bool
	settings wallet.Settings
	err      error
}

func (c *fakeAssetCentre) Read(context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.on, c.settings, c.err
}
func (c *fakeAssetCentre) Set(_ context.Context, s wallet.Switch, on bool) error {
	c.on = map[wallet.Switch]bool{s: on}
	return c.err
}
func (c *fakeAssetCentre) Change(_ context.Context, s wallet.Settings) error {
	c.settings = s
	return c.err
}

type fakeClock struct{ now wallet.Instant }

func (h *fakeClock) Now() wallet.Instant { return h.now }

var defaults = wallet.Settings{Release: wallet.Release{Num: 1, Den: 1}, ShortPage: 10}

// memory is a Saver in memory.
type memory struct {
	text  []byte
	saves int
}

func (m *memory) Load() ([]byte, error) { return m.text, nil }
func (m *memory) Save(text []byte) error {
	m.text = text
	m.saves++
	return nil
}
func (m *memory) String() string { return "memory" }

func changed(version int64) wallet.Settings {
	return wallet.Settings{Version: version, Release: wallet.Release{Num: 1, Den: 100, WhiteList: []wallet.ActID{5}}, WithdrawPerDay: 100}
}

func TestCache(t *testing.T) {
	clock, from := &fakeClock{1000}, &fakeAssetCentre{}
	c := config.NewCache(from, defaults, nil, clock)
	require.Equal(t, config.Reading{On: map[wallet.Switch]bool{}, Settings: defaults}, c.Last(), "nothing was read yet")

	require.NoError(t, c.Refresh(t.Context()))
	require.Equal(t, defaults, c.Settings(), "no operator has changed them")
	require.Equal(t, wallet.Instant(1000), c.Last().At)

	from.on, from.settings = map[wallet.Switch]bool{wallet.SwitchStopCash: true}, changed(1)
	require.Equal(t, defaults, c.Settings(), "not read yet")
	clock.now = 2000
	require.NoError(t, c.Refresh(t.Context()))
	good := config.Reading{On: from.on, Settings: changed(1), At: 2000}
	require.Equal(t, good, c.Last())

	from.err, from.on, from.settings = wallet.ErrUnavailable, nil, changed(2)
	clock.now = 3000
	require.ErrorIs(t, c.Refresh(t.Context()), wallet.ErrUnavailable)
	require.Equal(t, good, c.Last(), "the last reading stays, with its time")
}

// TestCacheFrozen: while local-config is on the settings stay, but the switches are updated; otherwise nobody could
// turn it off.
func TestCacheFrozen(t *testing.T) {
	from := &fakeAssetCentre{settings: changed(1)}
	c := config.NewCache(from, defaults, nil, &fakeClock{1})
	require.NoError(t, c.Refresh(t.Context()))
	from.on, from.settings = map[wallet.Switch]bool{wallet.SwitchLocalConfig: true}, changed(2)
	require.NoError(t, c.Refresh(t.Context()))
	require.Equal(t, changed(1), c.Settings())
	from.on = nil
	require.NoError(t, c.Refresh(t.Context()))
	require.Equal(t, changed(2), c.Settings())
}

// TestCacheRestart: an instance that starts while the centre is down uses the saved reading.
func TestCacheRestart(t *testing.T) {
	saver := &memory{}
	from := &fakeAssetCentre{on: map[wallet.Switch]bool{wallet.SwitchHoldPosting: true}, settings: changed(3)}
	c := config.NewCache(from, defaults, saver, &fakeClock{5000})
	require.NoError(t, c.Load(), "nothing is saved yet")
	require.NoError(t, c.Save())
	require.Zero(t, saver.saves, "the defaults are not saved")
	require.NoError(t, c.Refresh(t.Context()))
	require.NoError(t, c.Save())

	down := &fakeAssetCentre{err: wallet.ErrUnavailable}
	next := config.NewCache(down, defaults, saver, &fakeClock{9000})
	require.NoError(t, next.Load())
	require.ErrorIs(t, next.Refresh(t.Context()), wallet.ErrUnavailable)
	want := c.Last()
	want.FromFile = true
	require.Equal(t, want, next.Last())

	down.err = nil
	require.NoError(t, next.Refresh(t.Context()))
	require.Equal(t, config.Reading{On: nil, Settings: defaults, At: 9000}, next.Last(), "the centre replaces the saved reading")
	require.NoError(t, next.Save())
	last := config.NewCache(down, wallet.Settings{ShortPage: 3}, saver, &fakeClock{9000})
	require.NoError(t, last.Load())
	require.Equal(t, 3, last.Settings().ShortPage, "unchanged settings are the new defaults")
	require.Empty(t, last.Last().On)
}

// TestCacheWritesWhenItMust: a reading is saved only when it changes.
func TestCacheWritesWhenItMust(t *testing.T) {
	saver := &memory{}
	clock, from := &fakeClock{1}, &fakeAssetCentre{settings: changed(1)}
	c := config.NewCache(from, defaults, saver, clock)
	for range 2 {
		require.NoError(t, c.Refresh(t.Context()))
		require.NoError(t, c.Save())
		clock.now++
	}
	require.Equal(t, 1, saver.saves, "nothing changed")
	from.settings.WithdrawTimes = 9 // edited manually, with the same version
	require.NoError(t, c.Refresh(t.Context()))
	require.NoError(t, c.Save())
	next := config.NewCache(from, defaults, saver, clock)
	require.NoError(t, next.Load())
	require.Equal(t, 9, next.Settings().WithdrawTimes)
}

func TestCacheRefusesAFileThatIsWrong(t *testing.T) {
	for why, text := range map[string]string{
		"empty": "", "not JSON": "switches: []", "truncated": `{"switches":["stop-ca`, "another format": `{"on":[]}`,
		"invalid settings": `{"switches":[],"settings":{"version":1,"release":{"num":3,"den":2}}}`,
	} {
		saver := &memory{text: []byte(text)}
		c := config.NewCache(&fakeAssetCentre{}, defaults, saver, &fakeClock{1})
		require.ErrorIs(t, c.Load(), wallet.ErrInvalid, why)
		require.Equal(t, defaults, c.Settings(), why)
		require.NoError(t, c.Refresh(t.Context()), "the service continues")
		require.NoError(t, c.Save())
		require.NoError(t, config.NewCache(&fakeAssetCentre{}, defaults, saver, &fakeClock{1}).Load(), "with a valid text")
	}
}

// TestCacheReadsThrough: Read returns the centre's state, and the defaults if nothing was changed.
func TestCacheReadsThrough(t *testing.T) {
	from := &fakeAssetCentre{}
	c := config.NewCache(from, defaults, nil, &fakeClock{1})
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
	require.Equal(t, defaults, c.Settings(), "until the next refresh")
}
