package open_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// TestServeScenario: a scenario's official stage is granted as it says: its scenes, its cap, and its budget to the fen.
func TestServeScenario(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, func(c *open.Config) { c.Scenario = "../../../internal/cmd/testdata/tiny.yaml" })
	grant := func(user int64, rain int, fen int64) string {
		body := strings.Replace(servetest.GrantBody(user, rain, fen), "spring-festival", "festival", 1)
		return s.CallAs(t, "demo", "GrantService/Grant", body, &pb.GrantReply{})
	}
	const budget, most = 100_000, 8_800
	require.Equal(t, "over_cap", grant(7, 1, most+1))
	for rain := range budget / most {
		require.Equal(t, "ok", grant(7, rain, most))
	}
	require.Equal(t, "over_budget", grant(7, 100, most))
	require.Equal(t, "over_budget", grant(8, 101, budget%most+1))
	require.Equal(t, "ok", grant(8, 102, budget%most), "the rest fits")
	require.Equal(t, "over_budget", grant(9, 103, 1))
	require.Equal(t, "over_budget", grant(7, 100, most), "what was refused stays so")
	require.NotEqual(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 1), &pb.GrantReply{}), "the built-in activity is not served")
	s.Stop()
	b := servetest.ReadRecords(t, &s.Config, false)
	require.EqualValues(t, budget, b.Spent)
	require.Equal(t, wallet.Quota{Reserved: budget, Leased: budget}, b.Quota)
}

// TestServeLimits: what the configuration closes is closed.
func TestServeLimits(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, func(c *open.Config) {
		c.Strategy, c.SyncLimit = string(wallet.StrategySync), 1
		c.Release = open.Release{Num: 0, Den: 1, WhiteList: []int64{1}} // the first wallet that there is
	})
	limited := false
	for user := int64(1); user <= 50 && !limited; user++ { // one a second, and what a limiter lets pass at first
		reason := s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(user, 1, 88), &pb.GrantReply{})
		require.Contains(t, []string{"ok", "limited"}, reason)
		limited = reason == "limited"
	}
	require.True(t, limited, "grants above the limit are refused before anything is done")

	var paid pb.WithdrawReply
	require.Equal(t, "ok", s.CallByUser(t, 1, "WalletService/Withdraw", `{"request":1,"amount_fen":88}`, &paid), "on the white list")
	require.Equal(t, "not_released", s.CallByUser(t, 2, "WalletService/Withdraw", `{"request":1,"amount_fen":88}`, &paid))
}

// TestServeOverload: requests above the limit of concurrent requests, and requests beyond their deadline, are refused with that reason.
func TestServeOverload(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, func(c *open.Config) { c.MaxInFlight = 1 })
	s.Client = servetest.NewClient(servetest.ConcurrentClients)
	t.Cleanup(s.Client.CloseIdleConnections)
	var all sync.WaitGroup
	var refused atomic.Bool
	for user := range int64(servetest.ConcurrentClients) {
		all.Go(func() {
			for rain := 0; rain < 1000 && !refused.Load(); rain++ {
				if reason, err := s.TryAs("demo", "GrantService/Grant", servetest.GrantBody(user+1, rain, 1), &pb.GrantReply{}); err == nil && reason == "overloaded" {
					refused.Store(true)
				}
			}
		})
	}
	all.Wait()
	require.True(t, refused.Load())

	data := t.TempDir()
	s = servetest.Start(t, func(c *open.Config) { c.Data, c.Deadline = data, time.Millisecond })
	var wins []string
	for rain := range 100 { // more than a disk takes in a millisecond
		wins = append(wins, servetest.GrantBody(7, rain, 1))
	}
	body := `{"grants":[` + strings.Join(wins, ",") + `]}`
	var reply pb.BatchGrantReply
	outcomes := map[string]int{}
	if reason := s.CallAs(t, "demo", "GrantService/BatchGrant", body, &reply); reason != "ok" {
		outcomes[reason] = len(wins)
	}
	for _, r := range reply.Results {
		outcomes[r.GetError().GetReason()]++ // "" is a grant
	}
	delete(outcomes, "")
	require.NotEmpty(t, outcomes, "not all of it can be done in time")
	for reason := range outcomes {
		require.Contains(t, []string{"unknown_outcome", "unavailable", "overloaded"}, reason)
	}
	s.Stop()
	s = servetest.Start(t, func(c *open.Config) { c.Data = data })
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/BatchGrant", body, &reply), "a repeat under the same numbers settles it")
	for _, r := range reply.Results {
		require.Nil(t, r.GetError())
	}
	servetest.RequireSettled(t, s, len(wins), int64(len(wins)))
}

// TestServeDoor: what comes in is limited by kind, over all instances, and what one kind takes is not another's.
func TestServeDoor(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, func(c *open.Config) { c.Limits = open.Limits{Grants: 1000, Pages: 3} })
	begun := time.Now()
	passed, limited := 0, 0
	for range 60 {
		switch reason := s.CallByUser(t, 1, "WalletService/WalletPage", `{}`, &pb.WalletPageReply{}); reason {
		case "ok":
			passed++
		case "limited":
			limited++
		default:
			t.Fatal(reason)
		}
	}
	seconds := int(time.Since(begun)/time.Second) + 2 // windows that the requests may have touched
	require.NotZero(t, limited)
	require.NotZero(t, passed)
	require.LessOrEqual(t, passed, 3*seconds)
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(1, 1, 88), &pb.GrantReply{}))
	require.NotEqual(t, "limited", s.CallByUser(t, 1, "WalletService/Withdraw", `{"request":1,"amount_fen":88}`, &pb.WithdrawReply{}), "it has no limit")
}
