package scenarios

import (
	"slices"

	"hongbao/reference/wallet"
)

// Rules are the rules of a window's play (B3). With zero Rules each invited person wins once, and the reward is cash in the
// window's scene.
type Rules struct {
	// Prizes are the possible rewards; each win draws one by weight. If empty, the window's own scene and amounts are used.
	Prizes []Prize

	// Friends is the number of friends' pages on which each person may win, once per page; 0 if the play has no friends.
	Friends int

	Cards   *Cards   // nil: the play has no cards
	Lottery *Lottery // nil: every invited person takes part
}

// Prize is one of the rewards of a window.
type Prize struct {
	Scene  wallet.SceneID
	Award  wallet.AwardType
	Weight int
	Amount []AmountBand // of cash
}

// Cards configures a card collection: each grant is one draw of a card.
type Cards struct {
	Kinds []int // the weight of each kind
	Draws int   // per person
}

// Lottery is open only to people who have collected every kind of card.
type Lottery struct {
	Of  string       // the window in which cards were collected; empty: all invited people have every kind
	Pot wallet.Money // divided evenly among the participants, to the last fen; 0: prizes are drawn instead
}

// Times returns how often one person may win in the window. Each win has its own rain number, counted from the window's, and
// therefore its own order (O3).
func (r Rules) Times() int64 {
	if r.Cards != nil {
		return int64(r.Cards.Draws)
	}
	return int64(max(1, r.Friends))
}

// Chances returns the maximum number of wins in the window: invited people times wins per person.
func (s *Scenario) Chances(w Window) int64 { return s.Invited(w) * w.Times() }

// Has reports whether a person can win the scene's reward with this rain number in the window.
func (w Window) Has(scene wallet.SceneID, rain int32) bool {
	if rain < w.Rain || int64(rain) >= int64(w.Rain)+w.Times() {
		return false
	}
	for _, p := range w.Prizes {
		if p.Scene == scene {
			return true
		}
	}
	return len(w.Prizes) == 0 && w.Scene == scene
}

// HasItems reports whether any window grants rewards other than cash.
func (s *Scenario) HasItems() bool {
	item := func(p Prize) bool { return p.Award != wallet.Cash }
	return slices.ContainsFunc(s.Windows, func(w Window) bool { return slices.ContainsFunc(w.Prizes, item) })
}

// HasCash reports whether any window grants cash.
func (s *Scenario) HasCash() bool {
	cash := func(p Prize) bool { return p.Award == wallet.Cash }
	return slices.ContainsFunc(s.Windows, func(w Window) bool { return len(w.Prizes) == 0 || slices.ContainsFunc(w.Prizes, cash) })
}

// HasPackets reports whether people send packets to each other.
func (s *Scenario) HasPackets() bool { return s.People.After.Send.Num > 0 }

// rules scales the pot. Limits per person are not scaled.
func (s *scaler) rules(r Rules) Rules {
	if r.Lottery != nil {
		l := *r.Lottery
		l.Pot = wallet.Money(s.whole(int64(l.Pot)))
		r.Lottery = &l
	}
	return r
}
