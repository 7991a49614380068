package stock

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// Maintenance is an instance's stocks with the chores that they need. A runner calls its steps. Holders, Orphan, Retire
// and Reclaim concern leased stock only.
type Maintenance struct {
	Stocks    wallet.Stocks
	Reader    *Reader
	Templates []wallet.Template

	// For leased stock only; nil otherwise.
	Lease  *Leased
	Leases wallet.StockLeases
	Mirror wallet.StockMirror
}

// maxSettled bounds the unanswered takes that one ReturnUnused settles, for each template.
const maxSettled = 500

// Refresh reads the issued counts. Every instance calls it about once a second.
func (m *Maintenance) Refresh(ctx context.Context) error { return m.Reader.Refresh(ctx) }

// ReturnUnused returns the coupons that this instance has leased and does not use. Every instance calls it every few
// seconds.
func (m *Maintenance) ReturnUnused(ctx context.Context) error {
	if m.Lease == nil {
		return nil
	}
	return m.Lease.ReturnUnused(ctx, maxSettled)
}

// Publish publishes the issued counts of leased stock. One instance calls it about once a second.
func (m *Maintenance) Publish(ctx context.Context) error {
	if m.Lease == nil {
		return nil
	}
	return Publish(ctx, m.Leases, m.Mirror, m.Templates)
}

// Holders returns the holders of leases of any template, ascending.
func (m *Maintenance) Holders(ctx context.Context) ([]string, error) {
	var all []string
	for _, t := range m.rewards() {
		b, err := m.Leases.Of(t)
		if err != nil {
			return nil, err
		}
		holders, err := b.Holders(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, holders...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// Orphan ends the leases of a dead holder. Their rest is unusable until Reclaim. Idempotent.
func (m *Maintenance) Orphan(ctx context.Context, holder string) error {
	var failed error
	for _, t := range m.rewards() {
		b, err := m.Leases.Of(t)
		if err == nil {
			err = wallet.Repeat(func() error { return b.Orphan(ctx, holder) })
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// Retire returns the unissued coupons of a holder that grants no more. Its result is the number of returned coupons.
func (m *Maintenance) Retire(ctx context.Context, holder string) (int64, error) {
	return retireStock(ctx, m.Leases, m.rewards(), holder)
}

// Reclaim returns the rest of orphaned leases. Its result is the number of returned coupons. One instance calls it from
// time to time.
func (m *Maintenance) Reclaim(ctx context.Context) (int64, error) {
	if m.Lease == nil {
		return 0, nil
	}
	return Reclaim(ctx, m.Leases, m.rewards())
}

// rewards returns the leased templates, each once, whatever the stage.
func (m *Maintenance) rewards() []wallet.RewardID {
	if m.Lease == nil {
		return nil
	}
	var all []wallet.RewardID
	for _, t := range m.Templates {
		if !slices.Contains(all, t.Reward) {
			all = append(all, t.Reward)
		}
	}
	return all
}

// NewMaintenance returns an instance's stocks of these templates under a strategy: counters for single-key and
// split-key, leases and a mirror for lease. ErrInvalid: an unknown strategy or invalid parameters.
func NewMaintenance(s Config, templates []wallet.Template) (*Maintenance, error) {
	m := &Maintenance{Templates: slices.Clone(templates)}
	var err error
	switch s.Name {
	case wallet.StockSingleKey:
		m.Stocks = NewSingleKey(s.Counter)
	case wallet.StockSplitKey:
		m.Stocks, err = NewSplitKey(s.Keys, s.Parts)
	case wallet.StockLease:
		m.Leases, m.Mirror = s.Leases, s.Mirror
		m.Lease, err = NewLeased(s.Leases, s.Mirror, s.Holder, s.Block)
		m.Stocks = m.Lease
	default:
		return nil, fmt.Errorf("%w: stock: strategy %q", wallet.ErrInvalid, s.Name)
	}
	if err != nil {
		return nil, err
	}
	m.Reader = NewReader(m.Stocks, templates)
	return m, nil
}

// Config is the way stocks are counted, with the stores and parameters that it needs.
type Config struct {
	Name wallet.StockStrategy

	Counter wallet.StockCounter // for single-key
	Keys    wallet.StockParts   // for split-key
	Parts   int                 // for split-key: keys per template, the same in all instances

	Leases wallet.StockLeases // for lease
	Mirror wallet.StockMirror // for lease
	Holder string             // for lease: the name of this process run
	Block  int64              // for lease: coupons leased at once
}
