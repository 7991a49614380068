package operator

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"hongbao/reference/wallet"
)

// refreshEvery is how often an instance reads the notices: twice within the second that an announcement may take, so
// that one lost read still leaves time for the next.
const refreshEvery = 400 * time.Millisecond

// NoticeCache holds the notices for users as this instance last read them. Show never blocks. Safe for concurrent use.
type NoticeCache struct {
	store wallet.NoticeReader
	clock wallet.Clock
	now   atomic.Pointer[shown]
}

// shown is the result of one read.
type shown struct {
	announcements []wallet.Announcement
	config        wallet.PageConfig
}

// NewNoticeCache returns a cache that has read nothing yet.
func NewNoticeCache(store wallet.NoticeReader, clock wallet.Clock) *NoticeCache {
	return &NoticeCache{store: store, clock: clock}
}

// Show returns what users of an app see now; known is false before the first read.
func (b *NoticeCache) Show(app wallet.App) (list []wallet.Announcement, config wallet.PageConfig, known bool) {
	s := b.now.Load()
	if s == nil {
		return nil, wallet.PageConfig{}, false
	}
	if len(s.announcements) > 0 {
		now := b.clock.Now()
		for _, a := range s.announcements {
			if a.Shown(app, now) {
				list = append(list, a)
			}
		}
	}
	return list, s.config, true
}

// Refresh reads the store. On an error the cache keeps its content.
func (b *NoticeCache) Refresh(ctx context.Context) error {
	next, was := shown{}, b.now.Load()
	var err error
	if next.announcements, err = b.store.Announcements(ctx, b.clock.Now()); err != nil {
		return err
	}
	newest, err := b.store.PageConfigs(ctx, 1) // without the body, which seldom changes
	switch {
	case err != nil:
		return err
	case len(newest) == 0: // none was published
	case was != nil && was.config.Version == newest[0].Version:
		next.config = was.config
	default:
		if next.config, err = b.store.PageConfig(ctx, newest[0].Version); err != nil {
			return err
		}
	}
	b.now.Store(&next)
	return nil
}

// Run refreshes the cache until ctx ends.
func (b *NoticeCache) Run(ctx context.Context, log *slog.Logger) {
	repeatEvery(ctx, refreshEvery, func() {
		if err := b.Refresh(ctx); err != nil && !errors.Is(err, context.Canceled) {
			log.Warn("cannot read the notices", "err", err)
		}
	})
}

// repeatEvery calls step at once and then at the interval d, until ctx ends.
func repeatEvery(ctx context.Context, d time.Duration, step func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		step()
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
