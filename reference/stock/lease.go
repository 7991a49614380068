package stock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"hongbao/reference/quota"
	"hongbao/reference/wallet"
)

// Lease is ours (C5): an instance leases blocks of a template's stock from a durable book, counts from them in memory,
// and records each order's coupon in the book. It asks no key for a grant; a mirror shows the count to those who read
// it. The rules of leasing are package quota's, with coupons in place of fen.
//
// What can stay unissued: while an instance lives, its open blocks' rests, which Tidy returns when they lie idle; after
// it died the same, until its blocks are stranded and audited (Retire). It is never issued twice.
type Lease struct {
	book   wallet.StockBook
	mirror wallet.StockMirror
	holder string
	block  int64

	mu      sync.Mutex
	shelves map[wallet.RewardID]*shelf
}

var _ wallet.Stocks = (*Lease)(nil)

// maxTemplates bounds the templates that one instance counts: each has a memory of its own, and a festival has dozens.
const maxTemplates = 1024

// shelf is one template in one instance.
type shelf struct {
	quotas  *watched
	budgets *quota.Budgets
}

// NewLease returns the stocks of one life of an instance. The holder's name must be used by no other life of any
// instance, before or after. block is how many coupons to lease at once where there are plenty: some seconds of an
// instance's grants are a good size. ErrInvalid: it is below one.
func NewLease(book wallet.StockBook, mirror wallet.StockMirror, holder string, block int64) (*Lease, error) {
	if block < 1 || block > wallet.MaxStock || holder == "" {
		return nil, fmt.Errorf("%w: leases of %d coupons to %q", wallet.ErrInvalid, block, holder)
	}
	return &Lease{book: book, mirror: mirror, holder: holder, block: block, shelves: map[wallet.RewardID]*shelf{}}, nil
}

func (l *Lease) shelf(t wallet.RewardID) (*shelf, error) {
	book, err := l.book.Of(t)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.shelves[t]; s != nil {
		return s, nil
	}
	if len(l.shelves) == maxTemplates {
		return nil, fmt.Errorf("%w: stock: %d templates are counted here", wallet.ErrOverloaded, maxTemplates)
	}
	s := &shelf{quotas: watch(book)}
	s.budgets = quota.New(s.quotas, l.holder, quota.Config{Block: wallet.Money(l.block)})
	l.shelves[t] = s
	return s, nil
}

// Take implements wallet.Stocks.
func (l *Lease) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	if err := checkTake(no, t, total); err != nil {
		return err
	}
	s, err := l.shelf(t)
	if err != nil {
		return err
	}
	err = s.budgets.Reserve(ctx, no, 1, wallet.Money(total))
	if errors.Is(err, wallet.ErrOverBudget) {
		return wallet.ErrSoldOut
	}
	return err
}

// Decline implements wallet.Stocks.
func (l *Lease) Decline(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (bool, error) {
	if err := checkTake(no, t, 0); err != nil {
		return false, err
	}
	book, err := l.book.Of(t)
	if err != nil {
		return false, err
	}
	r, _, err := book.Record(ctx, wallet.Reservation{Order: no, Amount: 1})
	return err == nil && r.Block != 0, err
}

// GiveBack implements wallet.Stocks.
func (l *Lease) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	if err := checkTake(no, t, 0); err != nil {
		return err
	}
	return l.book.GiveBack(ctx, no, t)
}

// Issued implements wallet.Stocks: what the mirror shows.
func (l *Lease) Issued(ctx context.Context, t wallet.Template) (int64, error) {
	return l.mirror.Reported(ctx, t)
}

// Tidy returns the rests that have lain idle since it was last called, so that the last coupons do not wait where nobody
// asks for them, and settles takes that had no answer, at most limit a template. An instance that is asked again merely
// leases again.
func (l *Lease) Tidy(ctx context.Context, limit int) error {
	var failed error
	for _, t := range l.templates() {
		s := l.kept(t)
		_, err := s.budgets.Settle(ctx, limit)
		failed = errors.Join(failed, err)
		if !s.quotas.idle() {
			continue
		}
		_, err = retire(ctx, s.quotas, l.holder)
		failed = errors.Join(failed, err)
	}
	return failed
}

// templates returns what is counted here, in one order.
func (l *Lease) templates() []wallet.RewardID {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]wallet.RewardID, 0, len(l.shelves))
	for t := range l.shelves {
		all = append(all, t)
	}
	slices.Sort(all)
	return all
}

func (l *Lease) kept(t wallet.RewardID) *shelf {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shelves[t]
}
