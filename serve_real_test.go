package main

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// TestServeRealInstances: two instances on the same stores are one wallet, and what one leaves the other takes over.
func TestServeRealInstances(t *testing.T) {
	stores, keys := onRealStores(t), t.TempDir()
	instance := func(name string) *served {
		return startService(t, func(c *serveConfig) { stores(c); c.Data, c.Instance, c.Instances = keys, name, 2 })
	}
	a, b := instance("a"), instance("b")
	both := func(why string, n int, of ...*served) {
		for _, s := range of {
			eventually(t, s.config.Instance+" "+why, func() bool {
				var status pb.StatusReply
				return s.as(t, "viewer", "OperatorService/Status", "{}", &status) == "ok" && len(status.Instances) == n
			})
		}
	}
	both("knows of the other", 2, a, b)

	var won, again pb.GrantReply
	require.Equal(t, "ok", a.as(t, "demo", "GrantService/Grant", win(7, 1, 88), &won))
	require.Equal(t, "ok", b.as(t, "demo", "GrantService/Grant", win(7, 1, 88), &again), "a repeat may come to another instance")
	require.Equal(t, won.Order, again.Order)
	require.Equal(t, "conflict", b.as(t, "demo", "GrantService/Grant", win(7, 1, 89), &again))
	shows(t, b, wallet.StrategyToken, 7, 88)
	var paid pb.WithdrawReply
	require.Equal(t, "ok", b.by(t, 7, "WalletService/Withdraw", `{"request":1,"amount_fen":80}`, &paid))
	shows(t, a, wallet.StrategyToken, 7, 8)
	require.Equal(t, "ok", a.as(t, "operator", "OperatorService/SetSwitch", `{"name":"distrust-tokens","on":true}`, &pb.SetSwitchReply{}))
	eventually(t, "the switch is heard of at the other instance", func() bool {
		var page pb.WalletPageReply
		require.Equal(t, "ok", b.by(t, 7, "WalletService/WalletPage", holding(won.Token), &page))
		return reasons(1, page.Refused)[0] == "token_distrusted"
	})
	atRest(t, a, 1, 88)
	atRest(t, b, 1, 88)

	a.stop()
	both("is alone", 1, b)
	const people = 200 // several for each shard
	for user := int64(1); user <= people; user++ {
		require.Equal(t, "ok", b.as(t, "demo", "GrantService/Grant", win(user, 2, 3), &won))
	}
	atRest(t, b, 1+people, 88+3*people) // every shard is posted

	c := instance("c") // on top of what others have left
	shows(t, c, wallet.StrategyToken, 7, 11)
	both("knows of the new one", 2, b, c)
	b.stop()
	c.stop()
	books := readBooks(t, &c.config, false)
	require.Zero(t, books.sum)
	require.Equal(t, wallet.Quota{Reserved: 688, Leased: 688}, books.quota)
}

// password is what must never be seen.
const password = "geheim-5cb8a1"

// nowhere returns an address of the loopback at which nobody listens.
func nowhere(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// TestServeRealTotalsBackup: the running total is kept twice, and goes on being read when the switch moves its reads (R4).
func TestServeRealTotalsBackup(t *testing.T) {
	stores, backup := onRealStores(t), miniredis.RunT(t)
	s := startService(t, func(c *serveConfig) { stores(c); c.Redis.Backup = &redisEndpoint{Addrs: []string{backup.Addr()}} })
	total := func(fen int64) func() bool {
		return func() bool {
			var now pb.RunningTotalReply
			return s.as(t, "demo", "QueryService/RunningTotal", `{"stage":"STAGE_OFFICIAL"}`, &now) == "ok" && now.TotalFen == fen
		}
	}
	require.Equal(t, "ok", s.as(t, "demo", "GrantService/Grant", win(7, 1, 88), &pb.GrantReply{}))
	eventually(t, "the total is read", total(88))
	eventually(t, "and is at the backup too", func() bool {
		return slices.ContainsFunc(backup.Keys(), func(k string) bool { return strings.Contains(k, "total:") })
	})
	require.Equal(t, "ok", s.as(t, "operator", "OperatorService/SetSwitch", `{"name":"totals-backup","on":true}`, &pb.SetSwitchReply{}))
	require.Equal(t, "ok", s.as(t, "demo", "GrantService/Grant", win(7, 2, 12), &pb.GrantReply{}))
	eventually(t, "the total grows", total(100))
}
