package quota_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/quota"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

// desk is an instance that admits, on a budget of 100 fen and blocks of 40.
type desk struct {
	*quota.Admission
	budgets *quota.Budgets
	orders  *mem.Orders
	book    *trouble
}

func newDesk() *desk {
	quotas, orders := mem.NewQuotas(), mem.NewOrders()
	d := &desk{orders: orders, book: calm(quotas)}
	d.budgets = quota.New(d.book, "a", quota.Config{Block: 40})
	d.Admission = quota.NewAdmission(d.budgets, books{mem.NewAdmissions(orders, quotas), d.book})
	return d
}

func (d *desk) wants(t *testing.T, o wallet.Order, want wallet.OrderState) {
	t.Helper()
	got, err := d.Admit(t.Context(), o, 100)
	require.NoError(t, err)
	o.State = want
	require.Equal(t, o, got)
}

// meanwhile does f while the next call of the orders' book is under way.
func (d *desk) meanwhile(f func()) {
	f = once(f)
	d.book.meanwhile = func() {
		if d.book.atOrders {
			f()
		}
	}
}

// TestAdmit tells an instance's whole life with a budget.
func TestAdmit(t *testing.T) {
	d := newDesk()
	d.wants(t, win(1, 90), wallet.OrderOpen)
	d.wants(t, win(2, 11), wallet.OrderVoid)
	d.wants(t, win(2, 11), wallet.OrderVoid)
	d.wants(t, win(1, 90), wallet.OrderOpen)
	d.wants(t, win(3, 10), wallet.OrderOpen)
	stands(t, d.book, wallet.Quota{Reserved: 100, Leased: 100})
	require.NoError(t, d.budgets.Reserve(t.Context(), number(1), 90, 100), "compensation finds it paid")
	_, err := d.Admit(t.Context(), win(4, 0), 100)
	require.ErrorIs(t, err, wallet.ErrInvalid)
	_, err = d.Admit(t.Context(), wallet.Order{Amount: 1}, 100)
	require.ErrorIs(t, err, wallet.ErrInvalid)
}

// TestRepeatTakesNothing: while one who was granted asks again, another order must not be refused for it.
func TestRepeatTakesNothing(t *testing.T) {
	d := newDesk()
	d.wants(t, win(1, 50), wallet.OrderOpen)
	d.meanwhile(func() { d.wants(t, win(2, 50), wallet.OrderOpen) })
	d.wants(t, win(1, 50), wallet.OrderOpen)
	stands(t, d.book, wallet.Quota{Reserved: 100, Leased: 100})
}

// TestSettleAdmits: a grant that had no answer and is not repeated comes on record, or its money would wait for ever.
func TestSettleAdmits(t *testing.T) {
	for _, f := range []fate{lost, unheard} {
		d := newDesk()
		d.wants(t, win(1, 50), wallet.OrderOpen)
		d.book.fate = func() fate { return f }
		_, err := d.Admit(t.Context(), win(2, 10), 100)
		require.ErrorIs(t, err, wallet.ErrUnknown)
		d.book.fate = func() fate { return served }
		n, err := d.budgets.Settle(t.Context(), 10)
		require.NoError(t, err)
		require.LessOrEqual(t, n, 1)
		d.wants(t, win(3, 40), wallet.OrderOpen)
		d.wants(t, win(2, 10), wallet.OrderOpen)
		stands(t, d.book, wallet.Quota{Reserved: 100, Leased: 100})
	}
}

// TestOtherAmount: who asks for more under a number that is being tried is sent away, and pays for nothing.
func TestOtherAmount(t *testing.T) {
	d := newDesk()
	d.wants(t, win(1, 60), wallet.OrderOpen)
	d.meanwhile(func() {
		_, err := d.Admit(t.Context(), win(2, 15), 100)
		require.ErrorIs(t, err, wallet.ErrUnavailable)
	})
	d.wants(t, win(2, 10), wallet.OrderOpen)
	stands(t, d.book, wallet.Quota{Reserved: 70, Leased: quotaOf(t, d.book).Leased})
	d.wants(t, win(3, 30), wallet.OrderOpen)
	stands(t, d.book, wallet.Quota{Reserved: 100, Leased: 100})
}

func quotaOf(t *testing.T, book wallet.Quotas) wallet.Quota {
	q, err := book.Quota(t.Context(), wallet.Official)
	require.NoError(t, err)
	return q
}

// TestOrderRecordedApart: an order that an earlier version of the service recorded takes its budget now, once.
func TestOrderRecordedApart(t *testing.T) {
	d := newDesk()
	_, _, err := d.orders.Create(t.Context(), win(1, 60))
	require.NoError(t, err)
	for range 2 {
		d.wants(t, win(1, 60), wallet.OrderOpen)
		require.EqualValues(t, 60, quotaOf(t, d.book).Reserved)
	}
	_, _, err = d.orders.Create(t.Context(), win(2, 60))
	require.NoError(t, err)
	_, err = d.Admit(t.Context(), win(2, 60), 100)
	require.ErrorIs(t, err, wallet.ErrOverBudget, "it is to be voided")
}

// TestEndedBlock: a block that was ended by others pays for no order, and the next one does.
func TestEndedBlock(t *testing.T) {
	d := newDesk()
	d.wants(t, win(1, 10), wallet.OrderOpen)
	require.NoError(t, d.book.Strand(t.Context(), "a"))
	d.wants(t, win(2, 10), wallet.OrderOpen)
	_, err := d.book.Audit(t.Context(), wallet.Official)
	require.NoError(t, err)
	require.EqualValues(t, 20, quotaOf(t, d.book).Reserved)
	require.Zero(t, quotaOf(t, d.book).Stranded)
}
