package totals

import (
	"fmt"
	"math"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// promised is the largest allowed error of a reader, in ppm of the true total (R1).
const promised = 10_000

// figures are the measurements of one run. Errors are in ppm of the true total or in fen; below zero: less is shown than granted.
type figures struct {
	round                             int
	samples, off                      int64 // sampled readers, and those with a larger error than promised
	offFirst                          string
	errorMax, above                   float64
	aboveFirst                        string
	aboveSamples                      int64
	opened, openedEmpty               int64
	firstValue                        time.Duration
	refreshes, decreases              int64
	decreaseFirst                     string
	roamingReads, roamingDecreases    int64
	stale                             time.Duration   // age of the oldest value shown, except while the primary is down
	staleIn                           []time.Duration // by round: age of the oldest value shown
	errorAfter                        []wallet.Money  // by round: largest error in fen at the end of its rest
	unrepaired, final                 wallet.Money    // largest error in fen before the last repairs, and at the end
	exact                             int64           // readers with the true total at the end
	gets, writes, hottest, overloaded int64           // overloaded: seconds in which a key received more calls than it can process
	granted                           wallet.Money
	agree                             bool
}

// ppm returns the error of a shown value, in ppm of the true total.
func (p *run) ppm(shown wallet.Money) float64 { return share(shown-p.truth, p.truth) }

// sample samples every reader that answers people.
func (p *run) sample() {
	least, most, oldest, open := wallet.Money(math.MaxInt64), wallet.Money(math.MinInt64), p.world.Now(), int64(0)
	for i := range p.open {
		if !p.open[i] {
			continue
		}
		shown, _ := p.design.shown(i)
		least, most, oldest = min(least, shown), max(most, shown), min(oldest, p.fresh[i])
		open++
		if e := p.ppm(shown); math.Abs(e) > promised {
			p.off++
			if p.offFirst == "" {
				p.offFirst = fmt.Sprintf("%s after the start, reader %d showed %d fen of %d granted", time.Duration(p.world.Now()), i, int64(shown), int64(p.truth))
			}
		}
	}
	if open == 0 || p.truth == 0 {
		return
	}
	p.samples += open
	low, high := p.ppm(least), p.ppm(most)
	p.errorMax = max(p.errorMax, math.Abs(low), math.Abs(high))
	if most > p.truth {
		p.aboveSamples++
		p.above = max(p.above, high)
		if p.aboveFirst == "" {
			p.aboveFirst = fmt.Sprintf("%s after the start a reader showed %d fen of %d granted", time.Duration(p.world.Now()), int64(most), int64(p.truth))
		}
	}
	p.age(time.Duration(p.world.Now() - oldest))
	p.roam()
}

// age records the age of the oldest value.
func (p *run) age(old time.Duration) {
	p.staleIn[p.round] = max(p.staleIn[p.round], old)
	if p.Rounds[p.round].Fault != scenarios.FaultDown {
		p.stale = max(p.stale, old)
	}
}

// roam simulates people who read at another instance each time. A value may decrease by the difference between two instances.
func (p *run) roam() {
	for i := range p.seen {
		reader := int(p.people.IntN(int64(p.Readers)))
		shown, ok := p.design.shown(reader)
		if !ok || !p.open[reader] {
			continue
		}
		p.roamingReads++
		if shown < p.seen[i] {
			p.roamingDecreases++
		}
		p.seen[i] = shown
	}
}

// worst returns the error with the largest absolute value of all readers, in fen.
func (p *run) worst() (worst wallet.Money) {
	for i := range p.open {
		shown, _ := p.design.shown(i)
		if e := shown - p.truth; max(e, -e) > max(worst, -worst) {
			worst = e
		}
	}
	return worst
}

// finish measures the figures at the end.
func (p *run) finish() {
	p.final, p.agree, p.granted = p.worst(), p.design.agreed(), p.truth
	for i := range p.open {
		if shown, _ := p.design.shown(i); shown == p.truth {
			p.exact++
		}
	}
	for _, s := range p.design.servers() {
		p.gets += s.gets
		p.writes += s.incrs
		most, over := s.hottest()
		p.hottest = max(p.hottest, most)
		p.overloaded += over
	}
}

// left returns the error that the rounds with a fault left, in ppm of the granted total, and the number of these rounds.
func (p *run) left(kind scenarios.FaultKind) (ppm float64, rounds int64) {
	before := wallet.Money(0)
	for i, r := range p.Rounds {
		if r.Fault == kind {
			ppm += share(p.errorAfter[i]-before, p.granted)
			rounds++
		}
		before = p.errorAfter[i]
	}
	return ppm, rounds
}

// oldest returns the age of the oldest value shown in rounds with a fault.
func (p *run) oldest(kind scenarios.FaultKind) (age time.Duration) {
	for i, r := range p.Rounds {
		if r.Fault == kind {
			age = max(age, p.staleIn[i])
		}
	}
	return age
}

// share returns part ÷ whole in ppm.
func share(part, whole wallet.Money) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) * 1e6 / float64(whole)
}
