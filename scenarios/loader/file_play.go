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
	Scene  sceneName `json:"scene" jsonschema:"The scene of the reward."`
	Weight weight    `json:"weight" jsonschema:"Weight in the draw among the rewards of the window."`
	Amount []band    `json:"amount_fen,omitempty" jsonschema:"Amounts of a cash grant; omitted for other rewards."`
}

type roundsFile struct {
	place
	Count number `json:"count" jsonschema:"Number of rounds; each round has its own rain numbers."`
	Every span   `json:"every" jsonschema:"Time between the starts of two rounds."`
}

type cardsFile struct {
	place
	Kinds []weight `json:"kinds" jsonschema:"The weight of each kind of card."`
	Draws number   `json:"draws" jsonschema:"Number of draws per person; each draw is a grant."`
}

type lotteryFile struct {
	place
	Of  text `json:"of" jsonschema:"Name of the window in which the cards are collected."`
	Pot fen  `json:"pot_fen,omitempty" jsonschema:"Divided evenly among the participants, at most the cap each; omitted: the window's rewards are drawn."`
}

// expand replaces a window of several rounds by one window for each round.
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

// rules converts the keys of the play.
func (w *windowFile) rules(in *file) scenarios.Rules {
	r := scenarios.Rules{Friends: int(w.Friends.v)}
	for _, p := range w.prizes() {
		_, award := in.rewardOf(p.Scene.v)
		r.Prizes = append(r.Prizes, scenarios.Prize{Scene: p.Scene.v, Award: award, Weight: int(p.Weight.v), Amount: each(p.Amount, band.get)})
	}
	if len(w.Rewards) == 0 && len(r.Prizes) == 1 && r.Prizes[0].Award == wallet.Cash {
		r.Prizes = nil // a window with one cash scene uses its own scene and amounts
	}
	if w.Cards.ok {
		r.Cards = &scenarios.Cards{Kinds: each(w.Cards.Kinds, weight.int), Draws: int(w.Cards.Draws.v)}
	}
	if w.Lottery.ok {
		r.Lottery = &scenarios.Lottery{Of: w.Lottery.Of.v, Pot: w.Lottery.Pot.v}
	}
	return r
}

// prizes returns the rewards of the window; a single scene is a list of length one.
func (w *windowFile) prizes() []prizeFile {
	if len(w.Rewards) > 0 {
		return w.Rewards
	}
	one := prizeFile{place: w.place, Scene: w.Scene, Amount: w.Amount}
	one.Weight.v, one.Weight.place = 1, place{w.Scene.at, true}
	return []prizeFile{one}
}

// grants reports whether the window grants the scene's reward.
func (w *windowFile) grants(id wallet.SceneID) bool {
	return slices.ContainsFunc(w.prizes(), func(p prizeFile) bool { return p.Scene.ok && p.Scene.v == id })
}
