package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"hongbao/reference/wallet"
)

// Admissions stores orders whose record names the block that pays for them: one row and one commit instead of the two
// that Orders and Quotas would write. Both ways use the same fences, so a block closes for both at the same time.
type Admissions struct {
	*Orders
	quotas *Quotas
	writes once[admission]
	admit  *kind
}

var _ wallet.AdmissionStore = (*Admissions)(nil)

// admission is a recorded order and the block that pays for it.
type admission struct {
	wallet.Order
	block sql.NullInt64 // not valid: the reservation is recorded separately
}

// NewAdmissions returns the admissions in o and q, which must use the same database.
func NewAdmissions(o *Orders, q *Quotas) *Admissions {
	db := o.db
	a := &Admissions{Orders: o, quotas: q}
	a.writes = once[admission]{
		insert: insertion{db.text("INSERT INTO {p}orders (" + orderColumns + ", place, block, written) VALUES "), 12, db.dialect.insertIgnore("act_id")},
		find:   db.text("SELECT " + orderColumns + ", block, written FROM {p}orders WHERE "), key: key,
		args: func(args []any, v admission) []any {
			return append(o.writes.args(args, v.Order), v.block.Int64)
		},
		keyArgs: func(args []any, v admission) []any { return keyed(args, v.No) },
		scan: func(r rowScanner) (v admission, err error) {
			v.Order, err = scanOrder(rowWith{r, []any{&v.block}})
			return v, err
		},
		compare: func(a, b admission) int { return a.No.Compare(b.No) },
	}
	a.admit = &kind{rank: rankAdmissions, apply: a.apply}
	return a
}

// Admit implements wallet.AdmissionReader. ErrInvalid: a malformed number, an amount not above zero, a block of
// another stage, or a creation time before 1970 or after 2041. Admit does not check that the block was ever leased;
// the caller must. ErrOverloaded and ErrUnavailable: nothing was recorded.
func (a *Admissions) Admit(ctx context.Context, o wallet.Order, block wallet.BlockID) (wallet.Admitted, error) {
	if err := checkReservation(wallet.Reservation{Order: o.No, Amount: o.Amount, Block: block}); err != nil {
		return wallet.Admitted{}, err
	}
	if o.Created < 0 || o.Created > lastCreated {
		return wallet.Admitted{}, fmt.Errorf("%w: order created at %s", wallet.ErrInvalid, o.Created)
	}
	o.State = wallet.OrderOpen
	if block == 0 {
		o.State = wallet.OrderVoid
	}
	want := admission{o, sql.NullInt64{Int64: int64(block), Valid: true}}
	got, isNew, err := a.writes.create(ctx, a.db.shard(o.No.ActID), a.admit, 1, want)
	if err != nil {
		return wallet.Admitted{}, err
	}
	return wallet.Admitted{Order: got.Order, Block: wallet.BlockID(got.block.Int64), New: isNew, SeparateReservation: !got.block.Valid}, nil
}

// apply writes the orders of all jobs. It locks the fences of their blocks first, so that no other transaction closes
// one before this transaction ends.
func (a *Admissions) apply(ctx context.Context, t *txn, jobs []*job) error {
	return writeFenced(ctx, t, a.quotas, &a.writes, a.writes.requestsOf(jobs), func(v admission) wallet.Reservation {
		return wallet.Reservation{Order: v.No, Amount: v.Amount, Block: wallet.BlockID(v.block.Int64)}
	})
}
