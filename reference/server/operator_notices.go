package server

import (
	"context"
	"fmt"
	"slices"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Announcements implements the API.
func (s operatorAPI) Announcements(ctx context.Context, _ *pb.AnnouncementsRequest) (*pb.AnnouncementsReply, error) {
	as, err := s.ports.Notices.Announcements(ctx)
	return &pb.AnnouncementsReply{Announcements: converted(as, announcementTo)}, err
}

// Announce implements the API.
func (s operatorAPI) Announce(ctx context.Context, m *pb.AnnounceRequest) (*pb.AnnounceReply, error) {
	given := m.GetAnnouncement()
	if given.GetId() != 0 {
		return nil, fmt.Errorf("%w: the service assigns an announcement's id", wallet.ErrInvalid)
	}
	a := wallet.Announcement{Text: given.GetText(), TextZH: given.GetTextZh(), From: wallet.Instant(given.GetFromUs()), To: wallet.Instant(given.GetToUs())}
	for _, app := range given.GetApps() {
		checked, err := appOf(app)
		if err != nil {
			return nil, err
		}
		a.Apps = append(a.Apps, checked)
	}
	slices.Sort(a.Apps)
	if err := a.Validate(); err != nil {
		return nil, err
	}
	if a.To <= s.ports.Clock.Now() {
		return nil, fmt.Errorf("%w: the announcement has already ended", wallet.ErrInvalid)
	}
	id, err := s.ports.Notices.Announce(ctx, a)
	return &pb.AnnounceReply{Id: id}, err
}

// WithdrawAnnouncement implements the API.
func (s operatorAPI) WithdrawAnnouncement(ctx context.Context, m *pb.WithdrawAnnouncementRequest) (*pb.WithdrawAnnouncementReply, error) {
	if m.Id <= 0 {
		return nil, fmt.Errorf("%w: announcement %d", wallet.ErrInvalid, m.Id)
	}
	return &pb.WithdrawAnnouncementReply{}, s.ports.Notices.Withdraw(ctx, m.Id)
}

// PublishPageConfig implements the API.
func (s operatorAPI) PublishPageConfig(ctx context.Context, m *pb.PublishPageConfigRequest) (*pb.PublishPageConfigReply, error) {
	if m.Was < 0 {
		return nil, fmt.Errorf("%w: version %d of the page configuration", wallet.ErrInvalid, m.Was)
	}
	version, err := s.ports.Notices.Publish(ctx, callOf(ctx).operator.ID, []byte(m.Body), m.Was)
	return &pb.PublishPageConfigReply{Version: version}, err
}

// RollBackPageConfig implements the API.
func (s operatorAPI) RollBackPageConfig(ctx context.Context, m *pb.RollBackPageConfigRequest) (*pb.RollBackPageConfigReply, error) {
	if m.To < 1 || m.Was < m.To {
		return nil, fmt.Errorf("%w: roll back the page configuration from version %d to %d", wallet.ErrInvalid, m.Was, m.To)
	}
	version, err := s.ports.Notices.RollBack(ctx, callOf(ctx).operator.ID, m.To, m.Was)
	return &pb.RollBackPageConfigReply{Version: version}, err
}

// PageConfigs implements the API.
func (s operatorAPI) PageConfigs(ctx context.Context, m *pb.PageConfigsRequest) (*pb.PageConfigsReply, error) {
	limit, err := pageLimitOf(m.Limit)
	if err != nil {
		return nil, err
	}
	versions, err := s.ports.Notices.PageConfigs(ctx, limit)
	return &pb.PageConfigsReply{Versions: converted(versions, versionTo)}, err
}

// GetPageConfig implements the API.
func (s operatorAPI) GetPageConfig(ctx context.Context, m *pb.GetPageConfigRequest) (*pb.GetPageConfigReply, error) {
	v, err := s.ports.Notices.PageConfig(ctx, m.Version)
	return &pb.GetPageConfigReply{Config: versionTo(v)}, err
}

func versionTo(c wallet.PageConfig) *pb.PageConfigVersion {
	return &pb.PageConfigVersion{Version: c.Version, By: c.By, AtUs: int64(c.At), Body: string(c.Body)}
}
