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

// fakeRewards implements the ports for rewards and packets with preset replies, and records its calls.
type fakeRewards struct {
	mu     sync.Mutex
	calls  []any
	page   wallet.RewardsPage
	item   wallet.Item
	packet wallet.Packet
	share  wallet.Share
	err    error
}

func (s *fakeRewards) record(r any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r)
	return s.err
}

// last returns the last recorded call; nil: none.
func (s *fakeRewards) last() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == 0 {
		return nil
	}
	return s.calls[len(s.calls)-1]
}

func (s *fakeRewards) Rewards(_ context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	return s.page, s.record(r)
}

func (s *fakeRewards) UseReward(_ context.Context, r wallet.UseRequest) (wallet.Item, error) {
	return s.item, s.record(r)
}

func (s *fakeRewards) SendPacket(_ context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	return s.packet, s.record(r)
}

func (s *fakeRewards) OpenPacket(_ context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	return s.share, s.record(r)
}

func (s *fakeRewards) RefundReward(_ context.Context, no wallet.OrderNo) (wallet.Item, error) {
	return s.item, s.record(no)
}

func (s *fakeRewards) Stock(_ context.Context, t wallet.Template) (issued, total int64, err error) {
	if t.Reward != "movie" {
		return 0, 0, wallet.ErrNotFound
	}
	return 3, 1 << 40, s.record(t)
}

func (s *fakeRewards) Callback(_ context.Context, award wallet.AwardType, header http.Header, body []byte) error {
	if string(body) == "defect" {
		panic("a defect")
	}
	return s.record(award.String() + " " + header.Get("Signed") + " " + string(body))
}

// fakeConfigCentre is a config centre in memory.
type fakeConfigCentre struct {
	*fakeInspector // holds the switches
	now            wallet.Settings
}

func (c *fakeConfigCentre) Read(context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	on, err := c.switches()
	return on, c.now, err
}

func (c *fakeConfigCentre) Set(_ context.Context, s wallet.Switch, on bool) error {
	return c.set(s, on)
}

func (c *fakeConfigCentre) Change(_ context.Context, s wallet.Settings) error {
	if s.Version != c.now.Version {
		return wallet.ErrStale
	}
	s.Version++
	c.now = s
	return nil
}

// newBackoffice returns notices and bulk re-issues over stores in memory.
func (f *fixture) newBackoffice() (*operator.NoticeCache, *operator.Notices, *operator.Bulk) {
	index, err := activity.New(festival(f.clock))
	if err != nil {
		f.t.Fatal(err)
	}
	store := mem.NewNotices()
	cache := operator.NewNoticeCache(store, f.clock)
	f.bulk = operator.NewBulk(operator.BulkPorts{Jobs: mem.NewBulkJobs(), Granter: f.node, Index: index, Parent: "spring", Quotas: mem.NewQuotas(),
		Leases: &leases{held: map[string]string{}}, Audit: f.audit, Clock: f.clock, Instance: "a"})
	return cache, operator.NewNotices(store, f.clock, cache), f.bulk
}

// switchInfo returns two switches.
func switchInfo() []SwitchInfo {
	return []SwitchInfo{
		{Name: wallet.SwitchDistrustTokens, Dependency: "client tokens", Does: "distrusts", DoesZH: "不信", Notice: "nothing", NoticeZH: "无"},
		{Name: wallet.SwitchBreakBank, Passive: true, Dependency: "bank", Tripped: []string{"bank: 5 of 5 failed"}, Since: 77}}
}
