package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// Notices tests an adapter of wallet.Notices.
func Notices(t *testing.T, open func(t *testing.T) wallet.Notices) {
	t.Run("announcements come and go", func(t *testing.T) { announcementsComeAndGo(t, open(t)) })
	t.Run("announcements are bounded", func(t *testing.T) { announcementsAreBounded(t, open(t)) })
	t.Run("versions of the page configuration", func(t *testing.T) { pageConfigVersions(t, open(t)) })
	t.Run("many publish", func(t *testing.T) { manyPublish(t, open(t)) })
}

func announcement(text string) wallet.Announcement {
	return wallet.Announcement{Text: text, TextZH: "公告 " + text, From: eve, To: eve.Add(time.Hour)}
}

func announcementsComeAndGo(t *testing.T, n wallet.Notices) {
	list := func(now wallet.Instant) (out []wallet.Announcement) {
		out = call(n.Announcements(t.Context(), now)).ok(t)
		return out
	}
	require.Empty(t, list(eve))
	a, b := announcement("first"), announcement("second")
	b.Apps, b.From, b.To, b.Text = []wallet.App{wallet.Douyin, wallet.Xigua}, eve.Add(time.Hour), eve.Add(2*time.Hour), ""
	a.ID = 999 // assigned by the store, whatever the caller sets
	announce := func(x wallet.Announcement, now wallet.Instant) int64 {
		id := call(n.Announce(t.Context(), x, now)).ok(t)
		require.Positive(t, id)
		return id
	}
	a.ID, b.ID = announce(a, eve), announce(b, eve)
	require.Less(t, a.ID, b.ID)
	require.Equal(t, []wallet.Announcement{a, b}, list(eve), "a future announcement is recorded")
	require.Equal(t, a.ID, announce(a, eve), "a repeat adds no announcement")
	require.Equal(t, b.ID, announce(b, eve))
	require.Len(t, list(eve), 2)
	require.Equal(t, []wallet.Announcement{b}, list(a.To), "an announcement has ended at its end time")
	require.Empty(t, list(b.To))
	require.NoError(t, n.Withdraw(t.Context(), a.ID))
	require.NoError(t, n.Withdraw(t.Context(), a.ID), "a repeat has no effect")
	require.NoError(t, n.Withdraw(t.Context(), 1<<40))
	require.Equal(t, []wallet.Announcement{b}, list(eve))
	require.Greater(t, announce(a, eve), b.ID, "a withdrawn announcement can be shown again, under a new number")
	require.NoError(t, n.Withdraw(t.Context(), b.ID))
	for why, wrong := range map[string]wallet.Announcement{
		"no text": {From: eve, To: eve + 1}, "no time": {Text: "x", From: eve, To: eve}, "app": {Text: "x", From: eve, To: eve + 1, Apps: []wallet.App{9}},
	} {
		call(n.Announce(t.Context(), wrong, eve)).fails(t, wallet.ErrInvalid, why)
	}
}

func announcementsAreBounded(t *testing.T, n wallet.Notices) {
	full := announcement(strings.Repeat("x", wallet.MaxAnnouncement-2))
	full.TextZH = strings.Repeat("红", wallet.MaxAnnouncement/3)
	for i := range wallet.MaxAnnouncements {
		full.Text = full.Text[:wallet.MaxAnnouncement-2] + string(rune('a'+i))
		call(n.Announce(t.Context(), full, eve)).ok(t)
	}
	call(n.Announce(t.Context(), announcement("one too many"), eve)).fails(t, wallet.ErrOverloaded)
	all := call(n.Announcements(t.Context(), eve)).ok(t)
	require.Len(t, all, wallet.MaxAnnouncements)
	require.Equal(t, full.TextZH, all[0].TextZH)
	call(n.Announce(t.Context(), full, eve)).ok(t, "a repeat is not counted")
	later := announcement("when they are over")
	later.From, later.To = full.To, full.To.Add(time.Hour)
	call(n.Announce(t.Context(), later, full.To)).ok(t)
}

func pageConfigVersions(t *testing.T, n wallet.Notices) {
	config := func(body, by string) wallet.PageConfig {
		return wallet.PageConfig{Body: []byte(body), By: by, At: eve}
	}
	require.Zero(t, call(n.PageConfig(t.Context(), 0)).ok(t))
	call(n.PageConfig(t.Context(), 1)).fails(t, wallet.ErrNotFound)
	call(n.Publish(t.Context(), config(`{}`, "a"), 1)).fails(t, wallet.ErrStale, "its base version does not exist")

	large := `{"a":"` + strings.Repeat("红", (wallet.MaxPageConfig-8)/3) + `"}`
	bodies := []string{`{"banner": "年"}`, large, `{"banner": "年"}`}
	for i, body := range bodies {
		for range 2 { // a repeat returns the first result
			version := call(n.Publish(t.Context(), config(body, "li"), int64(i))).ok(t)
			require.EqualValues(t, i+1, version)
		}
	}
	for i, body := range bodies {
		call(n.PageConfig(t.Context(), int64(i+1))).returns(t, wallet.PageConfig{Version: int64(i + 1), Body: []byte(body), By: "li", At: eve})
	}
	require.EqualValues(t, 3, call(n.PageConfig(t.Context(), 0)).ok(t).Version)
	for why, c := range map[string]struct {
		config wallet.PageConfig
		was    int64
		want   error
	}{
		"a body other than that of the next version": {config(`{"b":1}`, "li"), 2, wallet.ErrStale},
		"another operator":                           {config(bodies[2], "wang"), 2, wallet.ErrStale},
		"a repeat of a version that is not the last": {config(bodies[2], "li"), 1, wallet.ErrStale},
		"an old version":                             {config(bodies[1], "li"), 1, wallet.ErrStale},
		"a version that does not exist yet":          {config(`{}`, "li"), 4, wallet.ErrStale},
		"below zero":                                 {config(`{}`, "li"), -1, wallet.ErrStale},
		"not an object":                              {config(`[]`, "li"), 3, wallet.ErrInvalid},
		"null":                                       {config(`null`, "li"), 3, wallet.ErrInvalid},
		"not JSON":                                   {config(`{"a":}`, "li"), 3, wallet.ErrInvalid},
		"two documents":                              {config(`{}{}`, "li"), 3, wallet.ErrInvalid},
		"too large":                                  {config(`{"a":"`+strings.Repeat("x", wallet.MaxPageConfig)+`"}`, "li"), 3, wallet.ErrInvalid},
		"no operator":                                {config(`{}`, ""), 3, wallet.ErrInvalid},
		"a name that is too long":                    {config(`{}`, strings.Repeat("x", wallet.MaxOperatorName+1)), 3, wallet.ErrInvalid},
	} {
		call(n.Publish(t.Context(), c.config, c.was)).fails(t, c.want, why)
	}
	call(n.PageConfig(t.Context(), -1)).fails(t, wallet.ErrNotFound)
	call(n.PageConfigs(t.Context(), 2)).returns(t, []wallet.PageConfig{{Version: 3, By: "li", At: eve}, {Version: 2, By: "li", At: eve}})
}

// manyPublish: of several publications based on one version, one becomes the next version.
func manyPublish(t *testing.T, n wallet.Notices) {
	together(t, func(t *testing.T, caller int) {
		by := string(rune('a' + caller))
		for done := 0; done < 3; {
			now := call(n.PageConfig(t.Context(), 0)).ok(t)
			version, err := n.Publish(t.Context(), wallet.PageConfig{Body: []byte(`{"by":"` + by + strings.Repeat("x", done) + `"}`), By: by, At: eve}, now.Version)
			if err == nil {
				require.Equal(t, now.Version+1, version)
				done++
				continue
			}
			require.ErrorIs(t, err, wallet.ErrStale)
		}
	})
	all := call(n.PageConfigs(t.Context(), 100)).ok(t)
	require.Len(t, all, 3*callers)
	for i, c := range all {
		require.EqualValues(t, len(all)-i, c.Version, "no number is skipped")
	}
}
