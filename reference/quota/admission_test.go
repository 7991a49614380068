package quota_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/quota"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

// instance is an instance that admits orders, with a budget of 100 fen and blocks of 40.
type instance struct {
	*quota.Admission
	budgets *quota.Budgets
	orders  *mem.Orders
	store   *faultyQuotas
}

func newInstance() *instance {
	quotas, orders := mem.NewQuotas(), mem.NewOrders()
	d := &instance{orders: orders, store: calm(quotas)}
	d.budgets = quota.New(d.store, "a", quota.Config{Block: 40})
	d.Admission = quota.NewAdmission(d.budgets, faultyAdmissions{mem.NewAdmissions(orders, quotas), d.store})
	return d
}

func (d *instance) requireAdmits(t *testing.T, o wallet.Order, want wallet.OrderState) {
	t.Helper()
	got, err := d.Admit(t.Context(), o, 100)
	require.NoError(t, err)
	o.State = want
	require.Equal(t, o, got)
}

// meanwhile runs f during the next call of the orders' store.
func (d *instance) meanwhile(f func()) {
	f = once(f)
	d.store.meanwhile = func() {
		if d.store.inOrders {
			f()
		}
	}
}

// TestAdmit uses up a whole budget with one instance.
func TestAdmit(t *testing.T) {
	d := newInstance()
	d.requireAdmits(t, win(1, 90), wallet.OrderOpen)
	d.requireAdmits(t, win(2, 11), wallet.OrderVoid)
	d.requireAdmits(t, win(2, 11), wallet.OrderVoid)
	d.requireAdmits(t, win(1, 90), wallet.OrderOpen)
	d.requireAdmits(t, win(3, 10), wallet.OrderOpen)
	requireQuota(t, d.store, wallet.Quota{Reserved: 100, Leased: 100})
	require.NoError(t, d.budgets.Reserve(t.Context(), number(1), 90, 100), "compensation finds it reserved")
	_, err := d.Admit(t.Context(), win(4, 0), 100)
	require.ErrorIs(t, err, wallet.ErrInvalid)
	_, err = d.Admit(t.Context(), wallet.Order{Amount: 1}, 100)
	require.ErrorIs(t, err, wallet.ErrInvalid)
}

// TestRepeatTakesNothing: the repeat of a granted order does not cause another order to be refused.
func TestRepeatTakesNothing(t *testing.T) {
	d := newInstance()
	d.requireAdmits(t, win(1, 50), wallet.OrderOpen)
	d.meanwhile(func() { d.requireAdmits(t, win(2, 50), wallet.OrderOpen) })
	d.requireAdmits(t, win(1, 50), wallet.OrderOpen)
	requireQuota(t, d.store, wallet.Quota{Reserved: 100, Leased: 100})
}

// TestSettleAdmits: a grant that had no reply and is not repeated is recorded by Settle; otherwise its money would
// never be granted.
func TestSettleAdmits(t *testing.T) {
	for _, f := range []fate{lost, unheard} {
		d := newInstance()
		d.requireAdmits(t, win(1, 50), wallet.OrderOpen)
		d.store.fate = func() fate { return f }
		_, err := d.Admit(t.Context(), win(2, 10), 100)
		require.ErrorIs(t, err, wallet.ErrUnknown)
		d.store.fate = func() fate { return served }
		n, err := d.budgets.Settle(t.Context(), 10)
		require.NoError(t, err)
		require.LessOrEqual(t, n, 1)
		d.requireAdmits(t, win(3, 40), wallet.OrderOpen)
		d.requireAdmits(t, win(2, 10), wallet.OrderOpen)
		requireQuota(t, d.store, wallet.Quota{Reserved: 100, Leased: 100})
	}
}

// TestOtherAmount: a request with another amount under a number that is being recorded is refused, and debits nothing.
func TestOtherAmount(t *testing.T) {
	d := newInstance()
	d.requireAdmits(t, win(1, 60), wallet.OrderOpen)
	d.meanwhile(func() {
		_, err := d.Admit(t.Context(), win(2, 15), 100)
		require.ErrorIs(t, err, wallet.ErrUnavailable)
	})
	d.requireAdmits(t, win(2, 10), wallet.OrderOpen)
	requireQuota(t, d.store, wallet.Quota{Reserved: 70, Leased: quotaOf(t, d.store).Leased})
	d.requireAdmits(t, win(3, 30), wallet.OrderOpen)
	requireQuota(t, d.store, wallet.Quota{Reserved: 100, Leased: 100})
}

func quotaOf(t *testing.T, store wallet.Quotas) wallet.Quota {
	q, err := store.Quota(t.Context(), wallet.Official)
	require.NoError(t, err)
	return q
}

// TestOrderRecordedApart: an order that an earlier version recorded without a reservation takes its budget now, once.
func TestOrderRecordedApart(t *testing.T) {
	d := newInstance()
	_, _, err := d.orders.Create(t.Context(), win(1, 60))
	require.NoError(t, err)
	for range 2 {
		d.requireAdmits(t, win(1, 60), wallet.OrderOpen)
		require.EqualValues(t, 60, quotaOf(t, d.store).Reserved)
	}
	_, _, err = d.orders.Create(t.Context(), win(2, 60))
	require.NoError(t, err)
	_, err = d.Admit(t.Context(), win(2, 60), 100)
	require.ErrorIs(t, err, wallet.ErrOverBudget, "the caller must void it")
}

// TestEndedBlock: a block that was ended by others pays for no order; the next block does.
func TestEndedBlock(t *testing.T) {
	d := newInstance()
	d.requireAdmits(t, win(1, 10), wallet.OrderOpen)
	require.NoError(t, d.store.Orphan(t.Context(), "a"))
	d.requireAdmits(t, win(2, 10), wallet.OrderOpen)
	_, err := d.store.Reclaim(t.Context(), wallet.Official)
	require.NoError(t, err)
	require.EqualValues(t, 20, quotaOf(t, d.store).Reserved)
	require.Zero(t, quotaOf(t, d.store).Orphaned)
}
