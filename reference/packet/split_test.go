package packet_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/packet"
	"hongbao/reference/wallet"
)

func TestSplitIsExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		no := wallet.PacketNo{Account: wallet.Account{Family: wallet.Family(rapid.IntRange(1, 2).Draw(rt, "family")),
			User: wallet.UserID(rapid.Int64().Draw(rt, "user"))}, Request: rapid.Int64().Draw(rt, "request")}
		n := rapid.IntRange(1, wallet.MaxShares).Draw(rt, "shares")
		amount := wallet.Money(rapid.Int64Range(int64(n), int64(wallet.MaxPacketShare)*int64(n)).Draw(rt, "amount"))
		shares := packet.Split(no, amount, n)
		require.Len(rt, shares, n)
		require.Equal(rt, shares, packet.Split(no, amount, n), "a repeat is split in the same way")
		left := amount
		for i, s := range shares {
			require.Positive(rt, s)
			if rest := wallet.Money(n - i); rest > 1 {
				require.LessOrEqual(rt, s, 2*(left/rest), "at most twice the average of the rest")
			}
			left -= s
		}
		require.Zero(rt, left)
	})
}

// TestSplitIsRecorded fixes some splits: a packet repeated after an update must be split in the same way.
func TestSplitIsRecorded(t *testing.T) {
	for _, c := range []struct {
		family  wallet.Family
		user    wallet.UserID
		request int64
		amount  wallet.Money
		want    []wallet.Money
	}{
		{wallet.DouyinFamily, 7, 1, 100, []wallet.Money{100}},
		{wallet.DouyinFamily, 7, 1, 3, []wallet.Money{1, 1, 1}},
		{wallet.DouyinFamily, 7, 1, 1000, []wallet.Money{341, 25, 155, 308, 171}},
		{wallet.ToutiaoFamily, 7, 1, 1000, []wallet.Money{375, 245, 126, 190, 64}},
		{wallet.DouyinFamily, 7, 2, 1000, []wallet.Money{103, 187, 88, 535, 87}},
	} {
		no := wallet.PacketNo{Account: wallet.Account{Family: c.family, User: c.user}, Request: c.request}
		require.Equal(t, c.want, packet.Split(no, c.amount, len(c.want)), "%s", no)
	}
}

// TestSplitIsFair: over many packets, all positions get the same average, and the shares vary.
func TestSplitIsFair(t *testing.T) {
	const packets, n, average = 20_000, 5, 1000
	var sums, least, most [n]float64
	for i := range least {
		least[i] = math.Inf(1)
	}
	for request := range int64(packets) {
		no := wallet.PacketNo{Account: wallet.Account{Family: wallet.DouyinFamily, User: 3}, Request: request}
		for i, s := range packet.Split(no, n*average, n) {
			sums[i] += float64(s)
			least[i], most[i] = min(least[i], float64(s)), max(most[i], float64(s))
		}
	}
	for i, sum := range sums {
		// The widest share's deviation is below twice the average, so the mean's is below 2·1000/√20000 = 14 fen.
		require.InDelta(t, average, sum/packets, 5*14, "share %d", i)
		require.Less(t, least[i], 0.1*average, "share %d", i)
		require.Greater(t, most[i], 1.8*average, "share %d", i)
	}
}
