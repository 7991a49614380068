package activity

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// tree is a valid tree with three children, not sorted by time; the third starts exactly when the second ends.
func tree() wallet.Activity {
	child := func(s wallet.Stage, from, to wallet.Instant) wallet.Child {
		return wallet.Child{ID: wallet.ActivityID("spring-" + s.String()), Stage: s, From: from, To: to, Budget: 100, SingleCap: 10,
			Rewards: []wallet.RewardType{
				{Type: wallet.Cash, Rewards: []wallet.Reward{
					{ID: "red-packet", Scenes: []wallet.Scene{{ID: "rain"}, {ID: "fireworks"}}},
					{ID: "large-packet", Scenes: []wallet.Scene{{ID: "lottery"}}},
				}},
				{Type: wallet.HeyteaCoupon, Rewards: []wallet.Reward{{ID: "tea", Stock: 20, ThresholdNum: 1, ThresholdDen: 10, Fallback: "voucher",
					Scenes: []wallet.Scene{{ID: "tea", StockControl: true}}}}},
				{Type: wallet.EcommerceCoupon, Rewards: []wallet.Reward{{ID: "voucher", Stock: 5, Scenes: []wallet.Scene{{ID: "shop", StockControl: true}}}}},
			}}
	}
	return wallet.Activity{Parent: "spring", Children: []wallet.Child{
		child(wallet.Official, 300, 400), child(wallet.InternalTest, 100, 150), child(wallet.ExternalDrill, 200, 300),
	}}
}

func mustIndex(t *testing.T, a wallet.Activity) *Index {
	t.Helper()
	x, err := New(a)
	require.NoError(t, err)
	return x
}

// TestChildAtBoundaries: From is inclusive, To exclusive (A2).
func TestChildAtBoundaries(t *testing.T) {
	x := mustIndex(t, tree())
	for _, c := range []struct {
		at   wallet.Instant
		want wallet.Stage // 0: none
	}{
		{0, 0},
		{99, 0},
		{100, wallet.InternalTest},
		{149, wallet.InternalTest},
		{150, 0}, // the gap
		{199, 0},
		{200, wallet.ExternalDrill},
		{299, wallet.ExternalDrill},
		{300, wallet.Official}, // a moment belongs to one child only
		{399, wallet.Official},
		{400, 0},
		{wallet.Never, 0},
	} {
		got, err := x.Child(c.at)
		if c.want == 0 {
			require.ErrorIs(t, err, wallet.ErrNoActivity, "at %d", c.at)
			continue
		}
		require.NoError(t, err, "at %d", c.at)
		require.Equal(t, c.want, got.Stage, "at %d", c.at)
	}
}

func TestSceneOfRequest(t *testing.T) {
	x := mustIndex(t, tree())
	s, err := x.Scene("spring", "lottery", wallet.Cash, 300)
	require.NoError(t, err)
	require.Equal(t, wallet.SceneID("lottery"), s.ID)
	require.Equal(t, wallet.Official, s.Child.Stage)
	require.Equal(t, wallet.Cash, s.Award)
	require.Equal(t, wallet.RewardID("large-packet"), s.Reward)
	for _, c := range []struct {
		why    string
		parent wallet.ActivityID
		scene  wallet.SceneID
		award  wallet.AwardType
		at     wallet.Instant
		want   error
	}{
		{"another activity", "autumn", "rain", wallet.Cash, 300, wallet.ErrNoActivity},
		{"upstreams do not name children", "spring-official", "rain", wallet.Cash, 300, wallet.ErrNoActivity},
		{"at a time without an activity", "spring", "rain", wallet.Cash, 400, wallet.ErrNoActivity},
		{"an unknown scene", "spring", "snow", wallet.Cash, 300, wallet.ErrUnknownScene},
		{"a scene of another reward type", "spring", "tea", wallet.Cash, 300, wallet.ErrInvalid},
		{"a reward type that the scene does not grant", "spring", "rain", wallet.HeyteaCoupon, 300, wallet.ErrInvalid},
	} {
		_, err := x.Scene(c.parent, c.scene, c.award, c.at)
		require.ErrorIs(t, err, c.want, c.why)
	}
}

func TestStagesAndScenesAreFound(t *testing.T) {
	a := tree()
	a.Children = a.Children[:2] // without the drill
	a.Children[1].Rewards = a.Children[1].Rewards[:1]
	x := mustIndex(t, a)
	c, err := x.Stage(wallet.Official)
	require.NoError(t, err)
	require.Equal(t, wallet.ActivityID("spring-official"), c.ID)
	_, err = x.Stage(wallet.ExternalDrill)
	require.ErrorIs(t, err, wallet.ErrNoActivity)
	_, err = x.SceneOf(wallet.Official, "tea")
	require.NoError(t, err)
	_, err = x.SceneOf(wallet.InternalTest, "tea")
	require.ErrorIs(t, err, wallet.ErrUnknownScene, "each stage has separate scenes")

	var order []string
	for _, c := range x.Children() {
		order = append(order, c.Stage.String())
	}
	require.Equal(t, []string{"internal-test", "official"}, order, "by time")
	var seen []string
	x.Each(func(s *Scene) { seen = append(seen, s.Child.Stage.String()+"/"+string(s.ID)) })
	require.Equal(t, []string{"internal-test/rain", "internal-test/fireworks", "internal-test/lottery",
		"official/rain", "official/fireworks", "official/lottery", "official/tea", "official/shop"}, seen)
}

// TestIndexIsItsOwn: later changes of the caller's tree do not change the index.
func TestIndexIsItsOwn(t *testing.T) {
	a := tree()
	x := mustIndex(t, a)
	a.Children[0].Budget = 1
	c, err := x.Stage(wallet.Official)
	require.NoError(t, err)
	require.Equal(t, wallet.Money(100), c.Budget)
}

// treeFault is a fault of an activity tree.
type treeFault struct {
	why   string
	spoil func(*wallet.Activity)
	says  string // a part of the error
}

// The following functions return parts of the first child of tree().

func firstScene(a *wallet.Activity) *wallet.Scene {
	return &a.Children[0].Rewards[0].Rewards[0].Scenes[0]
}

func cashReward(a *wallet.Activity) *wallet.Reward    { return &a.Children[0].Rewards[0].Rewards[0] }
func teaReward(a *wallet.Activity) *wallet.Reward     { return &a.Children[0].Rewards[1].Rewards[0] }
func voucherReward(a *wallet.Activity) *wallet.Reward { return &a.Children[0].Rewards[2].Rewards[0] }

// teaAlone makes the tea coupon independent of the other rewards and returns it.
func teaAlone(a *wallet.Activity) *wallet.Reward {
	r := teaReward(a)
	r.ThresholdNum, r.Fallback = 0, ""
	return r
}

// teaUncontrolled also removes its stock.
func teaUncontrolled(a *wallet.Activity) *wallet.Reward {
	r := teaAlone(a)
	r.Stock, r.Scenes[0].StockControl = 0, false
	return r
}

func TestValidateNamesFaults(t *testing.T) {
	for _, c := range slices.Concat(childFaults(), rewardFaults()) {
		a := tree()
		c.spoil(&a)
		_, err := New(a)
		require.ErrorIs(t, err, wallet.ErrInvalid, c.why)
		require.ErrorContains(t, err, c.says, c.why)
		require.Len(t, strings.Split(err.Error(), "\n"), 1, "%s: one error, reported once", c.why)
	}
	require.NoError(t, Validate(tree()))
}

// childFaults returns faults of the parent, the children and their scenes.
func childFaults() []treeFault {
	return []treeFault{
		{"no parent", func(a *wallet.Activity) { a.Parent = "" }, `the parent has the id ""`},
		{"a parent too long", func(a *wallet.Activity) { a.Parent = wallet.ActivityID(strings.Repeat("x", wallet.MaxActivityID+1)) }, "the parent has the id"},
		{"no child", func(a *wallet.Activity) { a.Children = nil }, "there is no child"},
		{"a child without an id", func(a *wallet.Activity) { a.Children[0].ID = "" }, `the child of official has the id ""`},
		{"an id that is not UTF-8", func(a *wallet.Activity) { a.Children[0].ID = "\xff" }, "bytes of UTF-8"},
		{"two children of one stage", func(a *wallet.Activity) { a.Children[0].Stage = wallet.ExternalDrill }, "two children are external-drill"},
		{"two children with one id", func(a *wallet.Activity) { a.Children[0].ID = a.Children[2].ID }, "two children are external-drill (spring-external-drill)"},
		{"an overlap by one moment", func(a *wallet.Activity) { a.Children[2].To = 301 }, "overlap in time"},
		{"an unknown stage", func(a *wallet.Activity) { a.Children[0].Stage = 4 }, "stage 4"},
		{"an empty time range", func(a *wallet.Activity) { a.Children[0].To = a.Children[0].From }, "before it starts"},
		{"a parent's budget below its children's", func(a *wallet.Activity) { a.Budget = 1 }, "the children's budgets sum to"},
		{"a parent's budget below zero", func(a *wallet.Activity) { a.Budget = -1 }, "budget -1 fen"},
		{"no budget", func(a *wallet.Activity) { a.Children[0].Budget = 0 }, "budget 0 fen"},
		{"no cap", func(a *wallet.Activity) { a.Children[0].SingleCap = 0 }, "single grant 0 fen"},
		{"a cap beyond the budget", func(a *wallet.Activity) { a.Children[0].SingleCap = 101 }, "the cap within the budget"},
		{"no scene", func(a *wallet.Activity) { a.Children[0].Rewards = nil }, "has no scene"},
		{"an unknown reward type", func(a *wallet.Activity) { a.Children[0].Rewards[0].Type = 14 }, "reward type 14"},
		{"an invalid scene id", func(a *wallet.Activity) { firstScene(a).ID = "Rain_1" }, `scene id "Rain_1"`},
		{"a scene under two rewards", func(a *wallet.Activity) { firstScene(a).ID = "tea" }, "a scene belongs to exactly one reward"},
		{"a rate limit below zero", func(a *wallet.Activity) { firstScene(a).RateLimit = -1 }, "rate limit -1"},
		{"budgets whose sum overflows", func(a *wallet.Activity) { a.Children[0].Budget = math.MaxInt64 }, "overflow"},
	}
}

// rewardFaults returns faults of rewards, their stock and their fallback.
func rewardFaults() []treeFault {
	return []treeFault{
		{"cash with a stock", func(a *wallet.Activity) { cashReward(a).Stock = 1 }, "it has a budget, and no stock"},
		{"cash with a fallback", func(a *wallet.Activity) { cashReward(a).Fallback = "voucher" }, "it has a budget, and no stock"},
		{"an invalid coupon id", func(a *wallet.Activity) { voucherReward(a).ID = "Voucher!"; teaReward(a).Fallback = "Voucher!" }, `the id of reward "Voucher!"`},
		{"a stock below zero", func(a *wallet.Activity) { voucherReward(a).Stock = -1 }, "a stock of -1"},
		{"a stock above its bound", func(a *wallet.Activity) { voucherReward(a).Stock = wallet.MaxStock + 1 }, "it must be 0 to"},
		{"control without a stock", func(a *wallet.Activity) { teaAlone(a).Stock = 0 }, "has no stock, but 1 of its scenes have stock control"},
		{"a stock without control", func(a *wallet.Activity) { voucherReward(a).Scenes[0].StockControl = false }, "they would grant beyond it"},
		{"a threshold above 1", func(a *wallet.Activity) { teaReward(a).ThresholdNum = 11 }, "a threshold of 11/10"},
		{"a threshold without a stock", func(a *wallet.Activity) { teaUncontrolled(a).ThresholdNum = 1 }, "a threshold of 1/10 of a stock of 0"},
		{"a threshold with a negative denominator", func(a *wallet.Activity) { voucherReward(a).ThresholdDen = -1 }, "a threshold of 0/-1"},
		{"a fallback without a threshold", func(a *wallet.Activity) { teaReward(a).ThresholdNum = 0 }, "it would never be granted"},
		{"an unknown fallback", func(a *wallet.Activity) { teaReward(a).Fallback = "coffee" }, "which is not a reward of the child"},
		{"a fallback that is cash", func(a *wallet.Activity) { teaReward(a).Fallback = "red-packet" }, "which is cash"},
		{"a fallback of a fallback", func(a *wallet.Activity) {
			r := voucherReward(a)
			r.ThresholdNum, r.ThresholdDen, r.Fallback = 1, 2, "spare"
			a.Children[0].Rewards[2].Rewards = append(a.Children[0].Rewards[2].Rewards, wallet.Reward{ID: "spare", Stock: 1})
		}, "which has the fallback spare itself"},
		{"a fallback without a stock", func(a *wallet.Activity) { r := voucherReward(a); r.Stock, r.Scenes[0].StockControl = 0, false }, "which has no stock"},
		{"a reward of two types", func(a *wallet.Activity) { teaAlone(a).ID = "red-packet" }, "a reward has exactly one type"},
		{"stock control of cash", func(a *wallet.Activity) { firstScene(a).StockControl = true }, "cash has a budget"},
	}
}

// TestValidateListsEveryFault: all errors of a tree are reported at once.
func TestValidateListsEveryFault(t *testing.T) {
	a := tree()
	a.Parent = ""
	a.Children[0].Budget = -1
	a.Children[1].From = 1_000
	a.Children[2].Rewards[0].Rewards[0].Scenes[0].RateLimit = -1
	err := Validate(a)
	for _, says := range []string{"the parent", "budget -1 fen", "before it starts", "rate limit -1"} {
		require.ErrorContains(t, err, says)
	}
	require.Len(t, strings.Split(err.Error(), "\n"), 4)
}
