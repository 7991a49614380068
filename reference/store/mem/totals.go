package mem

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// maxWriters bounds the writers of one stage: the source's 8,000 instances, each restarted a hundred times.
const maxWriters = 800_000

// Totals stores the running total: one number per writer, and their sum.
type Totals struct {
	mu     sync.Mutex
	stages [wallet.Stages + 1]stageTotal
}

type stageTotal struct {
	writers  map[string]wallet.Money
	sum      wallet.Money
	overflow error // the sum has left the range of Money; permanent, because it only grows
}

var (
	_ wallet.Totals       = (*Totals)(nil)
	_ wallet.TotalsReader = (*Totals)(nil)
)

// NewTotals returns an empty store.
func NewTotals() *Totals { return &Totals{} }

// Report implements wallet.Totals. ErrInvalid: an unknown stage, or a sum below zero. ErrOverloaded: too many writers.
// Nothing is changed then.
func (s *Totals) Report(_ context.Context, stage wallet.Stage, writer string, sum wallet.Money) error {
	if stage < wallet.InternalTest || stage > wallet.Official || sum < 0 {
		return fmt.Errorf("%w: total of %d fen in stage %d", wallet.ErrInvalid, int64(sum), stage)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.stages[stage]
	was, known := st.writers[writer]
	if sum <= was {
		return nil
	}
	if !known && len(st.writers) >= maxWriters {
		return fmt.Errorf("mem: %d writers of the total: %w", len(st.writers), wallet.ErrOverloaded)
	}
	if st.writers == nil {
		st.writers = map[string]wallet.Money{}
	}
	st.writers[writer] = sum
	if st.overflow == nil {
		st.sum, st.overflow = st.sum.Add(sum - was)
	}
	return nil
}

// Total implements wallet.Totals. ErrInvalid: an unknown stage. ErrOverflow: the total is out of the range of Money.
func (s *Totals) Total(_ context.Context, stage wallet.Stage) (wallet.Money, error) {
	if err := stage.Validate(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stages[stage].sum, s.stages[stage].overflow
}

// Sums implements wallet.TotalsReader: each writer once, sorted by name, all from one point in time. ErrInvalid: an
// unknown stage.
func (s *Totals) Sums(_ context.Context, stage wallet.Stage, yield func(string, wallet.Money) bool) error {
	if err := stage.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	sums := maps.Clone(s.stages[stage].writers)
	s.mu.Unlock()
	for _, writer := range slices.Sorted(maps.Keys(sums)) {
		if !yield(writer, sums[writer]) {
			return nil
		}
	}
	return nil
}
