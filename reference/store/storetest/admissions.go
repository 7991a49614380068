package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// AdmissionStore has orders, reservations, and admissions, which record both in one step.
type AdmissionStore struct {
	OrderStore
	Quotas     wallet.Quotas
	Admissions wallet.AdmissionStore
}

// Admissions tests an adapter of wallet.AdmissionReader: the contract of reservations also holds for those that are
// recorded with their orders, alone and when both ways are mixed.
func Admissions(t *testing.T, open func(t *testing.T) AdmissionStore) {
	for _, mixed := range []bool{false, true} {
		for name, story := range map[string]func(*testing.T, wallet.Quotas){
			"the first record is final": firstRecordStands, "ended blocks pay nothing": endedBlocksPayNothing,
			"one of many callers records": oneRecords, "an audit misses nothing": auditMissesNothing,
		} {
			t.Run(fmt.Sprintf("%s, mixed %v", name, mixed), func(t *testing.T) { s := open(t); story(t, quotasByAdmission{s.Quotas, s, mixed}) })
		}
	}
	t.Run("an admission is an order", func(t *testing.T) { admissionIsOrder(t, open(t)) })
	t.Run("orders recorded separately", func(t *testing.T) { recordedApart(t, open(t)) })
	t.Run("invalid admissions", func(t *testing.T) { refusesAdmission(t, open(t)) })
}

// quotasByAdmission is a wallet.Quotas that records a reservation by admitting its order. With mixed, it does so only for
// orders that are not recorded yet.
type quotasByAdmission struct {
	wallet.Quotas
	s     AdmissionStore
	mixed bool
}

func (a quotasByAdmission) Record(ctx context.Context, r wallet.Reservation) (wallet.Reservation, bool, error) {
	if a.mixed {
		on, err := a.s.Admissions.Get(ctx, []wallet.OrderNo{r.Order})
		if err != nil || on[0].No == r.Order {
			return a.Quotas.Record(ctx, r)
		}
	}
	got, err := a.s.Admissions.Admit(ctx, wallet.Order{No: r.Order, Amount: r.Amount, Opened: eve, Created: eve}, r.Block)
	if err != nil {
		return wallet.Reservation{}, false, err
	}
	return wallet.Reservation{Order: got.Order.No, Amount: got.Order.Amount, Block: got.Block}, got.New, nil
}

func admissionIsOrder(t *testing.T, s AdmissionStore) {
	a := lease(t, s.Quotas, "a", 50, 50, 100)
	granted, refused := order(number(7, 1), 30, time.Minute), order(number(7, 2), 30, time.Minute)
	admit := func(o wallet.Order, block wallet.BlockID, want wallet.Admitted) {
		t.Helper()
		call(s.Admissions.Admit(t.Context(), o, block)).returns(t, want)
	}
	admit(granted, a.ID, wallet.Admitted{Order: granted, Block: a.ID, New: true})
	void := refused
	void.State = wallet.OrderVoid
	admit(refused, 0, wallet.Admitted{Order: void, New: true})

	write(s.Create(t.Context(), granted)).keeps(t, granted, "a later Create returns it")
	call(s.Of(t.Context(), 7, granted.No.Stage)).returns(t, []wallet.Order{granted, void})
	first(s.Open(t.Context(), wallet.Never, 0, 10)).returns(t, []wallet.Order{granted}, "a void order is not open")

	require.NoError(t, s.Finish(t.Context(), []wallet.OrderNo{granted.No}, wallet.OrderSettled))
	settled := granted
	settled.State = wallet.OrderSettled
	admit(granted, a.ID, wallet.Admitted{Order: settled, Block: a.ID})
	other := granted
	other.Amount, other.Created = 31, other.Created+5
	admit(other, a.ID, wallet.Admitted{Order: settled, Block: a.ID})
	require.NoError(t, s.Quotas.Orphan(t.Context(), "a"))
	admit(granted, a.ID, wallet.Admitted{Order: settled, Block: a.ID}) // its block has ended, but it was paid
	quota(t, s.Quotas, wallet.Quota{Reserved: 30, Leased: 50, Orphaned: 20})
}

// recordedApart admits orders that were recorded separately, as earlier versions of the service did.
func recordedApart(t *testing.T, s AdmissionStore) {
	a := lease(t, s.Quotas, "a", 50, 50, 100)
	for i, c := range []struct {
		reserved bool
		block    wallet.BlockID
		why      string
	}{
		{false, 0, "the budget of a recorded order is not taken twice: the caller must look up the reservation"},
		{true, a.ID, "its reservation is recorded separately, and is valid"},
		{true, 0, "it was refused"},
	} {
		o := order(number(wallet.ActID(i+1), 1), 10, time.Minute)
		write(s.Create(t.Context(), o)).ok(t)
		r := wallet.Reservation{Order: o.No, Amount: o.Amount, Block: c.block}
		if c.reserved {
			write(s.Quotas.Record(t.Context(), r)).ok(t)
		}
		got := call(s.Admissions.Admit(t.Context(), o, a.ID)).ok(t)
		require.False(t, got.New, c.why)
		require.Equal(t, o, got.Order, c.why)
		if got.SeparateReservation {
			r := wallet.Reservation{Order: o.No, Amount: o.Amount, Block: a.ID}
			got.Block = write(s.Quotas.Record(t.Context(), r)).recorded(t, !c.reserved, c.why).Block
			if !c.reserved {
				c.block = a.ID
			}
		}
		require.Equal(t, c.block, got.Block, c.why)
	}
	quota(t, s.Quotas, wallet.Quota{Reserved: 20, Leased: 50})
}

func refusesAdmission(t *testing.T, s AdmissionStore) {
	a := lease(t, s.Quotas, "a", 50, 50, 100)
	good := order(number(7, 1), 30, time.Minute)
	for why, c := range map[string]struct {
		change func(*wallet.Order)
		block  wallet.BlockID
	}{
		"no amount":              {func(o *wallet.Order) { o.Amount = 0 }, a.ID},
		"below zero":             {func(o *wallet.Order) { o.Amount = -1 }, a.ID},
		"no number":              {func(o *wallet.Order) { o.No.ActID = 0 }, a.ID},
		"no block":               {func(*wallet.Order) {}, -1},
		"block of another stage": {func(o *wallet.Order) { o.No.Stage = wallet.InternalTest }, a.ID},
	} {
		o := good
		c.change(&o)
		call(s.Admissions.Admit(t.Context(), o, c.block)).fails(t, wallet.ErrInvalid, why)
	}
	quota(t, s.Quotas, wallet.Quota{Leased: 50})
	call(s.Admissions.Get(t.Context(), []wallet.OrderNo{good.No})).returns(t, []wallet.Order{{}})
}
