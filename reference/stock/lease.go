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

// Leased is our strategy (C5): an instance leases blocks of a template's stock from a durable store, counts from them
// in memory, and records each order's coupon in the store. A grant uses no hot key; a mirror publishes the count for
// readers. The rules of leasing are those of package quota, with coupons instead of fen.
//
// Coupons that can stay unissued: while an instance runs, the rests of its open blocks, which ReturnUnused returns when
// they are idle; after it has died the same, until its blocks are orphaned and reclaimed. No coupon is issued twice.
type Leased struct {
	leases wallet.StockLeases
	mirror wallet.StockMirror
	holder string
	block  int64

	mu       sync.Mutex
	byReward map[wallet.RewardID]*templateLeases
}

var _ wallet.Stocks = (*Leased)(nil)

// maxTemplates bounds the templates that one instance counts. Each has separate state in memory; a festival has dozens.
const maxTemplates = 1024

// templateLeases is the state of one template in one instance.
type templateLeases struct {
	quotas  *usageTracker
	budgets *quota.Budgets
}

// NewLeased returns the stocks of one process run of an instance. No other run of any instance may use the same holder,
// before or after. block is the number of coupons to lease at once while many are left; a few seconds of an instance's
// grants is a good size. ErrInvalid: block is outside 1..MaxStock, or holder is empty.
func NewLeased(leases wallet.StockLeases, mirror wallet.StockMirror, holder string, block int64) (*Leased, error) {
	if block < 1 || block > wallet.MaxStock || holder == "" {
		return nil, fmt.Errorf("%w: stock: leases of %d coupons to holder %q", wallet.ErrInvalid, block, holder)
	}
	return &Leased{leases: leases, mirror: mirror, holder: holder, block: block, byReward: map[wallet.RewardID]*templateLeases{}}, nil
}

func (l *Leased) open(t wallet.RewardID) (*templateLeases, error) {
	quotas, err := l.leases.Of(t)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.byReward[t]; s != nil {
		return s, nil
	}
	if len(l.byReward) == maxTemplates {
		return nil, fmt.Errorf("%w: stock: this instance already counts %d templates", wallet.ErrOverloaded, maxTemplates)
	}
	s := &templateLeases{quotas: trackUsage(quotas)}
	s.budgets = quota.New(s.quotas, l.holder, quota.Config{Block: wallet.Money(l.block)})
	l.byReward[t] = s
	return s, nil
}

// Take implements wallet.Stocks.
func (l *Leased) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	if err := checkTake(no, t, total); err != nil {
		return err
	}
	s, err := l.open(t)
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
func (l *Leased) Decline(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (bool, error) {
	if err := checkTake(no, t, 0); err != nil {
		return false, err
	}
	quotas, err := l.leases.Of(t)
	if err != nil {
		return false, err
	}
	r, _, err := quotas.Record(ctx, wallet.Reservation{Order: no, Amount: 1})
	return err == nil && r.Block != 0, err
}

// GiveBack implements wallet.Stocks.
func (l *Leased) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	if err := checkTake(no, t, 0); err != nil {
		return err
	}
	return l.leases.GiveBack(ctx, no, t)
}

// Issued implements wallet.Stocks: it returns the mirror's count.
func (l *Leased) Issued(ctx context.Context, t wallet.Template) (int64, error) {
	return l.mirror.Reported(ctx, t)
}

// ReturnUnused returns the rests of templates that were not used since the previous call, so that the last coupons are
// not held by an instance that does not need them. It also settles takes without an answer, at most limit for each
// template. An instance that needs coupons again leases again. Errors are those of the store; after an error the next
// call continues.
func (l *Leased) ReturnUnused(ctx context.Context, limit int) error {
	var failed error
	for _, t := range l.templates() {
		s := l.get(t)
		_, err := s.budgets.Settle(ctx, limit)
		failed = errors.Join(failed, err)
		if !s.quotas.idle() {
			continue
		}
		_, err = quota.Retire(ctx, s.quotas, l.holder)
		failed = errors.Join(failed, err)
	}
	return failed
}

// templates returns the templates counted here, sorted.
func (l *Leased) templates() []wallet.RewardID {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]wallet.RewardID, 0, len(l.byReward))
	for t := range l.byReward {
		all = append(all, t)
	}
	slices.Sort(all)
	return all
}

func (l *Leased) get(t wallet.RewardID) *templateLeases {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byReward[t]
}
