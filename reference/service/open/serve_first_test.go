package open_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
)

// TestServeFirstOfEach: the first packet and the first coupon are on the next page, also of the service's next life.
func TestServeFirstOfEach(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := servetest.Start(t, func(c *open.Config) { c.Data = data })
	look := func(user int64, packets, items int) {
		var page pb.WalletPageReply
		require.Equal(t, "ok", s.CallByUser(t, user, "WalletService/WalletPage", `{}`, &page))
		require.Len(t, page.GetPackets(), packets)
		require.Len(t, page.GetItems(), items)
	}
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &pb.GrantReply{}))
	look(7, 0, 0)
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/SendPacket", `{"request":1,"amount_fen":30,"to":[{"app":"APP_DOUYIN","user":9}]}`, &pb.SendPacketReply{}))
	look(7, 1, 0)
	look(9, 1, 0)
	body := `{"app":"APP_DOUYIN","user":7,"activity":"spring-festival","scene":"friend-pendant","rain":1,"award":"AWARD_TYPE_AVATAR_PENDANT","opened_us":` + strconv.FormatInt(time.Now().UnixMicro(), 10) + `}`
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", body, &pb.GrantReply{}))
	look(7, 1, 1)
	s.Stop()
	s = servetest.Start(t, func(c *open.Config) { c.Data = data })
	look(7, 1, 1)
	look(9, 1, 0)
}
