package open_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// TestServeRealInstances: two instances on the same stores are one wallet, and what one leaves the other takes over.
func TestServeRealInstances(t *testing.T) {
	stores, keys := servetest.OnRealStores(t), t.TempDir()
	instance := func(name string) *servetest.Service {
		return servetest.Start(t, func(c *open.Config) { stores(c); c.Data, c.Instance, c.Instances = keys, name, 2 })
	}
	a, b := instance("a"), instance("b")
	both := func(why string, n int, of ...*servetest.Service) {
		for _, s := range of {
			servetest.Eventually(t, s.Config.Instance+" "+why, func() bool {
				var status pb.StatusReply
				return s.CallAs(t, "viewer", "OperatorService/Status", "{}", &status) == "ok" && len(status.Instances) == n
			})
		}
	}
	both("knows of the other", 2, a, b)

	var won, again pb.GrantReply
	require.Equal(t, "ok", a.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &won))
	require.Equal(t, "ok", b.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &again), "a repeat may come to another instance")
	require.Equal(t, won.Order, again.Order)
	require.Equal(t, "conflict", b.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 89), &again))
	shows(t, b, wallet.StrategyToken, 7, 88)
	var paid pb.WithdrawReply
	require.Equal(t, "ok", b.CallByUser(t, 7, "WalletService/Withdraw", `{"request":1,"amount_fen":80}`, &paid))
	shows(t, a, wallet.StrategyToken, 7, 8)
	require.Equal(t, "ok", a.CallAs(t, "operator", "OperatorService/SetSwitch", `{"name":"distrust-tokens","on":true}`, &pb.SetSwitchReply{}))
	servetest.Eventually(t, "the other instance sees the switch", func() bool {
		var page pb.WalletPageReply
		require.Equal(t, "ok", b.CallByUser(t, 7, "WalletService/WalletPage", servetest.PageBody(won.Token), &page))
		return servetest.RefusalReasons(1, page.Refused)[0] == "token_distrusted"
	})
	servetest.RequireSettled(t, a, 1, 88)
	servetest.RequireSettled(t, b, 1, 88)

	a.Stop()
	both("is alone", 1, b)
	const people = 200 // several for each shard
	for user := int64(1); user <= people; user++ {
		require.Equal(t, "ok", b.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(user, 2, 3), &won))
	}
	servetest.RequireSettled(t, b, 1+people, 88+3*people) // every shard is posted

	c := instance("c") // on top of what others have left
	shows(t, c, wallet.StrategyToken, 7, 11)
	both("knows of the new one", 2, b, c)
	b.Stop()
	c.Stop()
	records := servetest.ReadRecords(t, &c.Config, false)
	require.Zero(t, records.Sum)
	require.Equal(t, wallet.Quota{Reserved: 688, Leased: 688}, records.Quota)
}

// TestServeRealTotalsBackup: the running total is kept twice, and goes on being read when the switch moves its reads (R4).
func TestServeRealTotalsBackup(t *testing.T) {
	stores, backup := servetest.OnRealStores(t), miniredis.RunT(t)
	s := servetest.Start(t, func(c *open.Config) { stores(c); c.Redis.Backup = &open.RedisEndpoint{Addrs: []string{backup.Addr()}} })
	total := func(fen int64) func() bool {
		return func() bool {
			var now pb.RunningTotalReply
			return s.CallAs(t, "demo", "QueryService/RunningTotal", `{"stage":"STAGE_OFFICIAL"}`, &now) == "ok" && now.TotalFen == fen
		}
	}
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &pb.GrantReply{}))
	servetest.Eventually(t, "the total is read", total(88))
	servetest.Eventually(t, "and is at the backup too", func() bool {
		return slices.ContainsFunc(backup.Keys(), func(k string) bool { return strings.Contains(k, "total:") })
	})
	require.Equal(t, "ok", s.CallAs(t, "operator", "OperatorService/SetSwitch", `{"name":"totals-backup","on":true}`, &pb.SetSwitchReply{}))
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 2, 12), &pb.GrantReply{}))
	servetest.Eventually(t, "the total grows", total(100))
}
