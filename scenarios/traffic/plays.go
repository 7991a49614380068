package traffic

import (
	"math"

	"hongbao/internal/splitmix"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// members are the people who may win in a window, and how often.
type members struct {
	count int64    // number of people
	times int64    // chances of each person
	list  []uint32 // the people; nil: the first count people
}

// chance returns the person of the i-th chance, and the number of the chance for that person.
func (m members) chance(i uint64) (person, time int64) {
	n, time := int64(i)%m.count, int64(i)/m.count
	if m.list != nil {
		return int64(m.list[n]), time
	}
	return n, time
}

// chances returns the number of all chances.
func (m members) chances() int64 { return m.count * m.times }

// membersOf returns the people who may win in the window. In a lottery these are the people who collected every card before.
func (t *Traffic) membersOf(s *scenarios.Scenario, w scenarios.Window) members {
	m := members{count: s.Invited(w), times: w.Times()}
	if w.Lottery == nil {
		return m
	}
	if w.Lottery.Of != "" {
		m.list = t.collectors(s, w.Lottery.Of, m.count)
		m.count = int64(len(m.list))
	}
	if pot := int64(w.Lottery.Pot); pot > 0 {
		m.count = min(m.count, pot) // nobody gets less than a fen
	}
	return m
}

// collectors returns those of the first people who draw every kind of card in the window of that name. It computes that
// window a second time, which costs only a few steps per card.
func (t *Traffic) collectors(s *scenarios.Scenario, name string, first int64) []uint32 {
	out := []uint32{}
	for i, v := range s.Windows[:len(t.windows)] {
		if v.Name != name || v.Cards == nil {
			continue
		}
		w := t.windows[i]
		drawn := make([]uint16, w.members.count)
		for k := range uint64(w.schedule.total) {
			chance := w.chances.of(k)
			drawn[int64(chance)%w.members.count] |= 1 << w.card(chance)
		}
		for p, kinds := range drawn {
			if kinds == 1<<len(v.Cards.Kinds)-1 && int64(p) < first {
				out = append(out, uint32(p))
			}
		}
	}
	return out
}

// Members returns the number of people who may win in the window: those invited or, in a lottery, the collectors among them.
func (t *Traffic) Members(window int) int64 { return t.windows[window].members.count }

// weights are choices with the weights by which they are drawn.
type weights struct {
	each []int
	sum  uint64
}

func newWeights(each []int) weights {
	w := weights{each: each}
	for _, v := range each {
		w.sum += uint64(v)
	}
	return w
}

// pick returns the choice for a draw; 0 if there is none.
func (w weights) pick(draw uint64) int {
	pick := splitmix.Below(draw, w.sum)
	for i, v := range w.each {
		if pick < uint64(v) {
			return i
		}
		pick -= uint64(v)
	}
	return 0
}

// prizesOf returns the rewards of a window, and the weights by which they are drawn.
func prizesOf(w scenarios.Window) ([]scenarios.Prize, weights) {
	prizes := w.Prizes
	if len(prizes) == 0 {
		prizes = []scenarios.Prize{{Scene: w.Scene, Award: wallet.Cash, Weight: 1, Amount: w.Amount}}
	}
	each := make([]int, len(prizes))
	for i, p := range prizes {
		each[i] = p.Weight
	}
	return prizes, newWeights(each)
}

// card returns the kind of card of a chance.
func (w *window) card(chance uint64) int { return w.kinds.pick(splitmix.At(w.seed^6, chance)) }

// share returns a person's part of the pot: an equal part, with the remaining fen for the first people, and at most the cap of
// one grant.
func (w *window) share(person uint64) wallet.Money {
	n := wallet.Money(w.members.count)
	share := w.pot / n
	if wallet.Money(person)%n < w.pot%n {
		share++
	}
	return min(share, w.most)
}

// capOf returns the largest single grant of the window's stage.
func capOf(s *scenarios.Scenario, w scenarios.Window) wallet.Money {
	for _, c := range s.Activity.Children {
		if c.Stage == w.Stage {
			return c.SingleCap
		}
	}
	return math.MaxInt64
}
