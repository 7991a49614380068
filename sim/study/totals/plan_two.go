package totals

import (
	"context"
	"errors"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// planTwo is the source's second plan (R3, R4). A writer sums its grants in memory, and once per interval adds the sum to one
// central key, in the primary and in the backup. A reader raises its value to the central value once per interval. A task adds
// the missing difference to the store with the lower value.
//
// An unanswered addition is either treated as applied, and lost if it was not, or retried, and counted twice if it was. The
// writer cannot know which is right.
type planTwo struct {
	stores   [2]*server
	sums     [2]wallet.Money
	pending  [2][]wallet.Money // by store and writer: the sum that is not yet written
	restarts []int             // by writer
	raised   []wallet.Money    // by reader: the value plus one; 0: no value yet
	retry    bool              // unanswered additions are retried
	onBackup int
}

func newPlanTwo(w *world.World, r *scenarios.RunningTotal, retry bool) *planTwo {
	p := &planTwo{retry: retry, sums: [2]wallet.Money{r.Before, r.Before}, restarts: make([]int, r.Writers), raised: make([]wallet.Money, r.Readers)}
	for i, name := range storeNames() {
		p.stores[i] = newServer(w, name, r, 1)
		p.pending[i] = make([]wallet.Money, r.Writers)
	}
	return p
}

// storeNames returns the names of the two stores, in the order of writes.
func storeNames() [2]string { return [2]string{"primary", "backup"} }

func (p *planTwo) add(g grant) {
	for i := range p.pending {
		p.pending[i][g.writer] += g.fen
	}
}

func (p *planTwo) flush(_ context.Context, writer int) {
	restarts := p.restarts[writer]
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
		if p.restarts[writer] != restarts {
			return // the writer crashed meanwhile and lost its pending sums
		}
		if err != nil && (p.retry || !errors.Is(err, wallet.ErrUnknown)) {
			p.pending[i][writer] += sum
		}
	}
}

func (p *planTwo) crash(writer int) {
	p.restarts[writer]++
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

// synchronize reads both stores and adds the difference to the store with the lower value. It treats open writes as missing, so
// it must be called while there are none.
func (p *planTwo) synchronize(context.Context) {
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
	if missing := sums[1-less] - sums[less]; missing > 0 {
		_ = p.stores[less].incr(0, func() error { p.sums[less] += missing; return nil })
	}
}

func (p *planTwo) repair(context.Context, wallet.Money) bool { return false }
func (p *planTwo) agreed() bool                              { return p.sums[0] == p.sums[1] }
func (p *planTwo) servers() []*server                        { return p.stores[:] }
