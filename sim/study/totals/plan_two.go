package totals

import (
	"context"
	"errors"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// planTwo is the source's second plan (R3, R4): a writer adds up in its memory, and once an interval takes what has come
// together and adds it to one central key, at the primary and at the backup. A reader raises its value to the central one
// once an interval. A task adds to the store that has less what it lacks.
//
// An addition without an answer is either taken for made, and lost when it was not, or made again, and counted twice when
// it was. No third way is open to it: that is what it cannot know.
type planTwo struct {
	stores   [2]*server
	sums     [2]wallet.Money
	pending  [2][]wallet.Money // by writer: what each store has yet to be told
	lives    []int             // by writer: how often it has started
	raised   []wallet.Money    // by reader: the value plus one; 0: nothing yet
	again    bool              // additions without an answer are made again
	onBackup int
}

func newPlanTwo(w *world.World, r *scenarios.RunningTotal, again bool) *planTwo {
	p := &planTwo{again: again, sums: [2]wallet.Money{r.Before, r.Before}, lives: make([]int, r.Writers), raised: make([]wallet.Money, r.Readers)}
	for i, name := range storeNames() {
		p.stores[i] = newServer(w, name, r, 1)
		p.pending[i] = make([]wallet.Money, r.Writers)
	}
	return p
}

// storeNames are the two stores, in the order in which they are written.
func storeNames() [2]string { return [2]string{"primary", "backup"} }

func (p *planTwo) add(g grant) {
	for i := range p.pending {
		p.pending[i][g.writer] += g.fen
	}
}

func (p *planTwo) flush(_ context.Context, writer int) {
	life := p.lives[writer]
	for i, s := range p.stores {
		sum := p.pending[i][writer]
		if sum == 0 {
			continue
		}
		p.pending[i][writer] = 0
		err := s.incr(0, func() error {
			p.sums[i] += sum
			return nil
		})
		if p.lives[writer] != life {
			return // it crashed meanwhile, and what was to be told went with it
		}
		if err != nil && (p.again || !errors.Is(err, wallet.ErrUnknown)) {
			p.pending[i][writer] += sum
		}
	}
}

func (p *planTwo) crash(writer int) {
	p.lives[writer]++
	for i := range p.pending {
		p.pending[i][writer] = 0
	}
}

func (p *planTwo) refresh(_ context.Context, reader int) bool {
	from, sum := p.onBackup, wallet.Money(0)
	err := p.stores[from].get(0, func() error {
		sum = p.sums[from]
		return nil
	})
	if err != nil {
		return false
	}
	p.raised[reader] = max(p.raised[reader], sum+1)
	return true
}

func (p *planTwo) ready(reader int) bool { return p.raised[reader] > 0 }

func (p *planTwo) shown(reader int) (wallet.Money, bool) {
	return p.raised[reader] - 1, p.raised[reader] > 0
}

func (p *planTwo) primaryLost() { p.sums[0] = 0 }

func (p *planTwo) readBackup(on bool) {
	p.onBackup = 0
	if on {
		p.onBackup = 1
	}
}

// agree reads both stores and adds the difference to the one that has less. What is under way meanwhile it takes for
// missing; it is called when nothing is.
func (p *planTwo) agree(context.Context) {
	var sums [2]wallet.Money
	for i, s := range p.stores {
		if s.get(0, func() error { sums[i] = p.sums[i]; return nil }) != nil {
			return
		}
	}
	less := 0
	if sums[1] < sums[0] {
		less = 1
	}
	if lacks := sums[1-less] - sums[less]; lacks > 0 {
		_ = p.stores[less].incr(0, func() error { p.sums[less] += lacks; return nil })
	}
}

func (p *planTwo) repair(context.Context, wallet.Money) bool { return false }
func (p *planTwo) agreed() bool                              { return p.sums[0] == p.sums[1] }
func (p *planTwo) servers() []*server                        { return p.stores[:] }
