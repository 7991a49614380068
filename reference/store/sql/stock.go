package sqlstore

import (
	"context"
	"slices"

	"hongbao/reference/wallet"
)

// StockLeases stores leased stock. Stocks and blocks are on shard 0; reservations and fences are on the orders'
// shards, in separate tables, and work as those of budgets (see Quotas).
type StockLeases struct {
	db      *DB
	orders  *Quotas // reservations and fences
	ledger  *kind
	returns *kind

	lock, leases, open, named, all, holders string // shard 0
	leaseWrites
	lease           insertion
	reserved, clear string // on an order's shard
}

var _ wallet.StockLeases = (*StockLeases)(nil)

// stockShare: one lease of stock may take at most 1/stockShare of the remaining stock beyond its need. It is finer
// than that of budgets: coupons are few, and hundreds of instances share the last ones.
const stockShare = 64

// NewStockLeases returns the leased stock in db.
func NewStockLeases(db *DB) *StockLeases {
	d := db.dialect
	of := db.text("SELECT block, stage, state, leased, holder FROM {p}stock_blocks WHERE ")
	s := &StockLeases{db: db,
		orders: newQuotas(&DB{dialect: d, prefix: db.prefix + "stock_", shards: db.shards}),

		lock:    db.text("SELECT leased FROM {p}stock_leases WHERE template = '' AND stage = 0") + d.lock,
		leases:  db.text("SELECT stage, leased FROM {p}stock_leases WHERE template = ?"),
		open:    of + "template = ? AND state < 2 ORDER BY block",
		named:   of + "template = ? AND block IN ",
		all:     of + "template = ? AND stage = ? ORDER BY block",
		holders: db.text("SELECT DISTINCT holder FROM {p}stock_blocks WHERE template = ? AND state = 0"),
		leaseWrites: leaseWrites{
			setLeased: db.text("UPDATE {p}stock_leases SET leased = ? WHERE template = ? AND stage = ?"),
			setBlock:  db.text("UPDATE {p}stock_blocks SET state = ?, leased = ? WHERE block = ?"),
			add:       db.text("INSERT INTO {p}stock_blocks (block, template, stage, state, leased, holder) VALUES (?, ?, ?, ?, ?, ?)"),
		},
		lease:    insertion{db.text("INSERT INTO {p}stock_leases (template, stage, leased) VALUES "), 3, d.insertIgnore("template")},
		reserved: db.text("SELECT block, amount FROM {p}stock_quota_reservations WHERE ") + key + d.lock,
		clear:    db.text("UPDATE {p}stock_quota_reservations SET block = 0 WHERE ") + key,
	}
	s.ledger = &kind{rank: rankQuotas + 1, apply: s.applySteps}
	s.returns = &kind{rank: rankReservations + 2, apply: s.applyReturns}
	return s
}

// Of implements wallet.StockLeases.
func (s *StockLeases) Of(t wallet.RewardID) (wallet.Quotas, error) {
	if err := (wallet.Template{Reward: t, Stage: wallet.Official}).Validate(); err != nil {
		return nil, err
	}
	return stockQuotas{s, string(t)}, nil
}

// GiveBack implements wallet.StockLeases. ErrInvalid: a malformed number or id.
func (s *StockLeases) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	if err := no.Validate(); err != nil {
		return err
	}
	if _, err := s.Of(t); err != nil {
		return err
	}
	return s.db.shard(no.ActID).do(ctx, s.returns, 1, &returnJob{no})
}

// stockQuotas is the leased stock of one template.
type stockQuotas struct {
	*StockLeases
	template string
}

// Lease implements wallet.Quotas. It adds at most a 64th of the remaining stock, or need if that is more. ErrInvalid
// also for an unknown stage, or a holder whose name is empty or longer than 256 bytes.
func (s stockQuotas) Lease(ctx context.Context, holder string, stage wallet.Stage, need, want, budget wallet.Money) (wallet.Block, error) {
	l := &leaseStep{holder: holder, stage: stage, need: need, want: want, budget: budget}
	return l.do(ctx, "coupons", s.step)
}

func (s stockQuotas) step(ctx context.Context, what any) error {
	return s.db.shards[0].do(ctx, s.ledger, 1, &stockStep{s.template, what})
}

// Record implements wallet.Quotas. ErrInvalid as in Quotas.Record.
func (s stockQuotas) Record(ctx context.Context, r wallet.Reservation) (wallet.Reservation, bool, error) {
	return s.orders.Record(ctx, r)
}

// Find implements wallet.Quotas.
func (s stockQuotas) Find(ctx context.Context, no wallet.OrderNo) (wallet.Reservation, bool, error) {
	return s.orders.Find(ctx, no)
}

// Orphan implements wallet.Quotas.
func (s stockQuotas) Orphan(ctx context.Context, holder string) error {
	return s.orders.orphan(ctx, holder, s.step)
}

// Reclaim implements wallet.Quotas. It also returns coupons that were given back to blocks after they were closed.
// ErrInvalid for an unknown stage.
func (s stockQuotas) Reclaim(ctx context.Context, stage wallet.Stage) (wallet.Money, error) {
	if err := stage.Validate(); err != nil {
		return 0, err
	}
	blocks, err := s.blocks(ctx, stage)
	if err != nil {
		return 0, err
	}
	issued, _, err := s.orders.granted(ctx, stage) // over all templates, without the coupons given back
	if err != nil {
		return 0, err
	}
	c := &closeStep{granted: map[wallet.BlockID]wallet.Money{}}
	var orphaned []wallet.Block
	for _, b := range blocks {
		switch {
		case b.state == blockOrphaned:
			orphaned = append(orphaned, b.Block)
		case b.state == blockClosed && b.Amount > issued[b.ID]: // it never rises, so the value read is safe
			c.blocks = append(c.blocks, b.Block)
			c.granted[b.ID] = issued[b.ID]
		}
	}
	final, err := s.orders.closeAll(ctx, orphaned) // again: the instance that orphaned them may have crashed before it closed them
	if err != nil {
		return 0, err
	}
	for _, b := range orphaned {
		c.blocks = append(c.blocks, b)
		c.granted[b.ID] = final[b.ID]
	}
	if len(c.blocks) == 0 {
		return 0, nil
	}
	if err := s.step(ctx, c); err != nil {
		return 0, err
	}
	return c.returned, nil
}

// Holders implements wallet.Quotas.
func (s stockQuotas) Holders(ctx context.Context) ([]string, error) {
	out, err := list(ctx, s.db.shards[0].ask, scanText, s.holders, s.template)
	slices.Sort(out)
	return out, err
}

// Quota implements wallet.Quotas. It reads the shards one after another, issued coupons first: while instances grant,
// Reserved is slightly older than Leased. ErrInvalid for an unknown stage.
func (s stockQuotas) Quota(ctx context.Context, stage wallet.Stage) (wallet.Quota, error) {
	if err := stage.Validate(); err != nil {
		return wallet.Quota{}, err
	}
	issued, _, err := s.orders.granted(ctx, stage) // over all templates, without the coupons given back
	if err != nil {
		return wallet.Quota{}, err
	}
	var out wallet.Quota
	blocks, err := s.blocks(ctx, stage)
	if err != nil {
		return wallet.Quota{}, err
	}
	for _, b := range blocks {
		out.Reserved += issued[b.ID]
		out.Leased += b.Amount
		if b.state == blockOrphaned {
			out.Orphaned += b.Amount - issued[b.ID]
		}
	}
	return out, nil
}

// blocks returns all blocks of the template in a stage. The amount of a closed block is what it issued.
func (s stockQuotas) blocks(ctx context.Context, stage wallet.Stage) ([]leasedBlock, error) {
	return list(ctx, s.db.shards[0].ask, scanHeld, s.all, s.template, int64(stage))
}

func scanHeld(r rowScanner) (h leasedBlock, err error) {
	var holder []byte
	err = r.Scan(&h.ID, &h.Stage, &h.state, &h.Amount, &holder)
	h.holder = string(holder)
	return h, err
}
