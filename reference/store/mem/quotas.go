package mem

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// leaseShare: one lease may take at most 1/leaseShare of the remaining budget beyond its need. So near the end of a
// budget the blocks shrink to the needed amount, and little money is idle in blocks.
const leaseShare = 8

// Quotas stores leased budgets. It uses 16 bytes per order, at the index of its wallet among all orders of its kind.
type Quotas struct {
	mu      sync.Mutex
	kinds   kinds
	records []slab.Sparse[quotaRecord] // by kind
	blocks  []quotaBlock               // block n is blocks[n-1]
	stages  [wallet.Stages + 1]wallet.Quota
}

var _ wallet.Quotas = (*Quotas)(nil)

type quotaRecord struct {
	amount wallet.Money // 0: no reservation
	block  uint32
}

type quotaBlock struct {
	holder   string
	stage    wallet.Stage
	state    quotaState
	leased   wallet.Money
	reserved wallet.Money
}

type quotaState uint8

const (
	quotaOpen quotaState = iota
	quotaOrphaned
	quotaClosed
)

// NewQuotas returns a store in which nothing is leased.
func NewQuotas() *Quotas {
	return &Quotas{kinds: newKinds(), records: make([]slab.Sparse[quotaRecord], 1)}
}

// Lease implements wallet.Quotas. It adds at most an eighth of the remaining budget, or need if that is more. With
// ErrOverBudget it also returns the holder's open block, unchanged. ErrInvalid also for an unknown stage.
func (s *Quotas) Lease(_ context.Context, holder string, stage wallet.Stage, need, want, budget wallet.Money) (wallet.Block, error) {
	if err := stage.Validate(); err != nil {
		return wallet.Block{}, err
	}
	if need < 1 || need > want {
		return wallet.Block{}, fmt.Errorf("%w: lease of %d to %d fen", wallet.ErrInvalid, int64(need), int64(want))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.blocks, func(b quotaBlock) bool {
		return b.holder == holder && b.stage == stage && b.state == quotaOpen
	})
	leased := &s.stages[stage].Leased
	if budget < *leased || budget-*leased < need {
		if i < 0 {
			return wallet.Block{}, wallet.ErrOverBudget
		}
		return s.block(i), wallet.ErrOverBudget
	}
	if i < 0 {
		i = len(s.blocks)
		s.blocks = append(s.blocks, quotaBlock{holder: holder, stage: stage})
	}
	more := min(want, max(need, (budget-*leased)/leaseShare))
	s.blocks[i].leased += more
	*leased += more
	return s.block(i), nil
}

func (s *Quotas) block(i int) wallet.Block {
	return wallet.Block{ID: wallet.BlockID(i + 1), Stage: s.blocks[i].stage, Amount: s.blocks[i].leased}
}

// Record implements wallet.Quotas. ErrInvalid: a malformed number, an amount not above zero, or a block that was never
// leased or is of another stage.
func (s *Quotas) Record(_ context.Context, r wallet.Reservation) (wallet.Reservation, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record(r)
}

func (s *Quotas) record(r wallet.Reservation) (wallet.Reservation, bool, error) {
	if err := checkAmount(r.Amount); err != nil {
		return wallet.Reservation{}, false, err
	}
	kind, err := s.kinds.intern(r.Order)
	if err != nil {
		return wallet.Reservation{}, false, err
	}
	if int(kind) == len(s.records) {
		s.records = append(s.records, slab.Sparse[quotaRecord]{})
	}
	if old := s.records[kind].Get(int64(r.Order.ActID)); old.amount != 0 {
		return wallet.Reservation{Order: r.Order, Amount: old.amount, Block: wallet.BlockID(old.block)}, false, nil
	}
	if err := s.pays(r); err != nil {
		return wallet.Reservation{}, false, err
	}
	if r.Block != 0 {
		s.blocks[r.Block-1].reserved += r.Amount
		s.stages[r.Order.Stage].Reserved += r.Amount
	}
	*s.records[kind].Touch(int64(r.Order.ActID)) = quotaRecord{amount: r.Amount, block: uint32(r.Block)}
	return r, true, nil
}

// pays returns nil if the reservation's block can pay for it, or if it has no block.
func (s *Quotas) pays(r wallet.Reservation) error {
	if err := checkAmount(r.Amount); err != nil || r.Block == 0 {
		return err
	}
	if r.Block < 0 || r.Block > wallet.BlockID(len(s.blocks)) || s.blocks[r.Block-1].stage != r.Order.Stage {
		return fmt.Errorf("%w: no block %d in %s", wallet.ErrInvalid, r.Block, r.Order.Stage)
	}
	if s.blocks[r.Block-1].state != quotaOpen {
		return wallet.ErrStale
	}
	return nil
}

// Find implements wallet.Quotas.
func (s *Quotas) Find(_ context.Context, no wallet.OrderNo) (wallet.Reservation, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.find(no)
	return r, ok, nil
}

func (s *Quotas) find(no wallet.OrderNo) (wallet.Reservation, bool) {
	kind := s.kinds.of(no)
	if kind == 0 {
		return wallet.Reservation{}, false
	}
	r := s.records[kind].Get(int64(no.ActID))
	if r.amount == 0 {
		return wallet.Reservation{}, false
	}
	return wallet.Reservation{Order: no, Amount: r.amount, Block: wallet.BlockID(r.block)}, true
}

// Orphan implements wallet.Quotas.
func (s *Quotas) Orphan(_ context.Context, holder string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.blocks {
		if b := &s.blocks[i]; b.holder == holder && b.state == quotaOpen {
			b.state = quotaOrphaned
			s.stages[b.stage].Orphaned += b.leased - b.reserved
		}
	}
	return nil
}

// Reclaim implements wallet.Quotas. ErrInvalid for an unknown stage.
func (s *Quotas) Reclaim(_ context.Context, stage wallet.Stage) (wallet.Money, error) {
	if err := stage.Validate(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.blocks {
		if b := &s.blocks[i]; b.stage == stage && b.state == quotaOrphaned {
			b.state = quotaClosed
		}
	}
	q := &s.stages[stage]
	back := q.Orphaned
	q.Leased, q.Orphaned = q.Leased-back, 0
	return back, nil
}

// Holders implements wallet.Quotas.
func (s *Quotas) Holders(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, b := range s.blocks {
		if b.state == quotaOpen {
			out = append(out, b.holder)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Quota implements wallet.Quotas. ErrInvalid for an unknown stage.
func (s *Quotas) Quota(_ context.Context, stage wallet.Stage) (wallet.Quota, error) {
	if err := stage.Validate(); err != nil {
		return wallet.Quota{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stages[stage], nil
}

// Bytes returns the memory used.
func (s *Quotas) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.kinds.Bytes()
	for i := range s.records {
		n += s.records[i].Bytes()
	}
	return n
}
