package wallet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Announcement is a text that operators show to users (B8).
type Announcement struct {
	ID     int64
	Text   string // English, at most MaxAnnouncement bytes; one of the two may be empty
	TextZH string // Chinese, the same
	Apps   []App  // ascending, each once; empty: all
	From   Instant
	To     Instant // the first moment when it is over
}

// MaxAnnouncement bounds an announcement's text in bytes; MaxAnnouncements how many there are at a time.
const (
	MaxAnnouncement  = 500
	MaxAnnouncements = 20
)

// Validate returns ErrInvalid with what is wrong.
func (a Announcement) Validate() error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%w: announcement: "+format, append([]any{ErrInvalid}, args...)...)
	}
	if a.Text == "" && a.TextZH == "" {
		return fault("no text")
	}
	for _, text := range []string{a.Text, a.TextZH} {
		if len(text) > MaxAnnouncement || !utf8.ValidString(text) || bytes.ContainsFunc([]byte(text), unicode.IsControl) {
			return fault("a text of %d bytes: at most %d, of characters that can be seen", len(text), MaxAnnouncement)
		}
	}
	if a.From < 0 || a.From >= a.To {
		return fault("from %d to %d is no time", a.From, a.To)
	}
	if !slices.IsSorted(a.Apps) || len(slices.Compact(slices.Clone(a.Apps))) != len(a.Apps) {
		return fault("apps are not in order, or one is there twice")
	}
	for _, app := range a.Apps {
		if !app.Valid() {
			return fault("app %d", app)
		}
	}
	return nil
}

// Shown says whether users of an app see it at the instant.
func (a Announcement) Shown(app App, now Instant) bool {
	return a.From <= now && now < a.To && (len(a.Apps) == 0 || slices.Contains(a.Apps, app))
}

// Same says whether a and b show the same.
func (a Announcement) Same(b Announcement) bool {
	return a.Text == b.Text && a.TextZH == b.TextZH && slices.Equal(a.Apps, b.Apps) && a.From == b.From && a.To == b.To
}

// PageConfig is one version of the page configuration (B8): a JSON object that clients read.
type PageConfig struct {
	Version int64
	Body    []byte // at most MaxPageConfig bytes
	By      string // the operator; at most MaxOperatorName bytes
	At      Instant
}

// MaxPageConfig bounds a page configuration in bytes.
const MaxPageConfig = 1 << 16

// Validate returns ErrInvalid with what is wrong with the body or the operator's name.
func (c PageConfig) Validate() error {
	var object map[string]json.RawMessage
	switch {
	case len(c.Body) > MaxPageConfig:
		return fmt.Errorf("%w: a page configuration of %d bytes, at most %d", ErrInvalid, len(c.Body), MaxPageConfig)
	case !utf8.Valid(c.Body) || json.Unmarshal(c.Body, &object) != nil || object == nil:
		return fmt.Errorf("%w: a page configuration is a JSON object", ErrInvalid)
	case len(c.By) == 0 || len(c.By) > MaxOperatorName:
		return fmt.Errorf("%w: an operator's name of %d bytes", ErrInvalid, len(c.By))
	}
	return nil
}

// Notices keeps what operators show. Versions are kept for ever; the one in force is the last published.
type Notices interface {
	NoticeReader
	// Announce records a under a new id, whatever a.ID says, and returns it; the id of one that is not over and shows the
	// same is returned instead, so that a repeat shows nothing twice. ErrInvalid. ErrOverloaded: there are
	// MaxAnnouncements that are not over. ErrUnknown: repeat the call.
	Announce(ctx context.Context, a Announcement, now Instant) (int64, error)
	// Withdraw takes an announcement down. Idempotent: one that is not there is down.
	Withdraw(ctx context.Context, id int64) error
	// Publish records the next version, was being the one it was made from, and returns its number. Where that next
	// version is the one in force and has the same body and operator, this is a repeat and answers as the first time.
	// ErrInvalid. ErrStale: there is a newer one than was, or was is none. ErrUnknown: repeat the call.
	Publish(ctx context.Context, c PageConfig, was int64) (int64, error)
}

// NoticeReader reads what operators show.
type NoticeReader interface {
	// Announcements returns all that are on record and not over at the instant, by their ids.
	Announcements(ctx context.Context, now Instant) ([]Announcement, error)
	// PageConfig returns a version; 0: the one in force, a zero PageConfig when none was published. ErrNotFound.
	PageConfig(ctx context.Context, version int64) (PageConfig, error)
	// PageConfigs returns the versions, newest first, without their bodies, at most limit.
	PageConfigs(ctx context.Context, limit int) ([]PageConfig, error)
}
