package main

import (
	"slices"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// The moments between which a served activity runs: whenever it is served.
var (
	always = wallet.InstantOf(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	ever   = wallet.InstantOf(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
)

// builtInTree is what hongbao serve grants when no scenario is named: one activity, one stage, the five plays.
func builtInTree() wallet.Activity {
	scene := func(id wallet.SceneID, text string) wallet.Scene {
		return wallet.Scene{ID: id, BillText: text, Compensate: true, Reconcile: true}
	}
	return wallet.Activity{Parent: "spring-festival", Children: []wallet.Child{{
		ID: "spring-festival-official", Stage: wallet.Official, From: always, To: ever,
		Budget: 100_000_000_000, SingleCap: 8_800,
		Rewards: []wallet.RewardType{{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "red-packet", Scenes: []wallet.Scene{
			scene("card-collection", "集卡红包"), scene("card-lottery", "集卡开奖"), scene("rain", "红包雨"),
			scene("friend-rain", "好友页红包雨"), scene("fireworks", "烟火大会"),
		}}}}},
	}}}
}

// servedTree returns the activity that a service grants by. Of a scenario it is the official stage, taken out of its
// calendar: the service lives now, and the scenario's festival was in 2022.
func servedTree(file string) (wallet.Activity, error) {
	if file == "" {
		return builtInTree(), nil
	}
	s, err := scenarios.Load(file)
	if err != nil {
		return wallet.Activity{}, &exit{exitUsage, err}
	}
	a, ok := servedStage(s.Activity, wallet.Official)
	if !ok {
		return wallet.Activity{}, usage("%s has no official stage to serve", file)
	}
	return a, nil
}

// servedStage returns an activity with one of its stages, which runs whenever it is served; false: it has no such stage.
func servedStage(a wallet.Activity, stage wallet.Stage) (wallet.Activity, bool) {
	i := slices.IndexFunc(a.Children, func(c wallet.Child) bool { return c.Stage == stage })
	if i < 0 {
		return wallet.Activity{}, false
	}
	child := a.Children[i]
	child.From, child.To = always, ever
	a.Children = []wallet.Child{child}
	return a, true
}
