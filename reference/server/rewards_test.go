package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// coupon returns a recorded reward.
func coupon() wallet.Item {
	no := wallet.OrderNo{ActID: 1, Scene: "movie", Rain: 2, Award: wallet.MovieCoupon, Stage: wallet.Official}
	return wallet.Item{No: no, Asked: "movie", Account: wallet.Account{Family: wallet.DouyinFamily, User: 7}, Opened: 100, Created: 101,
		Award: wallet.AdCoupon, Reward: "ad", Counted: no, State: wallet.ItemSettled, Changed: 102, Ref: "K-1", Expires: 200}
}

func TestRewardsOnTheWire(t *testing.T) {
	f := start(t)
	f.rewards.page = wallet.RewardsPage{Stage: wallet.Official, Items: []wallet.Item{coupon()}, Next: wallet.Cursor{Opened: 100, Order: coupon().No}}
	got := f.callAsUser(7, "WalletService/Rewards", `{"limit":5,"after":"100:1_movie_2_10_3"}`)
	require.Equal(t, "ok", got.reason(), got.body)
	require.Equal(t, wallet.RewardsRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 7}, After: wallet.Cursor{Opened: 100, Order: coupon().No}, Limit: 5}, f.rewards.last())
	require.Equal(t, "100:1_movie_2_10_3", got.text("next"))
	require.Equal(t, map[string]any{"order": "1_movie_2_10_3", "asked": "movie", "award": "AWARD_TYPE_AD_COUPON", "reward": "ad", "state": "ITEM_STATE_SETTLED",
		"opened_us": "100", "changed_us": "102", "ref": "K-1", "expires_us": "200"}, got.list("items")[0])
	f.rewards.item = coupon()
	f.rewards.item.State, f.rewards.item.Expires = wallet.ItemUsed, wallet.Never
	got = f.callAsUser(7, "WalletService/UseReward", `{"order":"1_movie_2_10_3"}`)
	require.Equal(t, "ok", got.reason(), got.body)
	require.Equal(t, wallet.UseRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 7}, Order: coupon().No}, f.rewards.last())
	used := got.fields["item"].(map[string]any)
	require.Equal(t, "ITEM_STATE_USED", used["state"])
	require.Equal(t, "0", used["expires_us"], "it never expires")

	for err, want := range map[error]string{wallet.ErrNotYours: "unauthorised not_yours", wallet.ErrExpired: "refused expired", wallet.ErrNotUsable: "refused not_usable",
		wallet.ErrSwitchedOff: "unavailable switched_off", wallet.ErrDeclined: "refused declined", wallet.ErrSoldOut: "refused sold_out", wallet.ErrUnknown: "unknown unknown_outcome"} {
		f.rewards.err = err
		require.Equal(t, want, f.callAsUser(7, "WalletService/UseReward", `{"order":"1_movie_2_10_3"}`).reason())
	}
	f.rewards.err, f.rewards.calls = nil, nil
	for method, bodies := range map[string][]string{
		"WalletService/Rewards": {`{"limit":101}`, `{"limit":-1}`, `{"after":"x"}`, `{"after":"5:1_rain_1_1_9"}`, `{"at_us":-1}`, `{"at_us":9223372036854775807}`},
		"WalletService/UseReward": {`{}`, `{"order":"1_movie_2_10"}`, `{"order":"1_movie_2_10_3 "}`, `{"order":"-1_movie_2_10_3"}`,
			`{"order":"` + strings.Repeat("1", 10_000) + `"}`},
	} {
		for _, body := range bodies {
			require.Equal(t, "invalid invalid", f.callAsUser(7, method, body).reason(), body)
		}
		require.Equal(t, "unauthorised not_yours", f.callAsUser(7, method, `{"who":{"app":1,"user":8}}`).reason())
		require.Equal(t, "invalid malformed", f.callAsUser(7, method, `{"who":{"app":1,"usr":7}}`).reason())
	}
	require.Nil(t, f.rewards.last(), "no invalid request reaches the service")
}

func TestCouponStock(t *testing.T) {
	f := start(t)
	got := f.callAs("asker", "QueryService/CouponStock", `{"reward":"movie","stage":"STAGE_OFFICIAL"}`)
	require.Equal(t, "ok", got.reason(), got.body)
	require.Equal(t, "3", got.text("issued"))
	require.Equal(t, "1099511627776", got.text("total"))
	require.Equal(t, "not_found not_found", f.callAs("asker", "QueryService/CouponStock", `{"reward":"none","stage":3}`).reason())
	for _, body := range []string{`{}`, `{"reward":"movie"}`, `{"reward":"Movie","stage":3}`, `{"reward":"` + strings.Repeat("m", 33) + `","stage":3}`} {
		require.Equal(t, "invalid invalid", f.callAs("asker", "QueryService/CouponStock", body).reason(), body)
	}
	require.Equal(t, "unauthorised out_of_scope", f.callAs("giver", "QueryService/CouponStock", `{"reward":"movie","stage":3}`).reason())
}

func TestRefund(t *testing.T) {
	f := start(t)
	f.rewards.item = coupon()
	got := f.callAs("operator", "OperatorService/RefundReward", `{"order":"1_movie_2_10_3"}`)
	require.Equal(t, "ok", got.reason(), got.body)
	require.Equal(t, coupon().No, f.rewards.last())
	require.Equal(t, "invalid invalid", f.callAs("operator", "OperatorService/RefundReward", `{"order":"1_rain_2_1_3"}`).reason(), "cash cannot be taken back")
	require.Equal(t, "invalid invalid", f.callAs("operator", "OperatorService/RefundReward", `{}`).reason())
}

func TestPacketsOnTheWire(t *testing.T) {
	f := start(t)
	no := wallet.PacketNo{Account: wallet.Account{Family: wallet.DouyinFamily, User: 7}, Request: 5}
	f.rewards.packet = wallet.Packet{No: no, Owner: 99, Wallets: []wallet.ActID{99}, Stage: wallet.Official, Amount: 300, Greeting: "新年好", Created: 100, State: wallet.PacketSent, Count: 3, Opened: 2,
		Shares: []wallet.Share{{For: wallet.Account{Family: wallet.ToutiaoFamily, User: 8}, Wallet: 97, Amount: 300, State: wallet.ShareOpened, Owner: 98, At: 101}}}
	got := f.callAsUser(7, "WalletService/SendPacket", `{"request":5,"amount_fen":300,"to":[{"app":"APP_TOUTIAO","user":8}],"greeting":"新年好","tokens":["AAAA"]}`)
	require.Equal(t, "ok", got.reason(), got.body)
	require.Equal(t, wallet.SendPacketRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 7}, Request: 5, Amount: 300, To: []wallet.Caller{{App: wallet.Toutiao, User: 8}},
		Greeting: "新年好", Tokens: [][]byte{{0, 0, 0}}}, f.rewards.last())
	require.Equal(t, map[string]any{"number": "p_1_7_5", "amount_fen": "300", "created_us": "100", "state": "PACKET_STATE_SENT", "greeting": "新年好", "stage": "STAGE_OFFICIAL",
		"share_count": 3.0, "opened_count": 2.0, "shares": []any{map[string]any{"for": map[string]any{"family": 2.0, "user": "8"}, "amount_fen": "300", "state": "SHARE_STATE_OPENED", "at_us": "101"}}}, got.fields["packet"],
		"wallet numbers are not shown")
	f.rewards.share = f.rewards.packet.Shares[0]
	got = f.do(f.request("WalletService/OpenPacket", `{"packet":"p_1_7_5"}`, f.session(wallet.Toutiao, 8)))
	require.Equal(t, "ok", got.reason(), got.body)
	require.Equal(t, wallet.OpenPacketRequest{Caller: wallet.Caller{App: wallet.Toutiao, User: 8}, Packet: no}, f.rewards.last())
	require.Equal(t, "300", got.fields["share"].(map[string]any)["amount_fen"])
	require.Equal(t, "ok", f.callAsUser(7, "WalletService/OpenPacket", `{"packet":"p_1_7_5","for":{"family":2,"user":"8"}}`).reason())
	require.Equal(t, wallet.OpenPacketRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 7}, Packet: no, For: wallet.Account{Family: wallet.ToutiaoFamily, User: 8}}, f.rewards.last())

	f.rewards.calls = nil
	to := strings.Repeat(`{"app":1,"user":8},`, wallet.MaxShares) + `{"app":1,"user":8}`
	for _, body := range []string{`{}`, `{"to":[]}`, `{"to":[{}]}`, `{"to":[{"app":1}]}`, `{"to":[{"app":9,"user":8}]}`, `{"to":[{"app":1,"user":-8}]}`, `{"to":[` + to + `]}`, `{"at_us":-1,"to":[{"app":1,"user":8}]}`} {
		require.Equal(t, "invalid invalid", f.callAsUser(7, "WalletService/SendPacket", body).reason(), body)
	}
	for _, body := range []string{`{"amount_fen":1.5}`, `{"amount_fen":9223372036854775808}`, `{"to":[{"app":1,"user":8,"x":1}]}`, `{"greeting":5}`} {
		require.Equal(t, "invalid malformed", f.callAsUser(7, "WalletService/SendPacket", body).reason(), body)
	}
	for _, account := range []string{`{}`, `{"family":1}`, `{"user":8}`, `{"family":3,"user":8}`, `{"family":257,"user":8}`, `{"family":1,"user":-8}`} {
		require.Equal(t, "invalid invalid", f.callAsUser(7, "WalletService/OpenPacket", `{"packet":"p_1_7_5","for":`+account+`}`).reason(), account)
	}
	for _, packet := range []string{"", "p_1_7", "p_1_7_05", "w_1_7_5", "p_3_7_5", "p_1_7_5_", "p_1_-7_5", "p_1_7_0", "p_1_7_" + strings.Repeat("5", 5000)} {
		require.Equal(t, "invalid invalid", f.callAsUser(7, "WalletService/OpenPacket", fmt.Sprintf(`{"packet":%q}`, packet)).reason(), packet)
	}
	require.Equal(t, "unauthorised not_yours", f.callAsUser(7, "WalletService/SendPacket", `{"who":{"app":2,"user":7}}`).reason(), "another app is another session")
	require.Nil(t, f.rewards.last())
	body := `{"request":1,"amount_fen":9007199254740993,"to":[{"app":1,"user":9007199254740993}]}`
	require.Equal(t, "ok", f.callAsUser(7, "WalletService/SendPacket", body).reason())
	asked := f.rewards.last().(wallet.SendPacketRequest)
	require.EqualValues(t, 1<<53+1, asked.Amount, "above what a float represents exactly")
	require.EqualValues(t, 1<<53+1, asked.To[0].User)
}

// TestMarkedRewards: with the load-test mark users' calls go only to the shadow's services.
func TestMarkedRewards(t *testing.T) {
	shadow := &fakeRewards{}
	f := start(t, func(_ *Config, p *Ports) { p.Shadow, p.ShadowRewards, p.ShadowPackets = p.Service, shadow, shadow })
	for method, body := range map[string]string{"Rewards": `{}`, "UseReward": `{"order":"1_movie_2_10_3"}`, "SendPacket": `{"to":[{"app":1,"user":8}]}`, "OpenPacket": `{"packet":"p_1_7_5"}`} {
		r := f.request("WalletService/"+method, body, f.session(wallet.Douyin, 7))
		r.Header.Set("Hongbao-Load-Test", "1")
		got := f.do(r)
		require.Equal(t, "ok", got.reason(), "%s %s", method, got.body)
	}
	require.Len(t, shadow.calls, 4)
	require.Nil(t, f.rewards.last())

	alone := start(t, func(_ *Config, p *Ports) { p.Shadow = p.Service })
	r := alone.request("WalletService/Rewards", `{}`, alone.session(wallet.Douyin, 7))
	r.Header.Set("Hongbao-Load-Test", "1")
	require.Equal(t, "refused no_shadow", alone.do(r).reason(), "without a shadow service the live one is not used")
	require.Nil(t, alone.rewards.last())

	bare := start(t, func(_ *Config, p *Ports) {
		p.Rewards, p.Packets, p.NoticeReader, p.Coupons, p.Bulk, p.Notices, p.Settings, p.Refunds, p.Callbacks = nil, nil, nil, nil, nil, nil, nil, nil, nil
	})
	for _, method := range []string{"Rewards", "UseReward", "SendPacket", "OpenPacket", "Notices"} {
		require.Equal(t, "unavailable not_served", bare.callAsUser(7, "WalletService/"+method, `{}`).reason(), method)
	}
	for _, method := range []string{"GetSettings", "Announce", "CheckBulk", "RefundReward"} {
		require.Equal(t, "unavailable not_served", bare.callAs("operator", "OperatorService/"+method, `{}`).reason(), method)
	}
}

// TestGrantedItem: an upstream sees what was granted, but not the coupon's code, which only the owner may see. Rain
// numbers of bulk re-issues are refused.
func TestGrantedItem(t *testing.T) {
	item := coupon()
	m := grantReply(wallet.GrantReply{Order: item.No, State: wallet.GrantAccepted, Item: &item})
	require.Equal(t, "ad", m.Item.Reward)
	require.Equal(t, "movie", m.Item.Asked)
	require.Empty(t, m.Item.Ref)
	f := start(t)
	require.Equal(t, "invalid invalid", f.callAs("demo", "GrantService/Grant", grantBody(7, wallet.BulkRain, 10)).reason())
	require.Equal(t, "ok", f.callAs("demo", "GrantService/Grant", grantBody(7, wallet.BulkRain-1, 10)).reason())
}

func TestCallbacks(t *testing.T) {
	f := start(t, func(c *Config, _ *Ports) { c.BodyTimeout = 300 * time.Millisecond })
	notify := func(award, body string) answer {
		r, err := http.NewRequest(http.MethodPost, f.url+"/callbacks/"+award, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Signed", "s")
		return f.do(r)
	}
	require.Equal(t, http.StatusOK, notify("ad-coupon", "settled").status)
	require.Equal(t, "ad-coupon s settled", f.rewards.last())
	for _, award := range []string{"", "gold", "cash", "ad-coupon/x", "AD-COUPON"} {
		require.Equal(t, http.StatusNotFound, notify(award, "x").status, award)
	}
	require.Equal(t, "invalid too_large", notify("ad-coupon", strings.Repeat("x", maxCallback+1)).reason())
	require.Equal(t, http.StatusOK, notify("ad-coupon", strings.Repeat("x", maxCallback)).status)
	for err, want := range map[error]string{wallet.ErrNotYours: "unauthorised not_yours", wallet.ErrUnknown: "unknown unknown_outcome", wallet.ErrInvalid: "invalid invalid"} {
		f.rewards.err = err
		require.Equal(t, want, notify("ad-coupon", "x").reason())
	}
	require.Equal(t, "internal internal", notify("ad-coupon", "defect").reason())
	f.rewards.err = nil
	require.Equal(t, http.StatusOK, notify("ad-coupon", "x").status, "a panic fails one request only")
	f.server.gates[downstreams].Max = 0
	require.Equal(t, "overloaded overloaded", notify("ad-coupon", "x").reason())
	r, err := http.NewRequest(http.MethodGet, f.url+"/callbacks/ad-coupon", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, f.do(r).status)
	f.server.draining.Store(true)
	require.Equal(t, "unavailable draining", notify("ad-coupon", "x").reason())
	f.server.draining.Store(false)
}
