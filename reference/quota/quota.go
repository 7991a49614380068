// Package quota holds the rules of leased budgets (C6, and the budget part of C5): an instance leases blocks of a
// stage's budget from a durable store, grants from them in memory, and records each reservation in the store. Amounts
// are fen.
//
// Lost, repeated or delayed calls can leave budget ungranted for a while; they can never cause more to be granted:
//
//   - A block is in the store before anything is granted from it. Its size is the largest amount that any reply has
//     reported for it. Blocks of one holder and stage have ascending numbers, so a late reply about an ended block is
//     recognised.
//   - The reservation on record decides, even if another attempt wrote it: two attempts of one order, at one instance or two, have one
//     result. A refusal is recorded too, under block 0, so it is final.
//   - A debit whose record had no reply is remembered for the repeat, and is credited back if another block pays.
//
// Budget that can stay ungranted: while an instance runs, the rest of its open blocks (at most one block a stage; near
// the budget's end less, because the store then leases little more than needed) and debits that never had a reply.
// After it has died the same, until its blocks are orphaned and reclaimed.
//
// The package must not wait, start goroutines or hold its lock over a call of a port: it runs in virtual time too.
package quota

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

// Config configures the leasing of an instance.
type Config struct {
	// Block is the fen to lease at once while the budget has plenty. Each block needs one call of Lease, and an
	// instance that dies leaves about one orphaned block a stage: a few seconds of grants is a good size.
	Block wallet.Money
}

// Validate returns ErrInvalid unless Block is above zero.
func (c Config) Validate() error {
	if c.Block <= 0 {
		return fmt.Errorf("%w: quota: block of %d fen", wallet.ErrInvalid, int64(c.Block))
	}
	return nil
}

const (
	// staleTries bounds how often one call finds its block ended. Blocks end when an operator or another instance
	// believes that this instance is dead; if that happens repeatedly, an operator must look into it.
	staleTries = 4
	// leaseTries bounds how often other orders empty the block between a lease and the debit that it was for. Each time
	// another order was granted, so only many concurrent requests at the very end of a budget come near it.
	leaseTries = 32
	// maxUnsettled bounds the debits remembered for a repeat: three seconds of the fastest instance's grants, in about
	// 10 MB. Debits beyond it stay ungranted until the block is reclaimed.
	maxUnsettled = 1 << 16
	// maxGranted bounds the granted orders that are remembered: longer than repeats of one call take, in about 2 MB.
	maxGranted = 1 << 14
)

// Budgets is the budgets of one process run of an instance. Safe for concurrent use.
type Budgets struct {
	store      wallet.Quotas
	admissions wallet.AdmissionStore // nil: orders are recorded separately
	holder     string
	block      wallet.Money

	mu        sync.Mutex
	blocks    [wallet.Stages + 1]openBlock
	debits    map[wallet.OrderNo]*debit
	unsettled int // number of debits that no caller is recording now

	// granted are the most recently granted orders; latest is a ring buffer of them. Their repeats must not debit
	// anything, because another order could be refused because of that debit.
	granted map[wallet.OrderNo]bool
	latest  []wallet.OrderNo
	oldest  int
}

var _ wallet.Budgets = (*Budgets)(nil)

// openBlock is the open block of one stage.
type openBlock struct {
	block        wallet.BlockID
	leased       wallet.Money // the largest amount that any reply has reported for the block
	free         wallet.Money // the part of it that is not debited
	ended        bool         // the store has ended it: later replies about it are ignored
	leasingWhole bool         // a caller is leasing a whole block, so others lease only what they need
}

// debit is an order's amount, taken out of the open block and being recorded in the store. All callers that try one
// order at the same time share its debit.
type debit struct {
	amount    wallet.Money
	order     wallet.Order // to be recorded with it; zero: it is on record already
	block     wallet.BlockID
	callers   int  // number of callers that are recording it now
	written   bool // the store has recorded it
	sameBlock bool // the store has the order under the same block, not written by this debit's caller
	void      bool // the store has the order under another block, or the block has ended: this debit pays nothing
	unknown   bool // a record had no reply: the store may have recorded it
}

// New returns the budgets of an instance. No other process run of any instance may use the same holder, before or
// after: two runs with one holder would share a block unknowingly. c must be valid.
func New(store wallet.Quotas, holder string, c Config) *Budgets {
	return &Budgets{store: store, holder: holder, block: max(c.Block, 1), debits: map[wallet.OrderNo]*debit{}, granted: map[wallet.OrderNo]bool{}}
}

// Spent implements wallet.Budgets: the sum of the reservations on record, of all instances.
func (b *Budgets) Spent(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	q, err := b.store.Quota(ctx, s)
	return q.Reserved, err
}

// Reserve implements wallet.Budgets. A reduced budget takes effect once the open block is used up. ErrInvalid also for
// a malformed number. ErrOverloaded and ErrUnavailable: this call reserved nothing.
func (b *Budgets) Reserve(ctx context.Context, no wallet.OrderNo, amount, budget wallet.Money) error {
	if err := check(no, amount); err != nil {
		return err
	}
	for range staleTries {
		t, err := b.debitFor(ctx, wallet.Order{No: no, Amount: amount}, true, budget)
		if errors.Is(err, wallet.ErrOverBudget) {
			return b.refuse(ctx, no, amount)
		}
		if err != nil || t == nil {
			return err
		}
		if err = b.record(ctx, no, t); !errors.Is(err, wallet.ErrStale) {
			return err
		}
	}
	return b.ended()
}

func check(no wallet.OrderNo, amount wallet.Money) error {
	if err := no.Validate(); err != nil {
		return err
	}
	if amount <= 0 {
		return fmt.Errorf("%w: quota: reservation of %d fen", wallet.ErrInvalid, int64(amount))
	}
	return nil
}

func (b *Budgets) ended() error {
	return fmt.Errorf("%w: quota: the blocks of %s end as fast as they are leased", wallet.ErrUnavailable, b.holder)
}

// refuse records that no budget was left for the order, unless it has a reservation already, which then counts.
func (b *Budgets) refuse(ctx context.Context, no wallet.OrderNo, amount wallet.Money) error {
	r, _, err := b.store.Record(ctx, wallet.Reservation{Order: no, Amount: amount})
	return answer(r, err)
}

func answer(onRecord wallet.Reservation, err error) error {
	if err == nil && onRecord.Block == 0 {
		return wallet.ErrOverBudget
	}
	return err
}

// debitFor returns the order's debit from the open block, and leases more for the block if it has too little. It
// returns nil without an error if the order is known to be granted already.
func (b *Budgets) debitFor(ctx context.Context, o wallet.Order, onRecord bool, budget wallet.Money) (*debit, error) {
	no, amount := o.No, o.Amount
	for range leaseTries {
		t, missing, whole := b.debitOpenBlock(o, onRecord)
		if t != nil || missing == 0 {
			return t, nil
		}
		want := missing
		if whole {
			want = max(missing, b.block)
		}
		block, err := b.store.Lease(ctx, b.holder, no.Stage, missing, want, budget)
		enough := b.addLease(no, amount-missing, block, whole)
		if errors.Is(err, wallet.ErrOverBudget) && enough {
			continue // others credited back meanwhile, so less is missing now than was requested
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: quota: the block of %s is emptied as fast as it is filled", wallet.ErrOverloaded, b.holder)
}

// debitOpenBlock debits the open block, or joins the debit that the order has already. If the block has too little, it
// returns how much is missing, and whether this caller must lease a whole block.
func (b *Budgets) debitOpenBlock(o wallet.Order, onRecord bool) (t *debit, missing wallet.Money, whole bool) {
	no, amount := o.No, o.Amount
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.granted[no] {
		return nil, 0, false
	}
	if t = b.debits[no]; t != nil {
		if t.callers == 0 {
			b.unsettled--
		}
		t.callers++
		return t, 0, false
	}
	p := &b.blocks[no.Stage]
	if p.free < amount {
		whole = !p.leasingWhole
		p.leasingWhole = true
		return nil, amount - p.free, whole
	}
	p.free -= amount
	t = &debit{amount: amount, block: p.block, callers: 1}
	if !onRecord {
		t.order = o
	}
	b.debits[no] = t
	return t, 0, false
}

// addLease adds a reply of Lease to the open block; the block returned with an error counts too, or is zero. It reports
// whether the block has more now than before, or the order has a debit to join.
func (b *Budgets) addLease(no wallet.OrderNo, was wallet.Money, block wallet.Block, whole bool) (more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &b.blocks[no.Stage]
	if whole {
		p.leasingWhole = false
	}
	if block.ID > p.block { // the block before it has ended, otherwise the store would not have opened this one
		p.block, p.leased, p.free, p.ended = block.ID, 0, 0, false
	}
	if block.ID == p.block && block.Amount > p.leased && !p.ended {
		p.free += block.Amount - p.leased
		p.leased = block.Amount
	}
	return p.free > was || b.debits[no] != nil
}

// end marks a block as ended by the store.
func (p *openBlock) end(block wallet.BlockID) {
	if p.block == block {
		p.free, p.ended = 0, true
	}
}

// credit returns the amount of a debit that pays nothing.
func (p *openBlock) credit(t *debit) {
	if p.block == t.block && !p.ended {
		p.free += t.amount
	}
}
