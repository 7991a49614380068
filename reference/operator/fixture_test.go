package operator

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/activity"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// fakeAssetCentre grants once per order number, within a budget, with preset errors.
type fakeAssetCentre struct {
	mu     sync.Mutex
	orders map[string]wallet.Money
	spent  wallet.Money
	budget wallet.Money
	errs   func(user wallet.UserID) (done bool, err error) // nil: no errors
	item   *wallet.Item
	calls  int
}

func (c *fakeAssetCentre) Grant(_ context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	no := fmt.Sprintf("%d %d %s %d %d %d", r.App.Family(), r.User, r.Scene, r.Rain, r.Award, r.Opened)
	record := func() error {
		if _, there := c.orders[no]; !there {
			if c.spent+r.Amount > c.budget {
				return wallet.ErrOverBudget
			}
			c.orders[no], c.spent = r.Amount, c.spent+r.Amount
		}
		return nil
	}
	if c.errs != nil {
		if done, err := c.errs(r.User); err != nil {
			if done {
				_ = record()
			}
			return wallet.GrantReply{}, err
		}
	}
	return wallet.GrantReply{Item: c.item}, record()
}

// log is an audit log in memory.
type log struct {
	wallet.AuditLog
	actions []wallet.Action
	broken  error
}

func (l *log) Append(_ context.Context, a wallet.Action) error {
	if l.broken == nil {
		l.actions = append(l.actions, a)
	}
	return l.broken
}

// leases are held by the preset holder.
type leases struct {
	wallet.Leases
	holder string
}

func (l *leases) Hold(_ context.Context, _, holder string, _ time.Duration) (bool, error) {
	if l.holder == "" {
		return false, wallet.ErrUnavailable
	}
	return l.holder == holder, nil
}

// quotas returns a preset quota.
type quotas struct {
	wallet.Quotas
	now wallet.Quota
	err error
}

func (q *quotas) Quota(context.Context, wallet.Stage) (wallet.Quota, error) { return q.now, q.err }

// stocks returns a preset number of issued coupons.
type stocks struct{ issued int64 }

func (s *stocks) Issued(context.Context, wallet.Template) (int64, error) { return s.issued, nil }

type fixture struct {
	*Bulk
	centre *fakeAssetCentre
	log    *log
	leases *leases
	quotas *quotas
	stocks *stocks
	clock  *storetest.Clock
	jobs   *mem.BulkJobs
}

func newFixture(t require.TestingT) *fixture {
	f := &fixture{centre: &fakeAssetCentre{orders: map[string]wallet.Money{}, budget: 10_000}, log: &log{}, leases: &leases{holder: "a"},
		quotas: &quotas{}, stocks: &stocks{}, clock: storetest.NewClock(), jobs: mem.NewBulkJobs()}
	now := f.clock.Now()
	index, err := activity.New(wallet.Activity{Parent: "spring", Children: []wallet.Child{{ID: "official", Stage: wallet.Official,
		From: now.Add(-time.Hour), To: now.Add(time.Hour), Budget: 10_000, SingleCap: 1000, Rewards: []wallet.RewardType{
			{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "cash", Scenes: []wallet.Scene{{ID: "rain"}, {ID: "cards"}}}}},
			{Type: wallet.MovieCoupon, Rewards: []wallet.Reward{{ID: "movie", Stock: 100, ThresholdNum: 1, ThresholdDen: 10, Scenes: []wallet.Scene{{ID: "movie", StockControl: true}}}}},
			{Type: wallet.AvatarPendant, Rewards: []wallet.Reward{{ID: "pendant", Scenes: []wallet.Scene{{ID: "pendant"}}}}},
		}}}})
	require.NoError(t, err)
	f.Bulk = NewBulk(BulkPorts{Jobs: f.jobs, Granter: f.centre, Index: index, Parent: "spring", Quotas: f.quotas, Stocks: f.stocks,
		Leases: f.leases, Audit: f.log, Clock: f.clock, Instance: "a"})
	return f
}

// payList returns a list of n users who get cash.
func payList(n int, fen int) []byte {
	var b strings.Builder
	b.WriteString(Header + "\n")
	for i := range n {
		fmt.Fprintf(&b, "douyin,%d,rain,cash,%d,late\n", i+1, fen)
	}
	return []byte(b.String())
}
