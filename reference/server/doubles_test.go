package server

import (
	"context"
	"net/http"
	"sync"

	"hongbao/reference/activity"
	"hongbao/reference/operator"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

// shop is people's rewards and packets, as they are told to be. It notes what it was asked.
type shop struct {
	mu     sync.Mutex
	asked  []any
	page   wallet.RewardsPage
	item   wallet.Item
	packet wallet.Packet
	share  wallet.Share
	err    error
}

func (s *shop) note(r any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r)
	return s.err
}

// last returns what it was asked last; nil: nothing.
func (s *shop) last() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) == 0 {
		return nil
	}
	return s.asked[len(s.asked)-1]
}

func (s *shop) Rewards(_ context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	return s.page, s.note(r)
}

func (s *shop) UseReward(_ context.Context, r wallet.UseRequest) (wallet.Item, error) {
	return s.item, s.note(r)
}

func (s *shop) SendPacket(_ context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	return s.packet, s.note(r)
}

func (s *shop) OpenPacket(_ context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	return s.share, s.note(r)
}

func (s *shop) RefundReward(_ context.Context, no wallet.OrderNo) (wallet.Item, error) {
	return s.item, s.note(no)
}

func (s *shop) Stock(_ context.Context, t wallet.Template) (issued, total int64, err error) {
	if t.Reward != "movie" {
		return 0, 0, wallet.ErrNotFound
	}
	return 3, 1 << 40, s.note(t)
}

func (s *shop) Callback(_ context.Context, award wallet.AwardType, header http.Header, body []byte) error {
	if string(body) == "defect" {
		panic("a defect")
	}
	return s.note(award.String() + " " + header.Get("Signed") + " " + string(body))
}

// centre is a config centre.
type centre struct {
	*staff // has the switches
	now    wallet.Settings
}

func (c *centre) Read(context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	on, err := c.switches()
	return on, c.now, err
}

func (c *centre) Set(_ context.Context, s wallet.Switch, on bool) error { return c.set(s, on) }

func (c *centre) Change(_ context.Context, s wallet.Settings) error {
	if s.Version != c.now.Version {
		return wallet.ErrStale
	}
	s.Version++
	c.now = s
	return nil
}

// office is what operators show and re-issue, over memory.
func (f *fixture) office() (*operator.Board, *operator.Notices, *operator.Bulk) {
	index, err := activity.New(festival(f.clock))
	if err != nil {
		f.t.Fatal(err)
	}
	store := mem.NewNotices()
	board := operator.NewBoard(store, f.clock)
	f.jobs = operator.NewBulk(operator.BulkPorts{Jobs: mem.NewBulkJobs(), Granter: f.node, Index: index, Parent: "spring", Quotas: mem.NewQuotas(),
		Leases: &leases{held: map[string]string{}}, Audit: f.audit, Clock: f.clock, Instance: "a"})
	return board, operator.NewNotices(store, f.clock, board), f.jobs
}

// switchInfo is two of the switches.
func switchInfo() []SwitchInfo {
	return []SwitchInfo{
		{Name: wallet.SwitchDistrustTokens, Dependency: "client tokens", Does: "distrusts", DoesZH: "不信", Notice: "nothing", NoticeZH: "无"},
		{Name: wallet.SwitchBreakBank, Passive: true, Dependency: "bank", Tripped: []string{"bank: 5 of 5 failed"}, Since: 77}}
}
