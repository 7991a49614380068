package open_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
)

// TestServeRewardsOverRestart: grants are still recorded after a restart. A coupon can still be used, although the stand-in
// downstream has lost it. All of the stock can be issued: no lease stays with the earlier process run.
func TestServeRewardsOverRestart(t *testing.T) {
	t.Parallel()
	const stock = 250 // more than an instance leases at once
	dir, data := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "tea.yaml")
	text, err := os.ReadFile("../../../internal/cmd/testdata/tiny.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(replaceOnce(t, string(text), "stock: 100}", fmt.Sprintf("stock: %d}", stock))), 0o600))
	start := func() *servetest.Service {
		return servetest.Start(t, func(c *open.Config) { c.Data, c.Scenario = data, file })
	}
	ticket := func(s *servetest.Service, user int64) *pb.GrantReply {
		body := replaceOnce(t, replaceOnce(t, replaceOnce(t, tea(user), "spring-festival", "festival"), "fireworks-tea", "cinema"),
			"AWARD_TYPE_HEYTEA_COUPON", "AWARD_TYPE_MOVIE_COUPON")
		m := &pb.GrantReply{}
		require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", body, m))
		return m
	}
	s := start()
	first := ticket(s, 1)
	require.Equal(t, "ticket", first.Item.Reward)
	servetest.Eventually(t, "the ticket is settled", func() bool { return ticket(s, 1).Item.State == pb.ItemState_ITEM_STATE_SETTLED })
	s.Stop()

	s = start()
	require.Equal(t, first.Order, ticket(s, 1).Order)
	require.Equal(t, "ok", s.CallByUser(t, 1, "WalletService/UseReward", fmt.Sprintf(`{"order":%q}`, first.Order), &pb.UseRewardReply{}))
	got := 1
	for user := int64(2); user < stock+20; user++ {
		if ticket(s, user).Item.State != pb.ItemState_ITEM_STATE_VOID {
			got++
		}
	}
	require.Equal(t, stock, got)
}

// replaceOnce replaces what is there exactly once.
func replaceOnce(t *testing.T, s, from, to string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(s, from), "%q", from)
	return strings.Replace(s, from, to, 1)
}
