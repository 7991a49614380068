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
	Text   string // English, at most MaxAnnouncement bytes; one of Text and TextZH may be empty
	TextZH string // Chinese, at most MaxAnnouncement bytes
	Apps   []App  // ascending, without duplicates; empty: all apps
	From   Instant
	To     Instant // exclusive
}

// MaxAnnouncement bounds an announcement's text in bytes. MaxAnnouncements bounds the announcements that are not over.
const (
	MaxAnnouncement  = 500
	MaxAnnouncements = 20
)

// Validate returns ErrInvalid, wrapped with the reason.
func (a Announcement) Validate() error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%w: announcement: "+format, append([]any{ErrInvalid}, args...)...)
	}
	if a.Text == "" && a.TextZH == "" {
		return fault("no text")
	}
	for _, text := range []string{a.Text, a.TextZH} {
		if len(text) > MaxAnnouncement || !utf8.ValidString(text) || bytes.ContainsFunc([]byte(text), unicode.IsControl) {
			return fault("a text of %d bytes: it must be UTF-8 of at most %d bytes without control characters", len(text), MaxAnnouncement)
		}
	}
	if a.From < 0 || a.From >= a.To {
		return fault("from %d to %d is not a time range", a.From, a.To)
	}
	if !slices.IsSorted(a.Apps) || len(slices.Compact(slices.Clone(a.Apps))) != len(a.Apps) {
		return fault("apps are not in ascending order, or one occurs twice")
	}
	for _, app := range a.Apps {
		if !app.Valid() {
			return fault("app %d", app)
		}
	}
	return nil
}

// Shown reports whether users of an app see it at the instant.
func (a Announcement) Shown(app App, now Instant) bool {
	return a.From <= now && now < a.To && (len(a.Apps) == 0 || slices.Contains(a.Apps, app))
}

// Same reports whether a and b have the same content; ids are not compared.
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

// Validate returns ErrInvalid, wrapped with the error in the body or the operator's name.
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

// Notices stores what operators show to users. Page versions are never deleted; the last published version is in force.
type Notices interface {
	NoticeReader
	// Announce records a under a new id and returns the id; a.ID is ignored. If an announcement with the same content
	// is not over, its id is returned instead, so a repeat adds nothing. ErrInvalid: see Announcement.Validate.
	// ErrOverloaded: MaxAnnouncements are not over. ErrUnknown: repeat the call.
	Announce(ctx context.Context, a Announcement, now Instant) (int64, error)
	// Withdraw removes an announcement. Idempotent: an unknown id is not an error.
	Withdraw(ctx context.Context, id int64) error
	// Publish records the next version and returns its number. base is the version that it is based on. If version base+1
	// is in force and has the same body and operator, the call is a repeat and returns that version. ErrInvalid: see
	// PageConfig.Validate. ErrStale: a newer version than base exists, or base does not exist. ErrUnknown: repeat the
	// call.
	Publish(ctx context.Context, c PageConfig, base int64) (int64, error)
}

// NoticeReader reads what operators show to users.
type NoticeReader interface {
	// Announcements returns all announcements that are not over at the instant, by ascending id.
	Announcements(ctx context.Context, now Instant) ([]Announcement, error)
	// PageConfig returns a version. Version 0 returns the one in force, or a zero PageConfig if none was published.
	// ErrNotFound: no such version.
	PageConfig(ctx context.Context, version int64) (PageConfig, error)
	// PageConfigs returns at most limit versions, newest first, without their bodies.
	PageConfigs(ctx context.Context, limit int) ([]PageConfig, error)
}
