package wallet

import "context"

// Announcement is a text that operators show to users (B8).
type Announcement struct {
	ID     int64
	Text   string // at most MaxAnnouncement bytes
	TextZH string // the same
	Apps   []App  // empty: all
	From   Instant
	To     Instant
}

// MaxAnnouncement bounds an announcement's text in bytes; MaxAnnouncements how many there are at a time.
const (
	MaxAnnouncement  = 500
	MaxAnnouncements = 20
)

// PageConfig is one version of the page configuration (B8): a JSON object that clients read.
type PageConfig struct {
	Version int64
	Body    []byte // at most MaxPageConfig bytes
	By      string
	At      Instant
}

// MaxPageConfig bounds a page configuration in bytes.
const MaxPageConfig = 1 << 16

// Notices keeps what operators show. Versions are kept for ever; the one in force is the last published.
type Notices interface {
	// Announcements returns all that are on record and not over at the instant.
	Announcements(ctx context.Context, now Instant) ([]Announcement, error)
	// Announce records a (ID 0: a new one) and returns its id. ErrOverloaded: there are MaxAnnouncements.
	Announce(ctx context.Context, a Announcement, now Instant) (int64, error)
	// Withdraw takes an announcement down. Idempotent.
	Withdraw(ctx context.Context, id int64) error
	// Publish records the next version, was being the one it was made from. ErrStale: there is a newer one.
	Publish(ctx context.Context, c PageConfig, was int64) (int64, error)
	// PageConfig returns a version; 0: the one in force, a zero PageConfig when none was published. ErrNotFound.
	PageConfig(ctx context.Context, version int64) (PageConfig, error)
	// PageConfigs returns the versions, newest first, without their bodies, at most limit.
	PageConfigs(ctx context.Context, limit int) ([]PageConfig, error)
}
