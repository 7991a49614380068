package open

import (
	"context"
	"log/slog"
	"sync"

	"hongbao/reference/activity"
	"hongbao/reference/node"
	desk "hongbao/reference/operator"
	"hongbao/reference/server"
	"hongbao/reference/store/sql"
	"hongbao/reference/wallet"
)

// backoffice is what operators show to users and what they re-issue (B8). It is about the live wallet; users of the marked one
// are shown the same.
type backoffice struct {
	board *desk.Board
	bulk  *desk.Bulk
	log   *slog.Logger
}

// openBackoffice opens it over the live wallet and gives the server its part.
func (s *Service) openBackoffice(ctx context.Context, ports *server.Ports) error {
	index, err := activity.New(s.tree)
	if err != nil {
		return err
	}
	st, live := s.live.stores, s.live.node
	notices := sqlstore.NewNotices(st.sql)
	s.backoffice = &backoffice{log: s.log, board: desk.NewBoard(notices, RealClock{}),
		bulk: desk.NewBulk(desk.BulkPorts{Jobs: sqlstore.NewBulkJobs(st.sql), Granter: live, Index: index, Parent: s.tree.Parent,
			Quotas: st.quotas, Stocks: couponStock{live}, Leases: st.leases, Audit: st.audit, Clock: RealClock{}, Instance: s.name})}
	if err := s.backoffice.board.Refresh(ctx); err != nil {
		s.log.Warn("cannot read the notices", "err", err) // they come when they can be read: pages do not wait for them
	}
	ports.Board, ports.Notices, ports.Bulk = s.backoffice.board, desk.NewNotices(notices, RealClock{}, s.backoffice.board), s.backoffice.bulk
	ports.Rewards, ports.Packets, ports.Refunds, ports.Coupons = live, live, live, couponStock{live}
	ports.Callbacks = callbacks{s.live}
	return nil
}

// run refreshes what users are shown and works on bulk re-issues until ctx ends.
func (o *backoffice) run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { o.board.Run(ctx, o.log) })
	running.Go(func() { o.bulk.Run(ctx, o.log) })
	running.Wait()
}

// couponStock tells of the stock of coupons, as this instance last read it.
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
