package client

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/activity"
	"hongbao/reference/operator"
	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// granter accepts every grant.
type granter struct{}

func (granter) Grant(context.Context, wallet.GrantRequest) (wallet.GrantReply, error) {
	return wallet.GrantReply{}, nil
}

// grantedLeases grants every lease.
type grantedLeases struct{ wallet.Leases }

func (grantedLeases) Hold(context.Context, string, string, time.Duration) (bool, error) {
	return true, nil
}

// fakeConfigCentre is a config centre in memory.
type fakeConfigCentre struct {
	wallet.ConfigCentre
	now  wallet.Settings
	on   map[wallet.Switch]bool
	errs []error
}

func (s *fakeConfigCentre) Read(context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	return s.on, s.now, nil
}

func (s *fakeConfigCentre) Set(_ context.Context, name wallet.Switch, on bool) error {
	s.on = map[wallet.Switch]bool{name: on}
	return nil
}

func (s *fakeConfigCentre) Change(_ context.Context, to wallet.Settings) error {
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return err
	}
	to.Version++
	s.now = to
	return nil
}

// TestOffice: notices, settings, switches, bulk re-issues and refunds, over the wire.
func TestOffice(t *testing.T) {
	keys, clock, s := auth.Generate(), storetest.NewClock(), newFakeRewards()
	now := clock.Now()
	tree := wallet.Activity{Parent: "spring", Children: []wallet.Child{{ID: "official", Stage: wallet.Official, From: now - 1, To: wallet.Never, Budget: 1000, SingleCap: 100,
		Rewards: []wallet.RewardType{{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "cash", Scenes: []wallet.Scene{{ID: "rain"}}}}}}}}}
	index, err := activity.New(tree)
	require.NoError(t, err)
	log, store, centre := &auditLog{}, mem.NewNotices(), &fakeConfigCentre{now: wallet.Settings{Version: 1, Release: wallet.Release{Num: 1, Den: 2}, ShortPage: 5}}
	cache := operator.NewNoticeCache(store, clock)
	bulk := operator.NewBulk(operator.BulkPorts{Jobs: mem.NewBulkJobs(), Granter: granter{}, Index: index, Parent: "spring", Quotas: mem.NewQuotas(), Leases: grantedLeases{}, Audit: log, Clock: clock, Instance: "a"})
	c, url := serve(t, keys, server.Ports{Service: s, Inspector: &fakeWalletAdmin{}, Audit: log, Clock: clock, NoticeReader: cache, Notices: operator.NewNotices(store, clock, cache), Bulk: bulk,
		Refunds: s, Settings: centre, Switches: func() []server.SwitchInfo {
			return []server.SwitchInfo{{Name: "break-bank", Passive: true, Dependency: "bank", Does: "d", DoesZH: "做", Notice: "n", NoticeZH: "知", Tripped: []string{"t"}, Since: 5}}
		}}, Config{Tries: 1})
	key, ok := keys.Operator("operator")
	require.True(t, ok)
	o, err := NewOperatorClient(Config{BaseURL: url, Key: key.Key, Now: func() time.Time { return clock.Now().Time() }, Wait: func(context.Context, time.Duration) error { return nil }})
	require.NoError(t, err)
	t.Cleanup(o.CloseIdle)

	t.Run("notices", func(t *testing.T) { noticesRound(t, o, c, now) })
	t.Run("bulk", func(t *testing.T) { bulkRound(t, o, bulk, now) })

	switches, err := o.Switches(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Switch{{Name: "break-bank", Passive: true, Dependency: "bank", Does: "d", DoesZH: "做", Notice: "n", NoticeZH: "知", Tripped: []string{"t"}, Since: 5}}, switches)
	require.NoError(t, o.SetSwitch(t.Context(), "break-bank", true))
	require.Equal(t, map[wallet.Switch]bool{"break-bank": true}, centre.on)
	require.ErrorIs(t, o.SetSwitch(t.Context(), "gravity", true), wallet.ErrNotFound)

	have, err := o.Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, centre.now, have)
	have.Release.WhiteList, have.WithdrawPerDay, have.WithdrawTimes = []wallet.ActID{5, 6}, 700, 3
	version, err := o.ChangeSettings(t.Context(), have)
	require.NoError(t, err)
	require.EqualValues(t, 2, version)
	have.Version = 2
	require.Equal(t, have, centre.now)
	centre.errs = []error{wallet.ErrUnknown, wallet.ErrStale}
	_, err = o.ChangeSettings(t.Context(), have)
	require.ErrorIs(t, err, wallet.ErrUnknown)
	require.Len(t, centre.errs, 1, "the call is not repeated: the repeat would find its own change")

	back, err := o.RefundReward(t.Context(), s.items[0].No)
	require.NoError(t, err)
	require.Equal(t, s.items[0], back)
	require.Equal(t, s.items[0].No, s.lastCall)
}

func noticesRound(t *testing.T, o *OperatorClient, c *Client, now wallet.Instant) {
	a := wallet.Announcement{Text: "hello", TextZH: "公告", Apps: []wallet.App{wallet.Douyin, wallet.Xigua}, From: now, To: now.Add(time.Hour)}
	var err error
	a.ID, err = o.Announce(t.Context(), a)
	require.NoError(t, err)
	version, err := o.PublishPageConfig(t.Context(), []byte(`{"a":1}`), 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, version)
	_, err = o.PublishPageConfig(t.Context(), []byte(`{"a":2}`), 1)
	require.NoError(t, err)
	_, err = o.PublishPageConfig(t.Context(), []byte(`{"a":3}`), 1)
	require.ErrorIs(t, err, wallet.ErrStale)
	version, err = o.RollBackPageConfig(t.Context(), 1, 2)
	require.NoError(t, err)
	require.EqualValues(t, 3, version)

	list, err := o.Announcements(t.Context())
	require.NoError(t, err)
	require.Equal(t, []wallet.Announcement{a}, list)
	shown, err := c.Notices(t.Context(), person(7), 0)
	require.NoError(t, err)
	require.Equal(t, Notices{Announcements: list, Version: 3, Config: []byte(`{"a":1}`)}, shown)
	shown, err = c.Notices(t.Context(), person(7), 3)
	require.NoError(t, err)
	require.Nil(t, shown.Config)
	config, err := o.PageConfig(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, wallet.PageConfig{Version: 3, By: "operator", At: now, Body: []byte(`{"a":1}`)}, config)
	versions, err := o.PageConfigs(t.Context(), 2)
	require.NoError(t, err)
	require.Equal(t, []wallet.PageConfig{{Version: 3, By: "operator", At: now}, {Version: 2, By: "operator", At: now}}, versions)
	require.NoError(t, o.WithdrawAnnouncement(t.Context(), a.ID))
	shown, err = c.Notices(t.Context(), person(7), 3)
	require.NoError(t, err)
	require.Empty(t, shown.Announcements)
}

func bulkRound(t *testing.T, o *OperatorClient, bulk *operator.Bulk, now wallet.Instant) {
	list := []byte(operator.Header + "\ndouyin,7,rain,cash,100,late\ndouyin,8,rain,cash,50,\n")
	plan, err := o.CheckBulk(t.Context(), list)
	require.NoError(t, err)
	require.Equal(t, []wallet.BulkNeed{{Scene: "rain", Award: wallet.Cash, Reward: "cash", Rows: 2, Amount: 150, Left: 1000, Fits: true}}, plan.Needs)
	require.True(t, plan.Fits)
	faulty, err := o.CheckBulk(t.Context(), []byte(operator.Header+"\nweibo,7,rain,cash,100,\n"))
	require.NoError(t, err)
	require.Len(t, faulty.Faults, 1)
	require.Equal(t, 2, faulty.Faults[0].Line)
	job, isNew, err := o.CreateBulk(t.Context(), list)
	require.NoError(t, err)
	require.True(t, isNew)
	require.Equal(t, wallet.BulkJob{ID: 1, Digest: plan.Digest, By: "operator", Created: now, Rows: 2, State: wallet.BulkReady}, job)
	_, _, err = o.CreateBulk(t.Context(), []byte("x"))
	require.ErrorIs(t, err, wallet.ErrInvalid)
	_, err = o.StopBulk(t.Context(), 1)
	require.ErrorIs(t, err, wallet.ErrNotUsable)
	started, err := o.StartBulk(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, wallet.BulkRunning, started.State)
	stopped, err := o.StopBulk(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, wallet.BulkStopped, stopped.State)
	_, err = o.StartBulk(t.Context(), 1)
	require.NoError(t, err)
	_, err = bulk.Step(t.Context())
	require.NoError(t, err)
	done, err := o.BulkJob(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []int{2, 2}, []int{done.Done, done.Granted})
	all, err := o.BulkJobs(t.Context(), 0, 0)
	require.NoError(t, err)
	require.Equal(t, []wallet.BulkJob{done}, all)
	rows, err := o.BulkRows(t.Context(), 1, 1, 5)
	require.NoError(t, err)
	require.Equal(t, []wallet.BulkRow{{Line: 3, Caller: person(8), Scene: "rain", Award: wallet.Cash, Amount: 50, Outcome: "ok"}}, rows)
	for _, id := range []int64{0, -1, 2} {
		_, err = o.BulkJob(t.Context(), id)
		require.ErrorIs(t, err, wallet.ErrNotFound)
	}
	_, err = o.BulkRows(t.Context(), 1, 0, MaxBulkPage+1)
	require.ErrorIs(t, err, wallet.ErrInvalid)

	var long strings.Builder // the longest allowed list fits into one request
	long.WriteString(operator.Header + "\n")
	for i := range wallet.MaxBulkRows {
		fmt.Fprintf(&long, "douyin,%d,rain,cash,5,a reason of some length for it\n", 1_000_000_000+i)
	}
	require.Greater(t, long.Len(), wallet.MaxBulkBytes*8/10)
	plan, err = o.CheckBulk(t.Context(), []byte(long.String()))
	require.NoError(t, err)
	require.Empty(t, plan.Faults)
	require.False(t, plan.Fits, "50,000 fen of 1,000")
}
