package operator

import (
	"context"

	"hongbao/reference/wallet"
)

// Notices changes announcements and the page configuration. Errors are wallet.Notices'. Page configurations are read from
// the embedded store.
type Notices struct {
	wallet.Notices
	clock wallet.Clock
	cache *NoticeCache
}

// NewNotices returns Notices over a store; cache is refreshed after each change.
func NewNotices(store wallet.Notices, clock wallet.Clock, cache *NoticeCache) *Notices {
	return &Notices{store, clock, cache}
}

// changed refreshes this instance's cache. Other instances refresh by themselves, and so does this one if the read
// fails now.
func (n *Notices) changed(ctx context.Context) { _ = n.cache.Refresh(ctx) }

// Announcements returns the announcements that have not ended.
func (n *Notices) Announcements(ctx context.Context) ([]wallet.Announcement, error) {
	return n.Notices.Announcements(ctx, n.clock.Now())
}

// Announce shows a text to users. Announcing the same again changes nothing.
func (n *Notices) Announce(ctx context.Context, a wallet.Announcement) (int64, error) {
	id, err := n.Notices.Announce(ctx, a, n.clock.Now())
	if err == nil {
		n.changed(ctx)
	}
	return id, err
}

// Withdraw removes an announcement. Idempotent.
func (n *Notices) Withdraw(ctx context.Context, id int64) error {
	err := n.Notices.Withdraw(ctx, id)
	if err == nil {
		n.changed(ctx)
	}
	return err
}

// Publish publishes the next version of the page configuration; was is the version that it is based on.
func (n *Notices) Publish(ctx context.Context, by string, body []byte, was int64) (int64, error) {
	version, err := n.Notices.Publish(ctx, wallet.PageConfig{Body: body, By: by, At: n.clock.Now()}, was)
	if err == nil {
		n.changed(ctx)
	}
	return version, err
}

// RollBack publishes an old version's body as the next version; was is the current version. The versions between stay
// recorded.
func (n *Notices) RollBack(ctx context.Context, by string, to, was int64) (int64, error) {
	old, err := n.PageConfig(ctx, to)
	if err != nil {
		return 0, err
	}
	return n.Publish(ctx, by, old.Body, was)
}
