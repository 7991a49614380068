package quota_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/quota"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

func bg() context.Context { return context.Background() }

// flaky loses every thirteenth reply and refuses every seventeenth call.
type flaky struct {
	wallet.Quotas
	calls atomic.Int64
}

func (b *flaky) Record(ctx context.Context, r wallet.Reservation) (wallet.Reservation, bool, error) {
	n := b.calls.Add(1)
	if n%17 == 0 {
		return wallet.Reservation{}, false, wallet.ErrUnavailable
	}
	out, isNew, err := b.Quotas.Record(ctx, r)
	if n%13 == 0 {
		return wallet.Reservation{}, false, wallet.ErrUnknown
	}
	return out, isNew, err
}

func (b *flaky) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (wallet.Block, error) {
	out, err := b.Quotas.Lease(ctx, holder, s, need, want, budget)
	if b.calls.Add(1)%13 == 0 {
		return wallet.Block{}, wallet.ErrUnknown
	}
	return out, err
}

// model is a few instances that share one small budget, under faults.
type model struct {
	t       *rapid.T
	store   *faultyQuotas
	budget  wallet.Money
	block   wallet.Money
	alive   []*quota.Budgets // the latest process runs; earlier ones are in paused
	names   []string
	paused  []*quota.Budgets // believed dead; they may still act
	holders []string         // of all process runs
	answers map[int]bool     // the first answer for an order: granted or not
	depth   int

	// orders are recorded together with their reservations; nil: they are recorded separately.
	orders     *mem.Orders
	orderStore faultyAdmissions
	admits     map[*quota.Budgets]*quota.Admission
}

const orders = 12

func amountOf(order int) wallet.Money { return wallet.Money(order*5%13 + 1) } // a repeat has the same content

// TestNeverOver: whatever is lost, repeated, paused, orphaned or reclaimed, at any point and concurrently, the budget
// is never exceeded, answers are final, and after all blocks were orphaned and reclaimed the records are exact.
func TestNeverOver(t *testing.T) {
	for _, admitting := range []bool{false, true} {
		t.Run(fmt.Sprint("admitting ", admitting), func(t *testing.T) { neverOver(t, admitting) })
	}
}

func neverOver(t *testing.T, admitting bool) {
	rapid.Check(t, func(t *rapid.T) {
		quotas := mem.NewQuotas()
		f := &model{t: t, store: calm(quotas), answers: map[int]bool{}, admits: map[*quota.Budgets]*quota.Admission{},
			budget: wallet.Money(rapid.IntRange(1, 80).Draw(t, "budget")), block: wallet.Money(rapid.IntRange(1, 40).Draw(t, "block"))}
		if admitting {
			f.orders = mem.NewOrders()
			f.orderStore = faultyAdmissions{mem.NewAdmissions(f.orders, quotas), f.store}
		}
		for i := range 2 {
			f.alive, f.names = append(f.alive, nil), append(f.names, "")
			f.begin(i)
		}
		faultRate := rapid.IntRange(0, 5).Draw(t, "fault rate")
		f.store.fate = func() fate {
			if rapid.IntRange(0, 9).Draw(t, "goes wrong") < faultRate {
				return fate(rapid.IntRange(1, int(numFates)-1).Draw(t, "fate"))
			}
			return served
		}
		f.store.meanwhile = func() {
			if f.depth < 3 && rapid.IntRange(0, 5).Draw(t, "meanwhile") == 0 {
				f.depth++
				f.step()
				f.depth--
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			f.step()
			f.safe()
		}
		f.end()
	})
}

func (f *model) begin(i int) {
	f.names[i] = fmt.Sprintf("%d.%d", i, len(f.holders))
	f.holders = append(f.holders, f.names[i])
	f.alive[i] = quota.New(f.store, f.names[i], quota.Config{Block: f.block})
	if f.orders != nil {
		f.admits[f.alive[i]] = quota.NewAdmission(f.alive[i], f.orderStore)
	}
}

func (f *model) step() {
	i := rapid.IntRange(0, len(f.alive)-1).Draw(f.t, "instance")
	switch rapid.SampledFrom([]string{"reserve", "reserve", "reserve", "reserve", "paused", "crash", "orphan", "reclaim", "settle"}).Draw(f.t, "step") {
	case "reserve":
		f.reserve(f.alive[i])
	case "paused":
		if len(f.paused) > 0 {
			f.reserve(rapid.SampledFrom(f.paused).Draw(f.t, "which"))
		}
	case "crash":
		f.paused = append(f.paused, f.alive[i])
		f.begin(i)
	case "orphan":
		_ = f.store.Orphan(bg(), rapid.SampledFrom(f.holders).Draw(f.t, "holder")) // dead or not
	case "reclaim":
		_, _ = f.store.Reclaim(bg(), wallet.Official)
	case "settle":
		_, _ = f.alive[i].Settle(bg(), 3)
	}
}

func (f *model) reserve(b *quota.Budgets) {
	f.reserveAndCheck(b, rapid.IntRange(1, orders).Draw(f.t, "order"))
}

// reserveAndCheck reserves and checks that the answer equals the first one.
func (f *model) reserveAndCheck(b *quota.Budgets, order int) error {
	err := f.request(b, order)
	if c := wallet.CodeOf(err); err != nil && c != wallet.CodeRefused {
		require.Contains(f.t, []wallet.Code{wallet.CodeUnknown, wallet.CodeUnavailable, wallet.CodeOverloaded}, c, "%v", err)
		return err
	}
	granted := err == nil
	before, known := f.answers[order]
	require.True(f.t, !known || before == granted, "order %d was answered %v before, and %v now", order, before, granted)
	f.answers[order] = granted
	return err
}

// request admits an order, or, if it is on record and open, reserves as compensation does. Sometimes another request
// asks for another amount, and gets nothing.
func (f *model) request(b *quota.Budgets, order int) error {
	if f.orders == nil {
		return b.Reserve(bg(), number(order), amountOf(order), f.budget)
	}
	on, err := f.orders.Get(bg(), []wallet.OrderNo{number(order)})
	require.NoError(f.t, err)
	if on[0].No == number(order) && on[0].State == wallet.OrderOpen && rapid.Bool().Draw(f.t, "compensated") {
		err := b.Reserve(bg(), number(order), on[0].Amount, f.budget)
		require.NotErrorIs(f.t, err, wallet.ErrOverBudget, "an open order was paid when it was recorded")
		return err
	}
	if rapid.IntRange(0, 9).Draw(f.t, "more") == 0 {
		if f.depth < 3 && on[0].No == number(order) { // an order that is not on record yet would get that amount
			got, err := f.admits[b].Admit(bg(), win(order, amountOf(order)+1), f.budget)
			require.True(f.t, err != nil || got.Amount == amountOf(order), "the first amount counts")
		}
	}
	got, err := f.admits[b].Admit(bg(), win(order, amountOf(order)), f.budget)
	if err != nil {
		return err
	}
	require.Equal(f.t, number(order), got.No)
	require.Equal(f.t, amountOf(order), got.Amount)
	if got.State == wallet.OrderVoid {
		return wallet.ErrOverBudget
	}
	return nil
}

// recorded returns the sum in fen of the open orders on record.
func (f *model) recorded() (sum wallet.Money) {
	_ = f.orders.Orders(bg(), func(o wallet.Order) bool {
		if o.State == wallet.OrderOpen {
			sum += o.Amount
		}
		return true
	})
	return sum
}

func (f *model) safe() {
	q, err := f.store.Quota(bg(), wallet.Official)
	require.NoError(f.t, err)
	require.LessOrEqual(f.t, q.Leased, f.budget)
	require.LessOrEqual(f.t, q.Reserved+q.Orphaned, q.Leased, "more is granted than was leased")
	require.GreaterOrEqual(f.t, q.Reserved, f.granted(), "every granted order is on record")
	if f.orders != nil {
		require.Equal(f.t, q.Reserved, f.recorded(), "exactly the orders on record have budget")
	}
}

func (f *model) granted() (sum wallet.Money) {
	for order, granted := range f.answers {
		if granted {
			sum += amountOf(order)
		}
	}
	return sum
}

// end stops the faults. Then each order gets its answer, and after the reclaim the records are exact.
func (f *model) end() {
	f.store.fate, f.store.meanwhile = func() fate { return served }, func() {}
	for _, b := range f.alive { // as chores do: requests with another amount then have an answer
		_, err := b.Settle(bg(), orders)
		require.NoError(f.t, err)
	}
	for order := range orders {
		err := f.reserveAndCheck(f.alive[order%2], order+1)
		require.True(f.t, err == nil || errors.Is(err, wallet.ErrOverBudget), "%v", err)
	}
	for _, holder := range f.holders {
		_, err := quota.Retire(bg(), f.store, holder)
		require.NoError(f.t, err)
	}
	sum := f.granted()
	requireQuota(f.t, f.store, wallet.Quota{Reserved: sum, Leased: sum})
	if rest := f.budget - sum; rest > 0 {
		err := f.rest(rest)
		require.NoError(f.t, err, "the whole rest can be granted")
	}
	requireQuota(f.t, f.store, wallet.Quota{Reserved: f.budget, Leased: f.budget})
}

// rest grants the rest of the budget.
func (f *model) rest(fen wallet.Money) error {
	if f.orders == nil {
		return f.alive[0].Reserve(bg(), number(100), fen, f.budget)
	}
	_, err := f.admits[f.alive[0]].Admit(bg(), win(100, fen), f.budget)
	return err
}

// TestNothingIsLeftUnissued: a running instance grants its budget to the last fen, however many replies are lost.
func TestNothingIsLeftUnissued(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		store := calm(mem.NewQuotas())
		store.fate = func() fate { return fate(rapid.IntRange(0, int(numFates)-1).Draw(t, "fate")) }
		budget := wallet.Money(rapid.IntRange(1, 300).Draw(t, "budget"))
		b := quota.New(store, "a", quota.Config{Block: wallet.Money(rapid.IntRange(1, 60).Draw(t, "block"))})
		for i := range rapid.IntRange(1, 15).Draw(t, "orders") {
			for range 4 {
				if err := b.Reserve(bg(), number(i+1), amountOf(i+1), budget); err == nil || errors.Is(err, wallet.ErrOverBudget) {
					break
				}
			}
		}
		store.fate = func() fate { return served }
		_, err := b.Settle(bg(), 100)
		require.NoError(t, err)
		for i := 1000; b.Reserve(bg(), number(i), 1, budget) == nil; i++ {
			require.Less(t, i, 2000)
		}
		requireQuota(t, store, wallet.Quota{Reserved: budget, Leased: budget})
	})
}
