// Package traffic turns a scenario and a seed into people and their wins: the properties of each person, and when, how much and
// in which app each of them wins.
//
// Units: instants are Unix nanoseconds, amounts are fen, people are dense indexes from 0. Everything is a pure
// function of scenario and seed, in integers, so that a simulation, a load test and an audit have the same festival
// on every machine. The package sends nothing, waits for nothing and knows no service.
package traffic

import (
	"fmt"
	"math"

	"hongbao/internal/splitmix"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// Arrival is one win: a person gets a reward, and the person's app requests it at that time.
type Arrival struct {
	At     int64 // Unix nanoseconds
	Window int   // index into the scenario's Windows
	Person int64 // dense index from 0
	App    wallet.App
	Scene  wallet.SceneID
	Rain   int32 // of this win: each chance of a person in a window has a different one
	Time   int   // number of the person's chance, from 0
	Prize  int   // index into the window's Prizes; 0 if there are none
	Award  wallet.AwardType
	Amount wallet.Money // of cash; else 0
}

// Traffic returns the arrivals of a scenario in order of time. Its methods for people may be called at any time, but not
// concurrently with Next.
type Traffic struct {
	Crowd
	windows []*window // by index
	waiting []*window // not started yet, in order of their start
	active  []*window // started, each with its next arrival; as many as overlap
}

// New returns the traffic of a valid scenario. It panics if a window's rate has no exact curve, which the loader and Scale
// refuse.
func New(s *scenarios.Scenario, seed uint64) *Traffic {
	t := &Traffic{Crowd: NewCrowd(s, seed)}
	for i, w := range s.Windows {
		curve, err := w.Curve()
		if err != nil {
			panic(fmt.Sprintf("traffic: %v", err))
		}
		m := t.membersOf(s, w)
		t.windows = append(t.windows, newWindow(i, w, newSchedule(curve, min(curve.Grants(), m.chances())), m, capOf(s, w), splitmix.At(seed, uint64(i))))
	}
	t.waiting = append(t.waiting, t.windows...)
	return t
}

// Total returns the number of arrivals of the window.
func (t *Traffic) Total(window int) int64 { return t.windows[window].schedule.total }

// Next returns the next arrival, or false at the end. Arrivals of the same nanosecond come in order of their windows. It does
// not allocate.
func (t *Traffic) Next() (Arrival, bool) {
	for {
		first, at := -1, int64(math.MaxInt64)
		for i, w := range t.active {
			if w.at < at {
				first, at = i, w.at
			}
		}
		// Only started windows are compared, so that a long calendar costs no more than a short one.
		if len(t.waiting) > 0 && t.waiting[0].start <= at {
			t.begin()
			continue
		}
		if first < 0 {
			return Arrival{}, false
		}
		w := t.active[first]
		a := w.arrival(at, &t.Crowd)
		if !w.advance() {
			t.active = append(t.active[:first], t.active[first+1:]...)
		}
		return a, true
	}
}

// begin moves the next waiting window to the active ones.
func (t *Traffic) begin() {
	w := t.waiting[0]
	t.waiting = t.waiting[1:]
	if w.advance() {
		t.active = append(t.active, w)
	}
}

// window is the state of one window.
type window struct {
	index    int
	start    int64 // Unix nanoseconds
	at       int64 // of the next arrival, Unix nanoseconds
	made     int64 // arrivals returned so far
	seed     uint64
	schedule schedule
	members  members
	chances  permutation // shuffle of the members' chances: the k-th arrival uses the k-th of them
	rain     int32       // rain number of each person's first chance
	prizes   []scenarios.Prize
	mix      weights      // of the prizes
	kinds    weights      // of the kinds of cards; empty if there are none
	pot      wallet.Money // shared by all; 0: each prize has an amount
	most     wallet.Money // largest share
}

func newWindow(index int, w scenarios.Window, s schedule, m members, most wallet.Money, seed uint64) *window {
	out := &window{index: index, start: w.Start.UnixNano(), seed: seed, schedule: s, members: m, rain: w.Rain, most: most,
		chances: newPermutation(uint64(max(m.chances(), 1)), splitmix.At(seed, 1))}
	out.prizes, out.mix = prizesOf(w)
	if w.Cards != nil {
		out.kinds = newWeights(w.Cards.Kinds)
	}
	if w.Lottery != nil {
		out.pot = w.Lottery.Pot
	}
	return out
}

// advance computes the next arrival, at a random time in the interval in which the rate's integral rises by one. It returns
// false if there are no more. Intervals do not overlap, so arrivals stay in order, and the count at any time is the floor of
// the integral or one more.
func (w *window) advance() bool {
	from, to, ok := w.schedule.next()
	if !ok {
		return false
	}
	w.at = w.start + to - int64(splitmix.Below(splitmix.At(w.seed^2, uint64(w.schedule.done)), uint64(to-from)))
	return true
}

// arrival returns the win at the time that advance computed.
func (w *window) arrival(at int64, c *Crowd) Arrival {
	k := uint64(w.made)
	w.made++
	chance := w.chances.of(k)
	person, time := w.members.chance(chance)
	drawn := w.mix.pick(splitmix.At(w.seed^5, k))
	prize := &w.prizes[drawn]
	a := Arrival{At: at, Window: w.index, Person: person, App: c.appFor(person, splitmix.At(w.seed^4, k)),
		Scene: prize.Scene, Rain: w.rain + int32(time), Time: int(time), Prize: drawn, Award: prize.Award}
	switch {
	case w.pot > 0:
		a.Amount = w.share(chance)
	case prize.Award == wallet.Cash:
		a.Amount = amount(prize.Amount, splitmix.At(w.seed^3, k))
	}
	return a
}

// amount draws an amount: a band by weight, then uniformly within it.
func amount(bands []scenarios.AmountBand, draw uint64) wallet.Money {
	sum := uint64(0)
	for i := range bands {
		sum += uint64(bands[i].Weight)
	}
	pick := splitmix.Below(draw, sum)
	for _, b := range bands {
		if pick < uint64(b.Weight) {
			return b.Min + wallet.Money(splitmix.Below(splitmix.Mix(draw), uint64(b.Max-b.Min)+1))
		}
		pick -= uint64(b.Weight)
	}
	panic("traffic: no band for the draw")
}
