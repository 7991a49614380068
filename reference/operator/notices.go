package operator

import (
	"context"

	"hongbao/reference/wallet"
)

// Notices is what operators do with announcements and the page configuration. Errors are wallet.Notices'.
type Notices struct {
	store wallet.Notices
	clock wallet.Clock
	board *Board
}

// NewNotices returns what operators do over a store; board learns of it at once.
func NewNotices(store wallet.Notices, clock wallet.Clock, board *Board) *Notices {
	return &Notices{store, clock, board}
}

// changed shows what was changed on this instance's board. The others hear of it by themselves, and so does this one
// where it cannot read now.
func (n *Notices) changed(ctx context.Context) { _ = n.board.Refresh(ctx) }

// Announcements returns the announcements that are not over.
func (n *Notices) Announcements(ctx context.Context) ([]wallet.Announcement, error) {
	return n.store.Announcements(ctx, n.clock.Now())
}

// Announce shows a text to users. Showing the same again changes nothing.
func (n *Notices) Announce(ctx context.Context, a wallet.Announcement) (int64, error) {
	id, err := n.store.Announce(ctx, a, n.clock.Now())
	if err == nil {
		n.changed(ctx)
	}
	return id, err
}

// Withdraw takes an announcement down. Idempotent.
func (n *Notices) Withdraw(ctx context.Context, id int64) error {
	err := n.store.Withdraw(ctx, id)
	if err == nil {
		n.changed(ctx)
	}
	return err
}

// Publish puts the next version of the page configuration in force; was is the one that it was made from.
func (n *Notices) Publish(ctx context.Context, by string, body []byte, was int64) (int64, error) {
	version, err := n.store.Publish(ctx, wallet.PageConfig{Body: body, By: by, At: n.clock.Now()}, was)
	if err == nil {
		n.changed(ctx)
	}
	return version, err
}

// RollBack publishes a version's body as the next version, was being the one in force: what was in force between stays on
// record.
func (n *Notices) RollBack(ctx context.Context, by string, to, was int64) (int64, error) {
	old, err := n.store.PageConfig(ctx, to)
	if err != nil {
		return 0, err
	}
	return n.Publish(ctx, by, old.Body, was)
}

// PageConfig returns a version; 0: the one in force.
func (n *Notices) PageConfig(ctx context.Context, version int64) (wallet.PageConfig, error) {
	return n.store.PageConfig(ctx, version)
}

// PageConfigs returns the versions, newest first, without their bodies, at most limit.
func (n *Notices) PageConfigs(ctx context.Context, limit int) ([]wallet.PageConfig, error) {
	return n.store.PageConfigs(ctx, limit)
}
