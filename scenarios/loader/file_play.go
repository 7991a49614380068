package loader

import (
	"fmt"
	"slices"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

type prizeFile struct {
	place
	Scene  sceneName `json:"scene" jsonschema:"The scene that the reward is granted in."`
	Weight weight    `json:"weight" jsonschema:"How often it is drawn, beside the other rewards of the window."`
	Amount []band    `json:"amount_fen,omitempty" jsonschema:"What a grant of cash is worth; none for other rewards."`
}

type roundsFile struct {
	place
	Count number `json:"count" jsonschema:"How often it is played; each round has its own rain numbers."`
	Every span   `json:"every" jsonschema:"How much later the next round begins."`
}

type cardsFile struct {
	place
	Kinds []weight `json:"kinds" jsonschema:"The weight of each kind of card."`
	Draws number   `json:"draws" jsonschema:"How often each person may draw a card; each draw is a grant."`
}

type lotteryFile struct {
	place
	Of  text `json:"of" jsonschema:"The name of the window in which the cards are collected."`
	Pot fen  `json:"pot_fen,omitempty" jsonschema:"Shared evenly among all who take part, at most the cap each; left out: the window's rewards are drawn."`
}

// expand turns a window of several rounds into one window a round.
func (in *file) expand() {
	var all []windowFile
	for _, w := range in.Windows {
		count := w.Rounds.Count
		if !count.ok || count.v < 1 || count.v > maxRounds || !w.Rounds.Every.ok {
			all = append(all, w)
			continue
		}
		for n := range count.v {
			one := w
			one.Rain.v += n * w.times()
			one.Start.v = w.Start.v.Add(time.Duration(n) * w.Rounds.Every.v)
			if n > 0 {
				one.Name.v = fmt.Sprintf("%s, round %d", w.Name.v, n+1)
				one.Peak = toggle{}
			}
			all = append(all, one)
		}
	}
	in.Windows = all
}

// times returns how often one person may win in the window.
func (w *windowFile) times() int64 { return max(1, w.Friends.v, w.Cards.Draws.v) }

// awardOf returns the type of a scene's reward; 0 when the tree has no such scene.
func (in *file) awardOf(id wallet.SceneID) wallet.AwardType {
	_, award := in.rewardOf(id)
	return award
}

// rules turns the play's keys into what they say.
func (w *windowFile) rules(award func(wallet.SceneID) wallet.AwardType) scenarios.Rules {
	r := scenarios.Rules{Friends: int(w.Friends.v)}
	for _, p := range w.prizes() {
		r.Prizes = append(r.Prizes, scenarios.Prize{Scene: p.Scene.v, Award: award(p.Scene.v), Weight: int(p.Weight.v), Amount: bands(p.Amount)})
	}
	if len(w.Rewards) == 0 && len(r.Prizes) == 1 && r.Prizes[0].Award == wallet.Cash {
		r.Prizes = nil // the plain window
	}
	if w.Cards.ok {
		r.Cards = &scenarios.Cards{Draws: int(w.Cards.Draws.v)}
		for _, k := range w.Cards.Kinds {
			r.Cards.Kinds = append(r.Cards.Kinds, int(k.v))
		}
	}
	if w.Lottery.ok {
		r.Lottery = &scenarios.Lottery{Of: w.Lottery.Of.v, Pot: w.Lottery.Pot.v}
	}
	return r
}

// prizes returns the rewards of the window, its single scene as a list of one.
func (w *windowFile) prizes() []prizeFile {
	if len(w.Rewards) > 0 {
		return w.Rewards
	}
	one := prizeFile{place: w.place, Scene: w.Scene, Amount: w.Amount}
	one.Weight.v, one.Weight.place = 1, place{w.Scene.at, true}
	return []prizeFile{one}
}

// grants says whether the window grants in the scene.
func (w *windowFile) grants(id wallet.SceneID) bool {
	return slices.ContainsFunc(w.prizes(), func(p prizeFile) bool { return p.Scene.ok && p.Scene.v == id })
}
