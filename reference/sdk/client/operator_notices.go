package client

import (
	"context"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Announcements returns the announcements that have not ended. Any role.
func (o *OperatorClient) Announcements(ctx context.Context) ([]wallet.Announcement, error) {
	m, err := signed(ctx, &o.caller, o.api.Announcements, &pb.AnnouncementsRequest{})
	return announcements(m.GetAnnouncements()), err
}

// Announce shows a text to users within a second, and returns its id. Announcing the same again changes nothing, so a
// call without a response is repeated. Role operator.
func (o *OperatorClient) Announce(ctx context.Context, a wallet.Announcement) (int64, error) {
	given := &pb.Announcement{Text: a.Text, TextZh: a.TextZH, FromUs: int64(a.From), ToUs: int64(a.To)}
	for _, app := range a.Apps {
		given.Apps = append(given.Apps, pb.App(app))
	}
	m, err := signed(ctx, &o.caller, o.api.Announce, &pb.AnnounceRequest{Announcement: given})
	return m.GetId(), err
}

// WithdrawAnnouncement removes an announcement. Idempotent. Role operator.
func (o *OperatorClient) WithdrawAnnouncement(ctx context.Context, id int64) error {
	_, err := signed(ctx, &o.caller, o.api.WithdrawAnnouncement, &pb.WithdrawAnnouncementRequest{Id: id})
	return err
}

// PublishPageConfig publishes the next version of the page configuration, based on version was, and returns its number.
// wallet.ErrStale: there is a newer one. Role operator.
func (o *OperatorClient) PublishPageConfig(ctx context.Context, body []byte, was int64) (int64, error) {
	m, err := signed(ctx, &o.caller, o.api.PublishPageConfig, &pb.PublishPageConfigRequest{Body: string(body), Was: was})
	return m.GetVersion(), err
}

// RollBackPageConfig publishes the body of version to as the next version; was is the current version. Role operator.
func (o *OperatorClient) RollBackPageConfig(ctx context.Context, to, was int64) (int64, error) {
	m, err := signed(ctx, &o.caller, o.api.RollBackPageConfig, &pb.RollBackPageConfigRequest{To: to, Was: was})
	return m.GetVersion(), err
}

// PageConfig returns a version of the page configuration; 0: the current one. Any role.
func (o *OperatorClient) PageConfig(ctx context.Context, version int64) (wallet.PageConfig, error) {
	m, err := signed(ctx, &o.caller, o.api.GetPageConfig, &pb.GetPageConfigRequest{Version: version})
	return pageConfig(m.GetConfig()), err
}

// PageConfigs returns the versions, newest first, without their bodies; limit 0: the service's default. Any role.
func (o *OperatorClient) PageConfigs(ctx context.Context, limit int) ([]wallet.PageConfig, error) {
	m, err := signed(ctx, &o.caller, o.api.PageConfigs, &pb.PageConfigsRequest{Limit: clamp(limit)})
	var out []wallet.PageConfig
	for _, v := range m.GetVersions() {
		out = append(out, pageConfig(v))
	}
	return out, err
}

func pageConfig(m *pb.PageConfigVersion) wallet.PageConfig {
	c := wallet.PageConfig{Version: m.GetVersion(), By: m.GetBy(), At: wallet.Instant(m.GetAtUs())}
	if m.GetBody() != "" {
		c.Body = []byte(m.Body)
	}
	return c
}
