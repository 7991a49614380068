package totals

import (
	"fmt"
	"math"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// promised is the largest error that readers may show, in ppm of the truth (R1).
const promised = 10_000

// figures are what one run has shown. Errors are in ppm of the truth or in fen; below zero: less was shown than granted.
type figures struct {
	round                          int
	samples, off                   int64 // readers looked at, and those further off than promised
	offFirst                       string
	errorMax, above                float64
	aboveFirst                     string
	aboveSamples                   int64
	opened, openedEmpty            int64
	firstValue                     time.Duration
	refreshes, back                int64
	backFirst                      string
	backMost                       wallet.Money
	roamed, roamedBack             int64
	stale                          time.Duration   // the oldest value shown, but while the primary is away
	staleIn                        []time.Duration // the oldest value shown in each round's fault
	standing                       []wallet.Money  // by round: how far off, in fen, when its rest is over
	unrepaired, final              wallet.Money    // the same before repair, and at the end
	crashed                        int64
	exact                          int64
	gets, writes, hottest, crowded int64 // crowded: seconds in which a key had more calls than it bears
	granted                        wallet.Money
	agree                          bool
}

// ppm returns how far off a value is.
func (p *run) ppm(shown wallet.Money) float64 { return share(shown-p.truth, p.truth) }

// sample looks at every reader that people ask.
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

// age notes how old the oldest value is, by what goes wrong.
func (p *run) age(old time.Duration) {
	p.staleIn[p.round] = max(p.staleIn[p.round], old)
	if p.Rounds[p.round].Fault != scenarios.FaultDown {
		p.stale = max(p.stale, old)
	}
}

// roam lets people ask who ask another instance each time. What they see goes back by what the two differ.
func (p *run) roam() {
	for i := range p.seen {
		reader := int(p.people.IntN(int64(p.Readers)))
		shown, ok := p.design.shown(reader)
		if !ok || !p.open[reader] {
			continue
		}
		p.roamed++
		if shown < p.seen[i] {
			p.roamedBack++
		}
		p.seen[i] = shown
	}
}

// worst returns how far off, in fen, the reader is that is furthest off.
func (p *run) worst() (worst wallet.Money) {
	for i := range p.open {
		shown, _ := p.design.shown(i)
		if e := shown - p.truth; max(e, -e) > max(worst, -worst) {
			worst = e
		}
	}
	return worst
}

// finish takes the figures of the end.
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
		p.crowded += over
	}
}

// left returns what the rounds with a fault have left behind, in ppm of all that was granted, and how many there were.
func (p *run) left(kind scenarios.FaultKind) (ppm float64, rounds int64) {
	before := wallet.Money(0)
	for i, r := range p.Rounds {
		if r.Fault == kind {
			ppm += share(p.standing[i]-before, p.granted)
			rounds++
		}
		before = p.standing[i]
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

// share returns a part in ppm of the whole.
func share(part, whole wallet.Money) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) * 1e6 / float64(whole)
}
