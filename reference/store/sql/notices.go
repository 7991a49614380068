package sqlstore

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// Notices stores announcements and page configurations (B8), on shard 0.
type Notices struct {
	db       *DB
	write    *kind
	ids      counter // of announcements
	versions counter // of page configurations

	shown    string // announcements that have not ended
	announce insertion
	withdraw string
	publish  insertion
	version  string // one version, with its body
	newest   string // versions without their bodies
}

var _ wallet.Notices = (*Notices)(nil)

// maxVersions bounds the versions that one call lists: a page for people to read.
const maxVersions = 1000

// NewNotices returns the notices in db.
func NewNotices(db *DB) *Notices {
	n := &Notices{db: db, ids: newCounter(db, countAnnouncements), versions: newCounter(db, countPageConfigs),
		shown:    db.text("SELECT id, text, text_zh, apps, starts, ends FROM {p}announcements WHERE ends > ? ORDER BY id"),
		announce: insertion{db.text("INSERT INTO {p}announcements (id, text, text_zh, apps, starts, ends) VALUES "), 6, ""},
		withdraw: db.text("DELETE FROM {p}announcements WHERE id = ?"),
		publish:  insertion{db.text("INSERT INTO {p}page_configs (version, by_whom, at, body) VALUES "), 4, ""},
		version:  db.text("SELECT version, by_whom, at, body FROM {p}page_configs WHERE version = ?"),
		newest:   db.text("SELECT version, by_whom, at FROM {p}page_configs ORDER BY version DESC LIMIT ?"),
	}
	n.write = &kind{rank: rankAudit + 1, apply: applySteps[int64]}
	return n
}

// do runs one step and returns its number.
func (n *Notices) do(ctx context.Context, run stepFunc[int64]) (int64, error) {
	return doStep(ctx, n.db, n.write, 1, run)
}

// Announcements implements wallet.Notices.
func (n *Notices) Announcements(ctx context.Context, now wallet.Instant) ([]wallet.Announcement, error) {
	return list(ctx, n.db.shards[0].ask, scanAnnouncement, n.shown, int64(now))
}

func scanAnnouncement(r rowScanner) (a wallet.Announcement, err error) {
	var text, zh []byte
	var apps int64
	err = r.Scan(&a.ID, &text, &zh, &apps, &a.From, &a.To)
	a.Text, a.TextZH = string(text), string(zh)
	for app := wallet.Douyin; app <= wallet.Apps; app++ {
		if apps>>app&1 == 1 {
			a.Apps = append(a.Apps, app)
		}
	}
	return a, err
}

// Announce implements wallet.Notices.
func (n *Notices) Announce(ctx context.Context, a wallet.Announcement, now wallet.Instant) (int64, error) {
	if err := a.Validate(); err != nil {
		return 0, err
	}
	return n.do(ctx, func(ctx context.Context, t *txn) (int64, error, error) {
		last, err := n.ids.last(ctx, t)
		if err != nil {
			return 0, nil, err
		}
		shown, err := list(ctx, t.query, scanAnnouncement, n.shown, int64(now))
		if err != nil {
			return 0, nil, err
		}
		if i := slices.IndexFunc(shown, a.Same); i >= 0 {
			return shown[i].ID, nil, nil
		}
		if len(shown) >= wallet.MaxAnnouncements {
			return 0, fmt.Errorf("%w: %d announcements at a time", wallet.ErrOverloaded, wallet.MaxAnnouncements), nil
		}
		apps := int64(0)
		for _, app := range a.Apps {
			apps |= 1 << app
		}
		_, err = t.insertRow(ctx, n.announce, last+1, []byte(a.Text), []byte(a.TextZH), apps, int64(a.From), int64(a.To))
		if err != nil {
			return 0, nil, err
		}
		return last + 1, nil, n.ids.handOut(ctx, t, last+1)
	})
}

// Withdraw implements wallet.Notices.
func (n *Notices) Withdraw(ctx context.Context, id int64) error {
	_, err := n.do(ctx, func(ctx context.Context, t *txn) (int64, error, error) {
		if _, err := n.ids.last(ctx, t); err != nil {
			return 0, nil, err
		}
		return 0, nil, t.change(ctx, n.withdraw, id)
	})
	return err
}

// Publish implements wallet.Notices.
func (n *Notices) Publish(ctx context.Context, c wallet.PageConfig, was int64) (int64, error) {
	if err := c.Validate(); err != nil {
		return 0, err
	}
	return n.do(ctx, func(ctx context.Context, t *txn) (int64, error, error) {
		last, err := n.versions.last(ctx, t)
		if err != nil {
			return 0, nil, err
		}
		if was != last {
			inForce, err := list(ctx, t.query, scanPageConfig, n.version, last)
			if err != nil {
				return last, nil, err
			}
			if len(inForce) > 0 && was == last-1 && bytes.Equal(inForce[0].Body, c.Body) && inForce[0].By == c.By {
				return last, nil, nil
			}
			return 0, fmt.Errorf("%w: version %d is in force, not %d", wallet.ErrStale, last, was), nil
		}
		if _, err = t.insertRow(ctx, n.publish, last+1, []byte(c.By), int64(c.At), c.Body); err != nil {
			return 0, nil, err
		}
		return last + 1, nil, n.versions.handOut(ctx, t, last+1)
	})
}

func scanPageConfig(r rowScanner) (c wallet.PageConfig, err error) {
	var by []byte
	err = r.Scan(&c.Version, &by, &c.At, &c.Body)
	c.By = string(by)
	return c, err
}

// PageConfig implements wallet.Notices.
func (n *Notices) PageConfig(ctx context.Context, version int64) (c wallet.PageConfig, err error) {
	if version == 0 {
		newest, err := n.PageConfigs(ctx, 1)
		if err != nil || len(newest) == 0 {
			return wallet.PageConfig{}, err
		}
		version = newest[0].Version
	}
	found, err := list(ctx, n.db.shards[0].ask, scanPageConfig, n.version, version)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%w: version %d of the page configuration", wallet.ErrNotFound, version)
	}
	if err != nil {
		return c, err
	}
	return found[0], nil
}

// PageConfigs implements wallet.Notices. It returns at most 1000 versions per call.
func (n *Notices) PageConfigs(ctx context.Context, limit int) (out []wallet.PageConfig, err error) {
	out, err = list(ctx, n.db.shards[0].ask, func(r rowScanner) (c wallet.PageConfig, err error) {
		var by []byte
		err = r.Scan(&c.Version, &by, &c.At)
		c.By = string(by)
		return c, err
	}, n.newest, min(max(limit, 0), maxVersions))
	return out, err
}
