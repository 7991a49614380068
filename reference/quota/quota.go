// Package quota holds the rules of leased budgets (C6, and the budget's half of C5): an instance leases blocks of a
// stage's budget from the book, grants from them in memory, and records each reservation durably. Amounts are fen.
//
// What is lost, repeated or paused can leave budget ungranted for a while; it can never make anybody grant more:
//
//   - A block is in the book before anything is granted from it, and is counted once, by the largest amount that any
//     answer has told of it. Blocks of one holder and stage have ascending numbers, so a late answer about an ended
//     block is known as such.
//   - The reservation on record decides, whoever wrote it: two tries of one order, at two instances or at one, have one
//     answer. That nothing is left is recorded too, under block 0, so a refusal stays one.
//   - A take whose record had no answer is kept for the repeat, and is given back when another block turns out to pay.
//
// What can stay ungranted: while an instance lives, its pocket (at most one block a stage, and near the budget's end
// less, because the book then leases little more than is needed) and takes that were never answered; after it died,
// the same, until its blocks are stranded and audited.
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

// Config says how an instance leases.
type Config struct {
	// Block is how many fen to lease at once, where the budget has plenty. One call of Lease is made for each block,
	// and an instance that dies strands at most about one a stage: some seconds of granting are a good size.
	Block wallet.Money
}

// Validate returns ErrInvalid for a block that is not above zero.
func (c Config) Validate() error {
	if c.Block <= 0 {
		return fmt.Errorf("%w: quota: block of %d fen", wallet.ErrInvalid, int64(c.Block))
	}
	return nil
}

const (
	// staleTries bounds how often one call comes upon an ended block. Blocks end when an operator or a neighbour
	// takes this instance for dead; if it happens again and again, somebody has to look.
	staleTries = 4
	// leaseTries bounds how often others empty the pocket between a lease and the take that it was for. Each time
	// somebody else was granted, so only a crowd at the very end of a budget comes near it.
	leaseTries = 32
	// maxUnsettled bounds the takes kept for a repeat: three seconds of the fastest instance's grants, in about
	// 10 MB. What is beyond it stays ungranted until an audit.
	maxUnsettled = 1 << 16
	// maxGranted bounds the granted orders that are remembered: longer than repeats of one call take, in about 2 MB.
	maxGranted = 1 << 14
)

// Budgets is one life of one instance as its requests see it. It is safe for concurrent use.
type Budgets struct {
	book       wallet.Quotas
	admissions wallet.AdmissionBook // nil: orders are recorded by somebody else
	holder     string
	block      wallet.Money

	mu        sync.Mutex
	pockets   [wallet.Stages + 1]pocket
	takes     map[wallet.OrderNo]*take
	unsettled int // takes that nobody is recording now

	// granted are the orders granted last, latest has them in a ring: a repeat must not take anything, because another
	// order would be refused for what it holds for a moment.
	granted map[wallet.OrderNo]bool
	latest  []wallet.OrderNo
	oldest  int
}

var _ wallet.Budgets = (*Budgets)(nil)

// pocket is what is left of the open block of one stage.
type pocket struct {
	block   wallet.BlockID
	leased  wallet.Money // the most that any answer has told of the block
	free    wallet.Money // of it, not taken
	over    bool         // the book has ended it: nothing that is still told of it counts
	leasing bool         // somebody is fetching a whole block, so others ask for what they need alone
}

// take is an order's amount, out of the pocket and on its way to the book. All callers that try one order at the same
// time share its take.
type take struct {
	amount  wallet.Money
	order   wallet.Order // to be recorded with it; zero: it is on record
	block   wallet.BlockID
	callers int  // recording it now
	paid    bool // the book took it
	met     bool // the book has the order under the same block, and this caller did not write it
	other   bool // the book has the order under another block, or the block has ended: this take pays nothing
	doubt   bool // a record had no answer: the book may have taken it
}

// New returns the budgets of an instance. The holder's name must be used by no other life of any instance, before or
// after: two that share one would share a block without knowing of each other. c must be valid.
func New(book wallet.Quotas, holder string, c Config) *Budgets {
	return &Budgets{book: book, holder: holder, block: max(c.Block, 1), takes: map[wallet.OrderNo]*take{}, granted: map[wallet.OrderNo]bool{}}
}

// Spent implements wallet.Budgets: the reservations on record, of all instances.
func (b *Budgets) Spent(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	q, err := b.book.Quota(ctx, s)
	return q.Reserved, err
}

// Reserve implements wallet.Budgets. A budget that is cut takes effect when the pocket is empty. ErrInvalid also for a
// malformed number; ErrOverloaded and ErrUnavailable: nothing was reserved by this call.
func (b *Budgets) Reserve(ctx context.Context, no wallet.OrderNo, amount, budget wallet.Money) error {
	if err := check(no, amount); err != nil {
		return err
	}
	for range staleTries {
		t, err := b.take(ctx, wallet.Order{No: no, Amount: amount}, true, budget)
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
		return fmt.Errorf("%w: reservation of %d fen", wallet.ErrInvalid, int64(amount))
	}
	return nil
}

func (b *Budgets) ended() error {
	return fmt.Errorf("%w: quota: the blocks of %s end as fast as they are leased", wallet.ErrUnavailable, b.holder)
}

// refuse records that nothing was left for the order, unless it has an answer already, which then stands.
func (b *Budgets) refuse(ctx context.Context, no wallet.OrderNo, amount wallet.Money) error {
	r, _, err := b.book.Record(ctx, wallet.Reservation{Order: no, Amount: amount})
	return answer(r, err)
}

func answer(onRecord wallet.Reservation, err error) error {
	if err == nil && onRecord.Block == 0 {
		return wallet.ErrOverBudget
	}
	return err
}

// take returns the order's take out of the pocket, which is filled from the book when it has too little. It returns
// nil and no error when the order is known to be granted already.
func (b *Budgets) take(ctx context.Context, o wallet.Order, onRecord bool, budget wallet.Money) (*take, error) {
	no, amount := o.No, o.Amount
	for range leaseTries {
		t, missing, whole := b.fromPocket(o, onRecord)
		if t != nil || missing == 0 {
			return t, nil
		}
		want := missing
		if whole {
			want = max(missing, b.block)
		}
		block, err := b.book.Lease(ctx, b.holder, no.Stage, missing, want, budget)
		enough := b.leased(no, amount-missing, block, whole)
		if errors.Is(err, wallet.ErrOverBudget) && enough {
			continue // others gave back meanwhile, so less is missing now than the book was asked for
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: quota: the pocket of %s is emptied as fast as it is filled", wallet.ErrOverloaded, b.holder)
}

// fromPocket takes the amount out of the pocket, or joins the take that the order has already. If there is too little,
// it says how much is missing, and whether this caller is the one to fetch a whole block.
func (b *Budgets) fromPocket(o wallet.Order, onRecord bool) (t *take, missing wallet.Money, whole bool) {
	no, amount := o.No, o.Amount
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.granted[no] {
		return nil, 0, false
	}
	if t = b.takes[no]; t != nil {
		if t.callers == 0 {
			b.unsettled--
		}
		t.callers++
		return t, 0, false
	}
	p := &b.pockets[no.Stage]
	if p.free < amount {
		whole = !p.leasing
		p.leasing = true
		return nil, amount - p.free, whole
	}
	p.free -= amount
	t = &take{amount: amount, block: p.block, callers: 1}
	if !onRecord {
		t.order = o
	}
	b.takes[no] = t
	return t, 0, false
}

// leased puts into the pocket what the answer tells of the block; an error's answer has it too, or is zero. It says
// whether there is more in the pocket now than there was, or a take of the order to join.
func (b *Budgets) leased(no wallet.OrderNo, was wallet.Money, block wallet.Block, whole bool) (more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &b.pockets[no.Stage]
	if whole {
		p.leasing = false
	}
	if block.ID > p.block { // the one before it has ended, or the book would not have opened this one
		p.block, p.leased, p.free, p.over = block.ID, 0, 0, false
	}
	if block.ID == p.block && block.Amount > p.leased && !p.over {
		p.free += block.Amount - p.leased
		p.leased = block.Amount
	}
	return p.free > was || b.takes[no] != nil
}

// end forgets a block that the book has ended.
func (p *pocket) end(block wallet.BlockID) {
	if p.block == block {
		p.free, p.over = 0, true
	}
}

// giveBack returns a take that pays nothing.
func (p *pocket) giveBack(t *take) {
	if p.block == t.block && !p.over {
		p.free += t.amount
	}
}
