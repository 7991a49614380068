package mem

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// Notices stores announcements and page configurations.
type Notices struct {
	mu       sync.Mutex
	last     int64 // id issued last
	shown    []wallet.Announcement
	versions []wallet.PageConfig // version n is versions[n-1]
}

var _ wallet.Notices = (*Notices)(nil)

// NewNotices returns an empty store.
func NewNotices() *Notices { return &Notices{} }

// Announcements implements wallet.Notices.
func (n *Notices) Announcements(_ context.Context, now wallet.Instant) ([]wallet.Announcement, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []wallet.Announcement
	for _, a := range n.shown {
		if now < a.To {
			a.Apps = slices.Clone(a.Apps)
			out = append(out, a)
		}
	}
	return out, nil
}

// Announce implements wallet.Notices.
func (n *Notices) Announce(_ context.Context, a wallet.Announcement, now wallet.Instant) (int64, error) {
	if err := a.Validate(); err != nil {
		return 0, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	there := 0
	for _, b := range n.shown {
		if now >= b.To {
			continue
		}
		if a.Same(b) {
			return b.ID, nil
		}
		there++
	}
	if there >= wallet.MaxAnnouncements {
		return 0, fmt.Errorf("%w: %d announcements at a time", wallet.ErrOverloaded, wallet.MaxAnnouncements)
	}
	n.last++
	a.ID, a.Apps = n.last, slices.Clone(a.Apps)
	n.shown = append(n.shown, a)
	return a.ID, nil
}

// Withdraw implements wallet.Notices.
func (n *Notices) Withdraw(_ context.Context, id int64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.shown = slices.DeleteFunc(n.shown, func(a wallet.Announcement) bool { return a.ID == id })
	return nil
}

// Publish implements wallet.Notices.
func (n *Notices) Publish(_ context.Context, c wallet.PageConfig, was int64) (int64, error) {
	if err := c.Validate(); err != nil {
		return 0, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if now := int64(len(n.versions)); was != now {
		if now > 0 && was == now-1 && bytes.Equal(n.versions[now-1].Body, c.Body) && n.versions[now-1].By == c.By {
			return now, nil
		}
		return 0, fmt.Errorf("%w: version %d is in force, not %d", wallet.ErrStale, now, was)
	}
	c.Version, c.Body = was+1, bytes.Clone(c.Body)
	n.versions = append(n.versions, c)
	return c.Version, nil
}

// PageConfig implements wallet.Notices.
func (n *Notices) PageConfig(_ context.Context, version int64) (wallet.PageConfig, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	last := int64(len(n.versions))
	switch {
	case version == 0 && last == 0:
		return wallet.PageConfig{}, nil
	case version == 0:
		version = last
	case version < 0 || version > last:
		return wallet.PageConfig{}, fmt.Errorf("%w: version %d of the page configuration", wallet.ErrNotFound, version)
	}
	c := n.versions[version-1]
	c.Body = bytes.Clone(c.Body)
	return c, nil
}

// PageConfigs implements wallet.Notices.
func (n *Notices) PageConfigs(_ context.Context, limit int) ([]wallet.PageConfig, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []wallet.PageConfig
	for _, c := range slices.Backward(n.versions) {
		if len(out) >= limit {
			break
		}
		c.Body = nil
		out = append(out, c)
	}
	return out, nil
}
