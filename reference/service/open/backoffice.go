package open

import (
	"context"

	"hongbao/reference/activity"
	"hongbao/reference/node"
	"hongbao/reference/operator"
	"hongbao/reference/server"
	"hongbao/reference/store/sql"
	"hongbao/reference/wallet"
)

// openBackoffice opens the announcements, page configurations and bulk re-issues of operators (B8) and adds them to the ports
// of the server. They work on the live wallet; users of the shadow wallet see the same announcements.
func (s *Service) openBackoffice(ctx context.Context, ports *server.Ports) error {
	index, err := activity.New(s.tree)
	if err != nil {
		return err
	}
	st, live := s.live.stores, s.live.Node
	notices := sqlstore.NewNotices(st.sql)
	s.notices = operator.NewNoticeCache(notices, systemClock{})
	s.bulk = operator.NewBulk(operator.BulkPorts{Jobs: sqlstore.NewBulkJobs(st.sql), Granter: live, Index: index, Parent: s.tree.Parent,
		Quotas: st.quotas, Stocks: couponStock{live}, Leases: st.leases, Audit: st.audit, Clock: systemClock{}, Instance: s.name})
	if err := s.notices.Refresh(ctx); err != nil {
		s.log.Warn("cannot read the notices", "err", err) // a later refresh reads them: pages do not wait for them
	}
	ports.NoticeReader, ports.Notices, ports.Bulk = s.notices, operator.NewNotices(notices, systemClock{}, s.notices), s.bulk
	ports.Rewards, ports.Packets, ports.Refunds, ports.Coupons = live, live, live, couponStock{live}
	ports.Callbacks = callbacks{s.live}
	return nil
}

// couponStock returns the stock of coupons as this instance last read it.
type couponStock struct{ node *node.Node }

// Stock implements server.Coupons.
func (c couponStock) Stock(_ context.Context, t wallet.Template) (issued, total int64, err error) {
	return c.node.CouponStock(t)
}

// Issued implements operator.Stocks.
func (c couponStock) Issued(_ context.Context, t wallet.Template) (int64, error) {
	issued, _, err := c.node.CouponStock(t)
	return issued, err
}
