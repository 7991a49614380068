package service_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/config"
	"hongbao/reference/degrade"
	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/downstream/wire"
	"hongbao/reference/service"
	"hongbao/reference/store/mem"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

const memoryShards = 4

// processClock is the clock of the process, or of the test's bubble.
type processClock struct{}

func (processClock) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

// unchanged is a config centre in which no operator changes anything.
type unchanged struct{}

func (unchanged) Read(context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	return nil, wallet.Settings{}, nil
}
func (unchanged) Set(context.Context, wallet.Switch, bool) error { return wallet.ErrUnavailable }
func (unchanged) Change(context.Context, wallet.Settings) error  { return wallet.ErrUnavailable }

// memoryConfig returns a configuration with cash and one coupon.
func memoryConfig() service.Config {
	scene := func(id wallet.SceneID, counted bool) []wallet.Scene {
		return []wallet.Scene{{ID: id, BillText: string(id), Compensate: true, Reconcile: true, StockControl: counted}}
	}
	return service.Config{
		Name: "one", Strategy: wallet.StrategyAsync, Stock: wallet.StockLease, Instances: 1, Shards: memoryShards, Batch: 100, BudgetBlock: 10_000,
		CompensateAfter: time.Minute, Chores: time.Second, PostRest: 10 * time.Millisecond, Drain: time.Minute, RememberFor: time.Second,
		Activity: wallet.Activity{Parent: "festival", Children: []wallet.Child{{ID: "festival-official", Stage: wallet.Official, From: 0, To: wallet.Never,
			Budget: 1_000_000, SingleCap: 10_000, Rewards: []wallet.RewardType{
				{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "red-packet", Scenes: scene("rain", false)}}},
				{Type: wallet.HeyteaCoupon, Rewards: []wallet.Reward{{ID: "tea", Stock: 10, Scenes: scene("tea", true)}}},
			}}}},
	}
}

// memoryPorts returns ports that all keep their data in this process.
func memoryPorts(t *testing.T) service.Ports {
	clock := processClock{}
	keys, err := token.NewKeyring(rand.Reader)
	require.NoError(t, err)
	sealer, err := token.NewReal(keys, token.DefaultPolicy())
	require.NoError(t, err)
	secret := make([]byte, downstream.MinSecret)
	systems, err := wire.Embedded(fake.NewAll(secret, fake.Behaviour{}), clock, secret)
	require.NoError(t, err)
	orders, quotas, backlog := mem.NewOrders(), mem.NewQuotas(), mem.NewBacklog(clock, memoryShards, 30*time.Second)
	withdrawals, packets, items := mem.NewWithdrawals(), mem.NewPackets(), mem.NewItems()
	settings := wallet.Settings{Release: wallet.Release{Num: 1, Den: 1}}
	return service.Ports{
		Clock: clock, Identities: mem.NewIdentities(), Orders: orders, Admissions: mem.NewAdmissions(orders, quotas), Quotas: quotas,
		Tokens: mem.NewTokens(backlog), Backlog: backlog, Ledger: mem.NewLedger(clock, 4), Withdrawals: withdrawals, Days: mem.NewWithdrawalDays(),
		Packets: packets, Items: items, Lists: mem.NewListPresence(withdrawals, packets, items), Permits: mem.NewPermits(), Leases: mem.NewLeases(clock),
		Totals: mem.NewTotals(), Stock: mem.NewStock(), StockLeases: mem.NewStockLeases(), Bank: mem.NewBank(), Downstreams: systems, Sealer: sealer,
		Switches: degrade.NewSet(clock), Settings: config.NewCache(unchanged{}, settings, nil, clock), Log: slog.New(slog.DiscardHandler),
	}
}

// TestWalletInMemory: a wallet whose ports are all in memory grants, posts in the background and shows the money and the
// coupon on the page. Its records then agree.
func TestWalletInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := service.New(memoryConfig(), memoryPorts(t))
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ended := make(chan error, 1)
		go func() { ended <- w.Host.Run(ctx) }()

		who := wallet.Caller{App: wallet.Douyin, User: 7}
		win := wallet.GrantRequest{Caller: who, Activity: "festival", Scene: "rain", Rain: 1, Award: wallet.Cash, Amount: 520, Opened: w.Clock.Now()}
		for range 2 { // a repeat is the same grant
			reply, err := w.API.Grant(ctx, win)
			require.NoError(t, err)
			require.Equal(t, wallet.Money(520), reply.Amount)
		}
		held, err := w.Backlog.Depth(ctx)
		require.NoError(t, err)
		require.Positive(t, held, "not posted yet")
		win.Scene, win.Award, win.Amount = "tea", wallet.HeyteaCoupon, 0
		_, err = w.API.Grant(ctx, win)
		require.NoError(t, err)

		time.Sleep(20 * time.Second)
		held, err = w.Backlog.Depth(ctx)
		require.NoError(t, err)
		require.Zero(t, held, "the host posts")
		page, err := w.API.Page(ctx, wallet.PageRequest{Caller: who, Limit: 10})
		require.NoError(t, err)
		require.Equal(t, wallet.Money(520), page.Balance)
		require.Len(t, page.Grants, 1)
		rewards, err := w.Node.Rewards(ctx, wallet.RewardsRequest{Caller: who, Limit: 10})
		require.NoError(t, err)
		require.Len(t, rewards.Items, 1)
		won, err := w.SDK.HasWon(ctx, who)
		require.NoError(t, err)
		require.True(t, won)
		spent, err := w.Spent(ctx, wallet.Official)
		require.NoError(t, err)
		require.Equal(t, wallet.Money(520), spent)
		report, err := w.Reconcile(ctx)
		require.NoError(t, err)
		require.Empty(t, report.Differences)

		stop()
		require.NoError(t, <-ended)
	})
}
