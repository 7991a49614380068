package loader

import (
	"fmt"
	"slices"
	"strings"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// Bounds of the plays. Each is above the source's figures, and keeps order numbers and tables small.
const (
	maxRounds  = 1_000
	maxFriends = 100
	maxDraws   = 100
	maxKinds   = 16 // one bit each
)

// checkRules checks the rewards and rules of each window.
func (f *faults) checkRules(in *file) {
	for i := range in.Windows {
		w := &in.Windows[i]
		f.checkPrizes(in, w)
		f.checkRound(w)
		f.checkCards(w)
		f.checkLottery(in, w)
		if n := w.Friends; n.ok && w.Play.v != string(scenarios.FriendRain) {
			f.add(n.at, "remove it, or write play: "+string(scenarios.FriendRain), "play %s has no friends", w.Play.v)
		} else if n.ok && (n.v == 0 || n.v > maxFriends) {
			f.add(n.at, "write the number of friends' pages on which a person may win", "the number of friends is not between 1 and %d", maxFriends)
		}
	}
}

// checkPrizes checks the rewards of a window: the scenes exist, each appears once, and only cash has amounts.
func (f *faults) checkPrizes(in *file, w *windowFile) {
	switch {
	case w.Scene.at == (spot{}) && len(w.Rewards) == 0 && w.ok:
		f.add(w.at, "write scene, or rewards for several", "the window grants nothing")
		return
	case w.Scene.at != (spot{}) && len(w.Rewards) > 0:
		f.add(w.Scene.at, "keep one of them", "the window has a scene and rewards")
		return
	case len(w.Rewards) > 0 && len(w.Amount) > 0:
		f.add(w.Amount[0].at, "write it into the entry of the cash reward", "a window with rewards has its amounts in their entries")
	}
	var scenes []string
	for _, r := range in.Rewards {
		for _, s := range r.Scenes {
			scenes = append(scenes, string(s.ID.v))
		}
	}
	sum, seen := int64(0), map[wallet.SceneID]bool{}
	for _, p := range w.prizes() {
		sum += p.Weight.v
		if !p.Scene.ok {
			continue
		}
		f.refuse(p.Scene.place, seen[p.Scene.v], "write each scene once, with the sum of the weights", "scene %q appears twice", p.Scene.v)
		seen[p.Scene.v] = true
		reward := in.branchOf(p.Scene.v)
		if reward == nil {
			f.add(p.Scene.at, "write one of: "+strings.Join(scenes, ", "), "scene %q is not in the tree of rewards", p.Scene.v)
			continue
		}
		f.checkPrize(w, p, reward)
	}
	if len(w.Rewards) > 0 {
		f.refuse(w.Rewards[0].Weight.place, sum == 0, "give at least one a weight above zero", "all weights are zero")
	}
}

// checkPrize checks one reward of a window.
func (f *faults) checkPrize(w *windowFile, p prizeFile, reward *rewardFile) {
	cash := !reward.Type.ok || awardOf(reward.Type) == wallet.Cash
	pot := w.Lottery.Pot.ok
	switch {
	case cash && !pot && len(p.Amount) == 0:
		f.add(p.Scene.at, "write amount_fen, the amounts of a grant, such as [8..88 weight 9, 100 weight 1]", "scene %q grants cash, but the amount is missing", p.Scene.v)
	case !cash && len(p.Amount) > 0:
		f.add(p.Amount[0].at, "remove it", "scene %q grants %s, which has no amount", p.Scene.v, reward.Type.v)
	case !cash && pot:
		f.add(p.Scene.at, "write a scene of cash, or remove the pot", "a pot needs a scene of cash, but this one grants %s", reward.Type.v)
	}
	for _, s := range reward.Scenes {
		f.refuse(p.Scene.place, s.ID.v == p.Scene.v && s.Stock.v && !reward.Stock.ok, fmt.Sprintf("add stock, the number of coupons, to the reward in line %d", reward.Type.at.line), "scene %q has stock_control, but its reward has no stock", p.Scene.v)
	}
}

// checkRound checks the rounds of a window.
func (f *faults) checkRound(w *windowFile) {
	r := &w.Rounds
	f.refuse(r.Count.place, r.Count.v == 0 || r.Count.v > maxRounds, "write the number of rounds", "the number of rounds is not between 1 and %d", maxRounds)
	f.refuse(r.Every.place, r.Every.v == 0, "write the time between the starts of two rounds, such as 1h", "all rounds begin at the same time")
}

// checkCards checks the cards of a collection.
func (f *faults) checkCards(w *windowFile) {
	c := &w.Cards
	if !c.ok {
		return
	}
	f.refuse(c.place, w.Play.v != string(scenarios.CardCollection), "remove it, or write play: "+string(scenarios.CardCollection), "play %s has no cards", w.Play.v)
	f.refuse(c.place, len(c.Kinds) < 2 || len(c.Kinds) > maxKinds, "write the weight of each kind, such as [40, 30, 20, 9, 1]", "the number of kinds of cards, %d, is not between 2 and %d", len(c.Kinds), maxKinds)
	for _, k := range c.Kinds {
		f.refuse(k.place, k.v == 0, "give each kind a weight above zero", "the weight is zero: this kind is never drawn, so no collection becomes complete")
	}
	f.refuse(c.Draws.place, c.Draws.v == 0 || c.Draws.v > maxDraws, "write the number of draws per person", "the number of draws is not between 1 and %d", maxDraws)
}

// checkLottery checks the pot of a lottery and the window of its cards.
func (f *faults) checkLottery(in *file, w *windowFile) {
	l := &w.Lottery
	if !l.ok {
		return
	}
	f.refuse(l.place, w.Play.v != string(scenarios.CardLottery), "remove it, or write play: "+string(scenarios.CardLottery), "play %s has no lottery", w.Play.v)
	f.refuse(l.Pot.place, l.Pot.v == 0, "write the whole pot in fen", "the pot is empty")
	f.refuse(l.Pot.place, len(w.Rewards) > 0, "write a scene of cash in place of rewards", "a pot needs a single scene")
	if l.Pot.ok && len(w.Amount) > 0 {
		f.add(w.Amount[0].at, "remove it", "the pot decides the amounts")
	}
	if !l.Of.ok {
		return
	}
	for i := range in.Windows {
		v := &in.Windows[i]
		if v.Name.v != l.Of.v {
			continue
		}
		switch {
		case !v.Cards.ok:
			f.add(l.Of.at, "name a window with cards", "no cards are collected in window %q", short(l.Of.v))
		case v.Stage.ok && w.Stage.ok && v.Stage.v != w.Stage.v:
			f.add(l.Of.at, "stages are isolated (A1): collect the cards in the same stage", "window %q is in another stage", short(l.Of.v))
		case v.Start.ok && w.Start.ok && v.end().After(w.Start.v):
			f.add(w.Start.at, "begin after "+scenarios.When(v.end()), "the lottery begins before window %q has ended", short(l.Of.v))
		}
		return
	}
	f.add(l.Of.at, "write the name of a window with cards", "there is no window %q", short(l.Of.v))
}

// checkStock checks the stocks of rewards and their fallbacks.
func (f *faults) checkStock(in *file) {
	for i := range in.Rewards {
		r := &in.Rewards[i]
		controlled := slices.ContainsFunc(r.Scenes, func(s sceneFile) bool { return s.Stock.v })
		switch {
		case r.Stock.ok && r.Type.ok && awardOf(r.Type) == wallet.Cash:
			f.add(r.Stock.at, "cash is bounded by the stage's budget; remove the key", "only coupons have a stock")
		case r.Stock.ok && !controlled:
			f.add(r.Stock.at, "write stock_control: true in its scene", "no scene of reward %q has stock_control", short(r.Reward.v))
		case r.Stock.ok && r.Stock.v > wallet.MaxStock:
			f.add(r.Stock.at, "write the number of coupons", "the stock is above %d", int64(wallet.MaxStock))
		case !r.Stock.ok && r.Floor.ok:
			f.add(r.Floor.at, "add stock, or remove it", "floor needs a stock")
		case !r.Stock.ok && r.Fallback.ok:
			f.add(r.Fallback.at, "add stock and floor, or remove it", "reward %q has no stock, so it needs no fallback", short(r.Reward.v))
		}
		if r.Stock.ok && r.Reward.ok {
			if err := (wallet.Template{Reward: wallet.RewardID(r.Reward.v), Stage: wallet.Official}).Validate(); err != nil {
				f.add(r.Reward.at, "write at most 32 lower-case letters, digits and '-'", "%q cannot be the id of coupons with a stock", short(r.Reward.v))
			}
		}
		f.checkFallback(in, r)
	}
}

// checkFallback checks the fallback of a coupon: it is another reward with a stock and without a fallback.
func (f *faults) checkFallback(in *file, r *rewardFile) {
	if !r.Fallback.ok || !r.Stock.ok {
		return
	}
	for i := range in.Rewards {
		if g := &in.Rewards[i]; g.Reward.v == r.Fallback.v && g != r {
			if !g.Stock.ok {
				f.add(r.Fallback.at, "name a reward with a stock", "reward %q has no stock", short(g.Reward.v))
			} else if g.Fallback.ok {
				f.add(r.Fallback.at, "name a reward without a fallback", "reward %q has a fallback itself", short(g.Reward.v))
			}
			return
		}
	}
	f.add(r.Fallback.at, "write the id of another reward", "there is no other reward %q", short(r.Fallback.v))
}

// branchOf returns the reward that a scene grants, or nil if the tree has no such scene.
func (in *file) branchOf(id wallet.SceneID) *rewardFile {
	for i := range in.Rewards {
		for _, s := range in.Rewards[i].Scenes {
			if id != "" && s.ID.v == id {
				return &in.Rewards[i]
			}
		}
	}
	return nil
}
