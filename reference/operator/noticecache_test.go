package operator

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// worldClock returns the time of a synctest bubble.
type worldClock struct{}

func (worldClock) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

// failingStore is a store that can be made to fail.
type failingStore struct {
	wallet.Notices
	mu     sync.Mutex
	err    error
	bodies int // number of bodies read
}

// fail sets the error of further reads; nil: no error.
func (f *failingStore) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *failingStore) Announcements(ctx context.Context, now wallet.Instant) ([]wallet.Announcement, error) {
	f.mu.Lock()
	err := f.err
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return f.Notices.Announcements(ctx, now)
}

func (f *failingStore) PageConfig(ctx context.Context, version int64) (wallet.PageConfig, error) {
	f.mu.Lock()
	f.bodies++
	f.mu.Unlock()
	return f.Notices.PageConfig(ctx, version)
}

func TestNoticesReachTheBoard(t *testing.T) {
	clock, store := storetest.NewClock(), &failingStore{Notices: mem.NewNotices()}
	cache := NewNoticeCache(store, clock)
	notices := NewNotices(store, clock, cache)
	_, _, known := cache.Show(wallet.Douyin)
	require.False(t, known)
	now := clock.Now()
	all := wallet.Announcement{Text: "all", From: now, To: now.Add(time.Hour)}
	later := wallet.Announcement{Text: "xigua, later", Apps: []wallet.App{wallet.Xigua}, From: now.Add(time.Minute), To: now.Add(time.Hour)}
	var err error
	all.ID, err = notices.Announce(t.Context(), all)
	require.NoError(t, err)
	later.ID, err = notices.Announce(t.Context(), later)
	require.NoError(t, err)
	show := func(app wallet.App) []wallet.Announcement {
		list, _, known := cache.Show(app)
		require.True(t, known)
		return list
	}
	require.Equal(t, []wallet.Announcement{all}, show(wallet.Xigua), "visible at once on this instance; a future one is not shown")
	clock.Advance(time.Minute)
	require.Equal(t, []wallet.Announcement{all, later}, show(wallet.Xigua), "it becomes visible without a refresh")
	require.Equal(t, []wallet.Announcement{all}, show(wallet.Douyin), "other apps do not see it")
	require.NoError(t, notices.Withdraw(t.Context(), all.ID))
	require.Equal(t, []wallet.Announcement{later}, show(wallet.Xigua))
	clock.Advance(time.Hour)
	require.Empty(t, show(wallet.Xigua), "an ended one is hidden, without a read of the store")
	listed, err := notices.Announcements(t.Context())
	require.NoError(t, err)
	require.Empty(t, listed)

	version, err := notices.Publish(t.Context(), "li", []byte(`{"a":1}`), 0)
	require.NoError(t, err)
	_, err = notices.Publish(t.Context(), "li", []byte(`{"a":2}`), version)
	require.NoError(t, err)
	_, config, _ := cache.Show(wallet.Douyin)
	require.Equal(t, `{"a":2}`, string(config.Body))
	for range 2 { // a repeat has the same result
		version, err = notices.RollBack(t.Context(), "wang", 1, 2)
		require.NoError(t, err)
		require.EqualValues(t, 3, version)
	}
	_, config, _ = cache.Show(wallet.Douyin)
	require.Equal(t, wallet.PageConfig{Version: 3, Body: []byte(`{"a":1}`), By: "wang", At: clock.Now()}, config)
	_, err = notices.RollBack(t.Context(), "li", 2, 2)
	require.ErrorIs(t, err, wallet.ErrStale)
	_, err = notices.RollBack(t.Context(), "li", 9, 3)
	require.ErrorIs(t, err, wallet.ErrNotFound)

	read := store.bodies
	require.NoError(t, cache.Refresh(t.Context()))
	require.Equal(t, read, store.bodies, "a body is read once")
	store.fail(wallet.ErrUnavailable)
	require.ErrorIs(t, cache.Refresh(t.Context()), wallet.ErrUnavailable)
	_, config, known = cache.Show(wallet.Douyin)
	require.True(t, known)
	require.EqualValues(t, 3, config.Version, "after a failed read the content stays")
}

// TestWithinASecond: an announcement made at one instance is visible at another within a second, even if one read
// fails.
func TestWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &failingStore{Notices: mem.NewNotices()}
		here, there := NewNoticeCache(store, worldClock{}), NewNoticeCache(store, worldClock{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); there.Run(ctx, slog.New(slog.DiscardHandler)) }()
		time.Sleep(10*time.Second + refreshEvery/2)
		now := worldClock{}.Now()
		_, err := NewNotices(store, worldClock{}, here).Announce(ctx, wallet.Announcement{Text: "x", From: now, To: now.Add(time.Hour)})
		require.NoError(t, err)
		store.fail(wallet.ErrUnavailable)
		time.Sleep(refreshEvery) // one read fails
		store.fail(nil)
		time.Sleep(time.Second - refreshEvery)
		list, _, _ := there.Show(wallet.Douyin)
		require.Len(t, list, 1)
		cancel()
		<-ended
	})
}
