package wallet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAppsAndFamilies fixes the eight apps (B1) with their numbers on the wire and their account systems (B2).
func TestAppsAndFamilies(t *testing.T) {
	names := []string{"", "douyin", "douyin-huoshan", "douyin-lite", "xigua", "toutiao", "toutiao-lite", "fanqie-novel", "fanqie-audio"}
	require.Len(t, names, Apps+1)
	for n := App(1); n <= Apps; n++ {
		require.True(t, n.Valid())
		require.Equal(t, names[n], n.String())
		app, ok := ParseApp(names[n])
		require.True(t, ok)
		require.Equal(t, n, app)
		family := ToutiaoFamily
		if n <= DouyinLite {
			family = DouyinFamily
		}
		require.Equal(t, Account{Family: family, User: 9}, AccountOf(n, 9), "%s", n)
	}
	for _, n := range []App{0, Apps + 1} {
		require.False(t, n.Valid())
		require.Equal(t, "unknown-app", n.String())
	}
	for _, name := range []string{"", "unknown-app", "Douyin"} {
		_, ok := ParseApp(name)
		require.False(t, ok, name)
	}
}

// TestAwardTypes fixes the thirteen reward types (B4) with their numbers in order numbers.
func TestAwardTypes(t *testing.T) {
	names := []string{"", "cash", "video-subsidy", "ad-coupon", "ecommerce-coupon", "payment-coupon", "consumer-finance-coupon",
		"insurance-coupon", "credit-card-coupon", "heytea-coupon", "movie-coupon", "dou-plus-coupon", "cultural-coupon", "avatar-pendant"}
	require.Len(t, names, 13+1)
	for n := AwardType(1); int(n) < len(names); n++ {
		require.Equal(t, names[n], n.String())
		award, ok := ParseAwardType(names[n])
		require.True(t, ok)
		require.Equal(t, n, award)
	}
	require.Equal(t, "unknown-award", AwardType(0).String())
	require.Equal(t, "unknown-award", AwardType(14).String())
	_, ok := ParseAwardType("unknown-award")
	require.False(t, ok)
}

// TestStages fixes the three stages (A1) with their numbers in order numbers.
func TestStages(t *testing.T) {
	for n, name := range map[Stage]string{InternalTest: "internal-test", ExternalDrill: "external-drill", Official: "official"} {
		require.Equal(t, name, n.String())
		stage, ok := ParseStage(name)
		require.True(t, ok)
		require.Equal(t, n, stage)
	}
	require.EqualValues(t, Stages, Official)
	require.Equal(t, "unknown-stage", Stage(0).String())
	require.Equal(t, "unknown-stage", (Official + 1).String())
	_, ok := ParseStage("unknown-stage")
	require.False(t, ok)
}

func TestStrategies(t *testing.T) {
	for _, s := range Strategies {
		got, ok := ParseStrategy(string(s))
		require.True(t, ok)
		require.Equal(t, s, got)
	}
	require.Len(t, Strategies, 3, "three posting strategies (T1)")
	_, ok := ParseStrategy("both")
	require.False(t, ok)
}

// TestTokenStatusNumbers fixes the source's numbers (T4).
func TestTokenStatusNumbers(t *testing.T) {
	require.EqualValues(t, 2, TokenProcessing)
	require.EqualValues(t, 8, TokenSuccess)
}

func TestInstants(t *testing.T) {
	at := time.Date(2022, 1, 31, 20, 0, 0, 1_999, time.FixedZone("Shanghai", 8*3600))
	i := InstantOf(at)
	require.Equal(t, "2022-01-31T12:00:00.000001Z", i.String(), "truncated to the microsecond, in UTC")
	require.Equal(t, at.Truncate(time.Microsecond).UTC(), i.Time())
	require.Equal(t, i+1_500_000, i.Add(1500*time.Millisecond+999))
	require.Equal(t, -2*time.Second, i.Sub(i.Add(2*time.Second)))
}

func TestPersonOwnsEveryWallet(t *testing.T) {
	p := Person{ActID: 3, Former: []ActID{1, 2}}
	require.Equal(t, []ActID{3, 1, 2}, p.Wallets(), "the present wallet first")
	require.True(t, p.Owns(3) && p.Owns(1) && p.Owns(2))
	require.False(t, p.Owns(4) || Person{}.Owns(1))
}

func TestWithdrawalNoNamesAccountAndRequest(t *testing.T) {
	no := WithdrawalNo{Account: AccountOf(Toutiao, 7), Request: 9}
	require.Equal(t, "w_2_7_9", no.String())
	require.NotEqual(t, no.String(), WithdrawalNo{Account: AccountOf(Douyin, 7), Request: 9}.String())
}

func TestDifferencePrintsOneLine(t *testing.T) {
	no := OrderNo{ActID: 1, Scene: "rain", Rain: 2, Award: Cash, Stage: Official}
	require.Equal(t, "orders/ledger missing: order 1_rain_2_1_3, want 5 fen, got 0 fen",
		Difference{Kind: Missing, Sides: "orders/ledger", Order: no, Want: 5}.String())
	require.Equal(t, "budget/ledger official amount differs: want 5 fen, got 6 fen",
		Difference{Kind: AmountOff, Sides: "budget/ledger official", Want: 5, Got: 6}.String(), "a difference of sums names no order")
}
