package open

import (
	"slices"
	"time"

	"hongbao/reference/wallet"
)

// A served activity is open at any time.
var (
	beginning = wallet.InstantOf(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	end       = wallet.InstantOf(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
)

// BuiltInActivity is what a service grants if its configuration names nothing else: one stage, the five plays, and some
// rewards other than cash.
func BuiltInActivity() wallet.Activity {
	scene := func(id wallet.SceneID, text string) wallet.Scene {
		return wallet.Scene{ID: id, BillText: text, Compensate: true, Reconcile: true}
	}
	return wallet.Activity{Parent: "spring-festival", Children: []wallet.Child{{
		ID: "spring-festival-official", Stage: wallet.Official, From: beginning, To: end,
		Budget: 100_000_000_000, SingleCap: 8_800,
		Rewards: append([]wallet.RewardType{{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "red-packet", Scenes: []wallet.Scene{
			scene("card-collection", "集卡红包"), scene("card-lottery", "集卡开奖"), scene("rain", "红包雨"),
			scene("friend-rain", "好友页红包雨"), scene("fireworks", "烟火大会"),
		}}}}}, builtInRewards(scene)...),
	}}}
}

// builtInRewards are the rewards other than cash: tea at the fireworks show, or a voucher once less than a tenth of the tea is
// left; vouchers, which also have their own scene; and a pendant for friends.
func builtInRewards(scene func(wallet.SceneID, string) wallet.Scene) []wallet.RewardType {
	counted := func(id wallet.SceneID, text string) []wallet.Scene {
		s := scene(id, text)
		s.StockControl = true
		return []wallet.Scene{s}
	}
	return []wallet.RewardType{
		{Type: wallet.HeyteaCoupon, Rewards: []wallet.Reward{{ID: "tea", Stock: 1_000, ThresholdNum: 1, ThresholdDen: 10, Fallback: "voucher",
			Scenes: counted("fireworks-tea", "烟火大会奶茶券")}}},
		{Type: wallet.EcommerceCoupon, Rewards: []wallet.Reward{{ID: "voucher", Stock: 10_000, Scenes: counted("card-voucher", "集卡购物券")}}},
		{Type: wallet.AvatarPendant, Rewards: []wallet.Reward{{ID: "tiger-pendant", Scenes: []wallet.Scene{scene("friend-pendant", "虎年挂件")}}}},
	}
}

// StageOf returns an activity with only one of its stages, open at any time. false: it has no such stage.
func StageOf(a wallet.Activity, stage wallet.Stage) (wallet.Activity, bool) {
	i := slices.IndexFunc(a.Children, func(c wallet.Child) bool { return c.Stage == stage })
	if i < 0 {
		return wallet.Activity{}, false
	}
	child := a.Children[i]
	child.From, child.To = beginning, end
	a.Children = []wallet.Child{child}
	return a, true
}
