package scenarios

import (
	"slices"

	"hongbao/reference/wallet"
)

// Rules say who wins what in a window beside its rate (B3). The zero Rules: everybody invited wins once, cash of the
// window's scene.
type Rules struct {
	// Prizes are what may be won, one of them drawn by weight each time; none: the window's own scene and amounts.
	Prizes []Prize

	// Friends is on how many friends' pages each person may win, once each; 0 where there are none.
	Friends int

	Cards   *Cards   // nil: no cards are handed out
	Lottery *Lottery // nil: everybody invited takes part
}

// Prize is one of the rewards of a window.
type Prize struct {
	Scene  wallet.SceneID
	Award  wallet.AwardType
	Weight int
	Amount []AmountBand // of cash
}

// Cards hands out a card with every grant: each of the window's people draws as often as it says.
type Cards struct {
	Kinds []int // the weight of each kind
	Draws int   // times that a person may draw
}

// Lottery invites those alone who have collected every kind of card.
type Lottery struct {
	Of  string       // the window in which cards were collected; empty: all invited people have collected
	Pot wallet.Money // shared evenly among those who take part, to the last fen; 0: prizes are drawn instead
}

// Times returns how often one person may win in the window. Each time has a rain number of its own, from the window's
// on, so that each has an order of its own (O3).
func (r Rules) Times() int64 {
	if r.Cards != nil {
		return int64(r.Cards.Draws)
	}
	return int64(max(1, r.Friends))
}

// Chances returns how many wins the window has room for: its people, as often as each may win.
func (s *Scenario) Chances(w Window) int64 { return s.Invited(w) * w.Times() }

// Has says whether a person can win a scene's reward in the window.
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

// HasItems says whether any window grants rewards other than cash.
func (s *Scenario) HasItems() bool {
	for _, w := range s.Windows {
		for _, p := range w.Prizes {
			if p.Award != wallet.Cash {
				return true
			}
		}
	}
	return false
}

// HasCash says whether any window grants cash.
func (s *Scenario) HasCash() bool {
	for _, w := range s.Windows {
		if len(w.Prizes) == 0 || slices.ContainsFunc(w.Prizes, func(p Prize) bool { return p.Award == wallet.Cash }) {
			return true
		}
	}
	return false
}

// HasPackets says whether people send packets to each other.
func (s *Scenario) HasPackets() bool { return s.People.After.Send.Num > 0 }

// rules scales what counts people or money. What one person may do stays.
func (s *scaler) rules(r Rules) Rules {
	if r.Lottery != nil {
		l := *r.Lottery
		l.Pot = wallet.Money(s.whole(int64(l.Pot)))
		r.Lottery = &l
	}
	return r
}
