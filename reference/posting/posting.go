// Package posting posts granted cash to the ledger: in bounded batches from the backlog (压单), at once for a person who
// withdraws (forced posting, T6), and again for stuck orders (compensation, O5).
//
// All of them use Settle, which is idempotent: the ledger's order number is the last guard. The package holds no state
// and never decides what is owed to a person: the orders of record do.
package posting

import (
	"context"
	"errors"
	"slices"
	"time"

	"hongbao/reference/wallet"
)

var _ wallet.Settler = (*Poster)(nil)

// Poster posts credits. Its fields are set once, before the first call.
type Poster struct {
	Ledger  wallet.Ledger
	Orders  wallet.Orders
	Open    wallet.OpenOrders
	Budgets wallet.Budgets
	Backlog wallet.Backlog
	Tokens  wallet.Tokens // nil if the strategy has no tokens
	Clock   wallet.Clock

	After     time.Duration                              // age from which an open order counts as stuck
	Batch     int                                        // the largest number of credits in one ledger transaction
	Reconcile func(wallet.SceneID, wallet.Stage) bool    // whether a scene's postings are checked against its orders (F4)
	Budget    func(wallet.Stage) (wallet.Money, error)   // the stage's budget, for compensation
	Alarm     func(kind wallet.AlarmKind, detail string) // F6

	// Switched reports whether a degrade switch is on (D3); nil: all are off.
	Switched func(wallet.Switch) bool
}

// on reports whether a degrade switch is on.
func (p *Poster) on(s wallet.Switch) bool { return p.Switched != nil && p.Switched(s) }

// PostBatch posts one batch of a shard's backlog and returns the number of credits. Zero without an error means that
// the backlog is empty or that SwitchHoldPosting is on. After an error the batch is not acknowledged, and is taken
// again when its lease ends.
func (p *Poster) PostBatch(ctx context.Context, shard int) (int, error) {
	if p.on(wallet.SwitchHoldPosting) {
		return 0, nil
	}
	held, err := p.Backlog.Take(ctx, shard, p.Batch)
	if err != nil || len(held) == 0 {
		return 0, err
	}
	credits := make([]wallet.Credit, len(held))
	ids := make([]uint64, len(held))
	for i, h := range held {
		credits[i], ids[i] = h.Credit, h.ID
	}
	err = p.Settle(ctx, credits)
	if err != nil && wallet.CodeOf(err) == wallet.CodeInvalid {
		err = p.settleEach(ctx, credits)
	}
	if err != nil {
		return 0, err // not acknowledged: the batch is available again when its lease ends
	}
	return len(held), p.Backlog.Ack(ctx, shard, ids)
}

// settleEach posts a refused batch one by one, so that a credit which the ledger refuses does not block the others. It
// raises an alarm for that credit: its order stays open, and reconciliation reports it as late.
func (p *Poster) settleEach(ctx context.Context, credits []wallet.Credit) error {
	for _, c := range credits {
		err := p.settle(ctx, []wallet.Credit{c})
		if wallet.CodeOf(err) == wallet.CodeInvalid {
			p.Alarm(wallet.AlarmPostingRefused, c.Order.String())
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Settle implements wallet.Settler, in steps of Batch credits.
func (p *Poster) Settle(ctx context.Context, credits []wallet.Credit) error {
	for batch := range slices.Chunk(credits, p.Batch) {
		if err := p.settle(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// settle posts one batch and updates all records: tokens to processing before the call of the ledger and to success
// after it (T4), then orders to settled.
func (p *Poster) settle(ctx context.Context, credits []wallet.Credit) error {
	credits, err := p.onRecord(ctx, credits)
	if err != nil || len(credits) == 0 {
		return err
	}
	nos := make([]wallet.OrderNo, len(credits))
	for i, c := range credits {
		nos[i] = c.Order
	}
	// Without the marks a page still shows the token of posted money, but counts it once, by order number.
	mark := p.Tokens != nil && !p.on(wallet.SwitchSkipTokens) && !p.on(wallet.SwitchLastResort)
	if mark {
		// The token store is a weak dependency (D1): without the mark the page reads the ledger.
		_ = p.Tokens.Mark(ctx, nos, wallet.TokenProcessing)
	}
	var posted []wallet.PostOutcome
	if err := wallet.Repeat(func() (err error) { posted, err = p.Ledger.Post(ctx, credits); return err }); err != nil {
		return err
	}
	for i, outcome := range posted {
		if outcome == wallet.PostRefused {
			p.Alarm(wallet.AlarmPostingRefused, credits[i].Order.String())
		}
	}
	if mark {
		err := wallet.Repeat(func() error { return p.Tokens.Mark(ctx, nos, wallet.TokenSuccess) })
		if errors.Is(err, wallet.ErrUnavailable) {
			return nil // the money is posted; the orders stay open, so that compensation marks the tokens
		}
		if err != nil {
			return err
		}
	}
	return wallet.Repeat(func() error { return p.Orders.Finish(ctx, nos, wallet.OrderSettled) })
}

// onRecord is the quasi-real-time reconciliation (F4): in scenes that require it, only credits confirmed by the orders
// of record are posted. Any other raises an alarm and is dropped.
func (p *Poster) onRecord(ctx context.Context, credits []wallet.Credit) ([]wallet.Credit, error) {
	ask := make([]wallet.OrderNo, 0, len(credits))
	for _, c := range credits {
		if p.Reconcile(c.Order.Scene, c.Order.Stage) {
			ask = append(ask, c.Order)
		}
	}
	if len(ask) == 0 {
		return credits, nil
	}
	var orders []wallet.Order
	if err := wallet.Repeat(func() (err error) { orders, err = p.Orders.Get(ctx, ask); return err }); err != nil {
		return nil, err
	}
	good := make([]wallet.Credit, 0, len(credits))
	for _, c := range credits {
		if len(ask) > 0 && ask[0] == c.Order {
			o := orders[0]
			ask, orders = ask[1:], orders[1:]
			if o.No != c.Order || o.Amount != c.Amount || !o.State.Pays() {
				p.Alarm(wallet.AlarmNotOnRecord, c.Order.String())
				continue
			}
		}
		good = append(good, c)
	}
	return good, nil
}
