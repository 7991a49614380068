package client

import (
	"context"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Notices is what operators show to users of an app (B8).
type Notices struct {
	Announcements []wallet.Announcement
	Version       int64  // of the current page configuration; 0 = none was published
	Config        []byte // its body, a JSON object; nil if the caller has this version
}

// Notices returns what users of the caller's app see. have is the client's version of the page configuration, 0 if
// it has no configuration. It needs a Session.
func (c *Client) Notices(ctx context.Context, who wallet.Caller, have int64) (Notices, error) {
	m, err := asUser(ctx, &c.caller, who, c.wallet.Notices, &pb.NoticesRequest{Who: user(who), HaveVersion: have})
	n := Notices{Announcements: announcements(m.GetAnnouncements()), Version: m.GetVersion()}
	if m.GetConfig() != "" {
		n.Config = []byte(m.Config)
	}
	return n, err
}

func announcements(ms []*pb.Announcement) []wallet.Announcement {
	var out []wallet.Announcement
	for _, m := range ms {
		a := wallet.Announcement{ID: m.Id, Text: m.Text, TextZH: m.TextZh, From: wallet.Instant(m.FromUs), To: wallet.Instant(m.ToUs)}
		for _, app := range m.Apps {
			a.Apps = append(a.Apps, enumOf[wallet.App](app))
		}
		out = append(out, a)
	}
	return out
}
