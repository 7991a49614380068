package traffic

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// plays is the festival with a window of cards, the lottery of the collectors, and rain on friends' pages.
func plays(pot wallet.Money) *scenarios.Scenario {
	s := festival(3_000, 300)
	s.Activity.Children = []wallet.Child{{Stage: wallet.Official, SingleCap: 1_000}}
	cards, lottery, friends := s.Windows[0], s.Windows[1], s.Windows[2]
	cards.Name, cards.Stage = "cards", wallet.Official
	cards.Rate = []scenarios.Point{{At: 0, Rate: scenarios.Ratio{Num: 900, Den: 1}}, {At: 10 * time.Second, Rate: scenarios.Ratio{Num: 900, Den: 1}}}
	cards.Rain, cards.Rules = 5, scenarios.Rules{Cards: &scenarios.Cards{Kinds: []int{3, 2, 1}, Draws: 6}, Prizes: []scenarios.Prize{
		{Scene: "cash", Award: wallet.Cash, Weight: 3, Amount: cards.Amount}, {Scene: "tea", Award: wallet.HeyteaCoupon, Weight: 1}}}
	lottery.Name, lottery.Stage, lottery.Scene, lottery.Start = "lottery", wallet.Official, "lottery", cards.End()
	lottery.Rate = []scenarios.Point{{At: 0, Rate: scenarios.Ratio{Num: 3_000, Den: 1}}, {At: time.Second, Rate: scenarios.Ratio{Num: 3_000, Den: 1}}}
	lottery.People = scenarios.Ratio{Num: 1, Den: 1}
	lottery.Rules = scenarios.Rules{Lottery: &scenarios.Lottery{Of: "cards", Pot: pot}}
	friends.Name, friends.Scene, friends.Rain, friends.Friends = "friends", "friends", 10, 4
	friends.Rate = []scenarios.Point{{At: 0, Rate: scenarios.Ratio{Num: 5_000, Den: 1}}, {At: time.Second, Rate: scenarios.Ratio{Num: 5_000, Den: 1}}}
	s.Windows = []scenarios.Window{cards, lottery, friends}
	return s
}

// Each chance of a person is used at most once, with a separate rain number, and rewards follow their weights.
func TestChancesAndMix(t *testing.T) {
	s := plays(100_000)
	won, tea, byWindow := map[wallet.OrderNo]bool{}, 0, make([]int, len(s.Windows))
	for _, a := range drain(New(s, 3)) {
		w := s.Windows[a.Window]
		require.True(t, a.Rain >= w.Rain && int64(a.Rain) < int64(w.Rain)+w.Times())
		no := wallet.OrderNo{ActID: wallet.ActID(a.Person), Scene: wallet.SceneID(w.Name), Rain: a.Rain}
		require.False(t, won[no], "%v twice", no)
		won[no] = true
		byWindow[a.Window]++
		if a.Award != wallet.Cash {
			require.Zero(t, a.Amount)
			tea++
		} else {
			require.Positive(t, a.Amount)
		}
	}
	require.Equal(t, 9_000, byWindow[0])
	require.InDelta(t, 9_000/4, tea, 200, "one grant in four is a coupon")
	require.Equal(t, 5_000, byWindow[2])
}

// The people who drew every kind of card, and nobody else, take part in the lottery, once each, and share its pot exactly.
func TestLotteryIsOfCollectors(t *testing.T) {
	s := plays(100_003)
	tr := New(s, 3)
	cards := tr.windows[0]
	drawn := map[int64]map[int]bool{}
	for k := range uint64(tr.Total(0)) {
		chance := cards.chances.of(k)
		p, _ := cards.members.chance(chance)
		if drawn[p] == nil {
			drawn[p] = map[int]bool{}
		}
		drawn[p][cards.card(chance)] = true
	}
	want := map[int64]bool{}
	for p, kinds := range drawn {
		if len(kinds) == 3 {
			want[p] = true
		}
	}
	require.Greater(t, len(want), 100)
	require.Less(t, len(want), 2_900)
	sum, got := wallet.Money(0), map[int64]bool{}
	least, most := wallet.Money(1<<40), wallet.Money(0)
	for _, a := range drain(New(s, 3)) {
		if a.Window == 1 {
			got[a.Person] = true
			sum += a.Amount
			least, most = min(least, a.Amount), max(most, a.Amount)
		}
	}
	require.Equal(t, want, got)
	require.EqualValues(t, len(want), tr.Members(1))
	require.Equal(t, wallet.Money(100_003), sum, "to the last fen")
	require.LessOrEqual(t, most-least, wallet.Money(1))
}

// A pot that is too small for all gives one fen each to as many people as it has fen; no share is above the cap of a grant.
func TestPotBounds(t *testing.T) {
	for _, c := range []struct {
		why       string
		pot       wallet.Money
		sum, most wallet.Money
	}{
		{"seven fen for hundreds", 7, 7, 1},
		{"a share each above the cap", 1 << 40, 0, 1_000},
	} {
		sum, n, most := wallet.Money(0), wallet.Money(0), wallet.Money(0)
		for _, a := range drain(New(plays(c.pot), 3)) {
			if a.Window == 1 {
				sum, n, most = sum+a.Amount, n+1, max(most, a.Amount)
			}
		}
		if c.sum == 0 {
			c.sum = n * c.most
		}
		require.Equal(t, c.sum, sum, c.why)
		require.Equal(t, c.most, most, c.why)
	}
}

// At a third of the size a third of the people collect, win and share: the odds stay the same.
func TestScaleKeepsOdds(t *testing.T) {
	whole := plays(300_000)
	small, err := scenarios.Scale(whole, 1, 3)
	require.NoError(t, err)
	a, b := New(whole, 3), New(small, 3)
	for i := range whole.Windows {
		require.Equal(t, a.Total(i) == 0, b.Total(i) == 0)
	}
	require.Equal(t, a.Total(0)/3, b.Total(0))
	require.InDelta(t, float64(a.Members(1))/3, float64(b.Members(1)), 50)
	require.Equal(t, wallet.Money(100_000), small.Windows[1].Lottery.Pot)
	require.Equal(t, wallet.Money(300_000), whole.Windows[1].Lottery.Pot, "the original is not changed")
}
