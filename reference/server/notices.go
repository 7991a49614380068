package server

import (
	"context"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Notices implements the API.
func (s walletAPI) Notices(ctx context.Context, m *pb.NoticesRequest) (*pb.NoticesReply, error) {
	c, err := sessionCall(ctx, m.GetWho())
	if err != nil {
		return nil, err
	}
	if m.HaveVersion < 0 {
		return nil, fmt.Errorf("%w: version %d of the page configuration", wallet.ErrInvalid, m.HaveVersion)
	}
	shown, config, known := s.ports.NoticeReader.Show(c.user.App)
	if !known {
		return nil, fmt.Errorf("%w: no notices were read yet", wallet.ErrUnavailable)
	}
	reply := &pb.NoticesReply{Announcements: converted(shown, announcementTo), Version: config.Version}
	if m.HaveVersion != config.Version {
		reply.Config = string(config.Body)
	}
	return reply, nil
}

// noticesFor returns the announcements and the page configuration's version for a page.
func (s *Server) noticesFor(app wallet.App) ([]*pb.Announcement, int64) {
	if s.ports.NoticeReader == nil {
		return nil, 0
	}
	shown, config, _ := s.ports.NoticeReader.Show(app)
	return converted(shown, announcementTo), config.Version
}

func announcementTo(a wallet.Announcement) *pb.Announcement {
	return &pb.Announcement{Id: a.ID, Text: a.Text, TextZh: a.TextZH, FromUs: int64(a.From), ToUs: int64(a.To),
		Apps: converted(a.Apps, func(app wallet.App) pb.App { return pb.App(app) })}
}
