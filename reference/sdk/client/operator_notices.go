package client

import (
	"context"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Announcements returns the announcements that have not ended. Any role.
func (o *OperatorClient) Announcements(ctx context.Context) ([]wallet.Announcement, error) {
	var m *pb.AnnouncementsReply
	err := o.signed(ctx, func(ctx context.Context) (err error) {
		m, err = o.api.Announcements(ctx, &pb.AnnouncementsRequest{})
		return err
	})
	return announcements(m.GetAnnouncements()), err
}

// Announce shows a text to users within a second, and returns its id. Announcing the same again changes nothing, so a
// call without a response is repeated. Role operator.
func (o *OperatorClient) Announce(ctx context.Context, a wallet.Announcement) (int64, error) {
	given := &pb.Announcement{Text: a.Text, TextZh: a.TextZH, FromUs: int64(a.From), ToUs: int64(a.To)}
	for _, app := range a.Apps {
		given.Apps = append(given.Apps, pb.App(app))
	}
	var m *pb.AnnounceReply
	err := o.signed(ctx, func(ctx context.Context) (err error) {
		m, err = o.api.Announce(ctx, &pb.AnnounceRequest{Announcement: given})
		return err
	})
	return m.GetId(), err
}

// WithdrawAnnouncement removes an announcement. Idempotent. Role operator.
func (o *OperatorClient) WithdrawAnnouncement(ctx context.Context, id int64) error {
	return o.signed(ctx, func(ctx context.Context) error {
		_, err := o.api.WithdrawAnnouncement(ctx, &pb.WithdrawAnnouncementRequest{Id: id})
		return err
	})
}

// PublishPageConfig publishes the next version of the page configuration, based on version was, and returns its number.
// wallet.ErrStale: there is a newer one. Role operator.
func (o *OperatorClient) PublishPageConfig(ctx context.Context, body []byte, was int64) (int64, error) {
	var m *pb.PublishPageConfigReply
	err := o.signed(ctx, func(ctx context.Context) (err error) {
		m, err = o.api.PublishPageConfig(ctx, &pb.PublishPageConfigRequest{Body: string(body), Was: was})
		return err
	})
	return m.GetVersion(), err
}

// RollBackPageConfig publishes the body of version to as the next version; was is the current version. Role operator.
func (o *OperatorClient) RollBackPageConfig(ctx context.Context, to, was int64) (int64, error) {
	var m *pb.RollBackPageConfigReply
	err := o.signed(ctx, func(ctx context.Context) (err error) {
		m, err = o.api.RollBackPageConfig(ctx, &pb.RollBackPageConfigRequest{To: to, Was: was})
		return err
	})
	return m.GetVersion(), err
}

// PageConfig returns a version of the page configuration; 0: the current one. Any role.
func (o *OperatorClient) PageConfig(ctx context.Context, version int64) (wallet.PageConfig, error) {
	var m *pb.GetPageConfigReply
	err := o.signed(ctx, func(ctx context.Context) (err error) {
		m, err = o.api.GetPageConfig(ctx, &pb.GetPageConfigRequest{Version: version})
		return err
	})
	return pageConfig(m.GetConfig()), err
}

// PageConfigs returns the versions, newest first, without their bodies; limit 0: the service's default. Any role.
func (o *OperatorClient) PageConfigs(ctx context.Context, limit int) ([]wallet.PageConfig, error) {
	var m *pb.PageConfigsReply
	err := o.signed(ctx, func(ctx context.Context) (err error) {
		m, err = o.api.PageConfigs(ctx, &pb.PageConfigsRequest{Limit: clamp(limit)})
		return err
	})
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
