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

// shaky loses every thirteenth answer and refuses every seventeenth call.
type shaky struct {
	wallet.Quotas
	calls atomic.Int64
}

func (b *shaky) Record(ctx context.Context, r wallet.Reservation) (wallet.Reservation, bool, error) {
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

func (b *shaky) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (wallet.Block, error) {
	out, err := b.Quotas.Lease(ctx, holder, s, need, want, budget)
	if b.calls.Add(1)%13 == 0 {
		return wallet.Block{}, wallet.ErrUnknown
	}
	return out, err
}

// festival is a few instances that share one small budget, in any trouble.
type festival struct {
	t       *rapid.T
	book    *trouble
	budget  wallet.Money
	block   wallet.Money
	alive   []*quota.Budgets // the latest lives; earlier ones are in paused
	names   []string
	paused  []*quota.Budgets // taken for dead; they may still act
	holders []string         // of all lives
	answers map[int]bool     // what was first told of an order: granted or not
	depth   int

	// orders are recorded together with their reservations; nil: somebody else records them.
	orders    *mem.Orders
	orderBook books
	admits    map[*quota.Budgets]*quota.Admission
}

const orders = 12

func amountOf(order int) wallet.Money { return wallet.Money(order*5%13 + 1) } // a repeat carries the same content

// TestNeverOver: whatever is lost, repeated, paused, stranded or audited, at any point and several at once, the budget
// is never exceeded, an answer stands, and after everything was stranded and audited the book is exact.
func TestNeverOver(t *testing.T) {
	for _, admitting := range []bool{false, true} {
		t.Run(fmt.Sprint("admitting ", admitting), func(t *testing.T) { neverOver(t, admitting) })
	}
}

func neverOver(t *testing.T, admitting bool) {
	rapid.Check(t, func(t *rapid.T) {
		quotas := mem.NewQuotas()
		f := &festival{t: t, book: calm(quotas), answers: map[int]bool{}, admits: map[*quota.Budgets]*quota.Admission{},
			budget: wallet.Money(rapid.IntRange(1, 80).Draw(t, "budget")), block: wallet.Money(rapid.IntRange(1, 40).Draw(t, "block"))}
		if admitting {
			f.orders = mem.NewOrders()
			f.orderBook = books{mem.NewAdmissions(f.orders, quotas), f.book}
		}
		for i := range 2 {
			f.alive, f.names = append(f.alive, nil), append(f.names, "")
			f.begin(i)
		}
		trouble := rapid.IntRange(0, 5).Draw(t, "trouble")
		f.book.fate = func() fate {
			if rapid.IntRange(0, 9).Draw(t, "goes wrong") < trouble {
				return fate(rapid.IntRange(1, int(numFates)-1).Draw(t, "fate"))
			}
			return served
		}
		f.book.meanwhile = func() {
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

func (f *festival) begin(i int) {
	f.names[i] = fmt.Sprintf("%d.%d", i, len(f.holders))
	f.holders = append(f.holders, f.names[i])
	f.alive[i] = quota.New(f.book, f.names[i], quota.Config{Block: f.block})
	if f.orders != nil {
		f.admits[f.alive[i]] = quota.NewAdmission(f.alive[i], f.orderBook)
	}
}

func (f *festival) step() {
	i := rapid.IntRange(0, len(f.alive)-1).Draw(f.t, "instance")
	switch rapid.SampledFrom([]string{"reserve", "reserve", "reserve", "reserve", "paused", "crash", "strand", "audit", "settle"}).Draw(f.t, "step") {
	case "reserve":
		f.reserve(f.alive[i])
	case "paused":
		if len(f.paused) > 0 {
			f.reserve(rapid.SampledFrom(f.paused).Draw(f.t, "which"))
		}
	case "crash":
		f.paused = append(f.paused, f.alive[i])
		f.begin(i)
	case "strand":
		_ = f.book.Strand(bg(), rapid.SampledFrom(f.holders).Draw(f.t, "holder")) // dead or not
	case "audit":
		_, _ = f.book.Audit(bg(), wallet.Official)
	case "settle":
		_, _ = f.alive[i].Settle(bg(), 3)
	}
}

func (f *festival) reserve(b *quota.Budgets) {
	f.hear(b, rapid.IntRange(1, orders).Draw(f.t, "order"))
}

// hear reserves and checks that an answer is what was answered before.
func (f *festival) hear(b *quota.Budgets, order int) error {
	err := f.ask(b, order)
	if c := wallet.CodeOf(err); err != nil && c != wallet.CodeRefused {
		require.Contains(f.t, []wallet.Code{wallet.CodeUnknown, wallet.CodeUnavailable, wallet.CodeOverloaded}, c, "%v", err)
		return err
	}
	granted := err == nil
	before, told := f.answers[order]
	require.True(f.t, !told || before == granted, "order %d was answered %v before, and %v now", order, before, granted)
	f.answers[order] = granted
	return err
}

// ask has an order admitted, or, if it is on record and open, reserved as compensation does. Now and then somebody asks
// for another amount: he gets nothing by it.
func (f *festival) ask(b *quota.Budgets, order int) error {
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
		if f.depth < 3 && on[0].No == number(order) { // an order that is not there would be his
			got, err := f.admits[b].Admit(bg(), win(order, amountOf(order)+1), f.budget)
			require.True(f.t, err != nil || got.Amount == amountOf(order), "the first amount stands")
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

// recorded returns how many fen the orders on record were granted.
func (f *festival) recorded() (sum wallet.Money) {
	_ = f.orders.Orders(bg(), func(o wallet.Order) bool {
		if o.State == wallet.OrderOpen {
			sum += o.Amount
		}
		return true
	})
	return sum
}

func (f *festival) safe() {
	q, err := f.book.Quota(bg(), wallet.Official)
	require.NoError(f.t, err)
	require.LessOrEqual(f.t, q.Leased, f.budget)
	require.LessOrEqual(f.t, q.Reserved+q.Stranded, q.Leased, "more is granted than was leased")
	require.GreaterOrEqual(f.t, q.Reserved, f.granted(), "what was granted is on record")
	if f.orders != nil {
		require.Equal(f.t, q.Reserved, f.recorded(), "each order on record has its budget, and nothing else has")
	}
}

func (f *festival) granted() (sum wallet.Money) {
	for order, granted := range f.answers {
		if granted {
			sum += amountOf(order)
		}
	}
	return sum
}

// end lets everything go well again: each order gets its answer, and the audited book is exact.
func (f *festival) end() {
	f.book.fate, f.book.meanwhile = func() fate { return served }, func() {}
	for _, b := range f.alive { // as chores do: what was asked for with another amount is known then
		_, err := b.Settle(bg(), orders)
		require.NoError(f.t, err)
	}
	for order := range orders {
		err := f.hear(f.alive[order%2], order+1)
		require.True(f.t, err == nil || errors.Is(err, wallet.ErrOverBudget), "%v", err)
	}
	for _, holder := range f.holders {
		_, err := quota.Retire(bg(), f.book, holder)
		require.NoError(f.t, err)
	}
	sum := f.granted()
	stands(f.t, f.book, wallet.Quota{Reserved: sum, Leased: sum})
	if rest := f.budget - sum; rest > 0 {
		err := f.rest(rest)
		require.NoError(f.t, err, "all that is left can be granted")
	}
	stands(f.t, f.book, wallet.Quota{Reserved: f.budget, Leased: f.budget})
}

// rest grants what is left.
func (f *festival) rest(fen wallet.Money) error {
	if f.orders == nil {
		return f.alive[0].Reserve(bg(), number(100), fen, f.budget)
	}
	_, err := f.admits[f.alive[0]].Admit(bg(), win(100, fen), f.budget)
	return err
}

// TestNothingIsLeftUnissued: an instance that lives grants its budget to the last fen, however many answers it lost.
func TestNothingIsLeftUnissued(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		book := calm(mem.NewQuotas())
		book.fate = func() fate { return fate(rapid.IntRange(0, int(numFates)-1).Draw(t, "fate")) }
		budget := wallet.Money(rapid.IntRange(1, 300).Draw(t, "budget"))
		b := quota.New(book, "a", quota.Config{Block: wallet.Money(rapid.IntRange(1, 60).Draw(t, "block"))})
		for i := range rapid.IntRange(1, 15).Draw(t, "orders") {
			for range 4 {
				if err := b.Reserve(bg(), number(i+1), amountOf(i+1), budget); err == nil || errors.Is(err, wallet.ErrOverBudget) {
					break
				}
			}
		}
		book.fate = func() fate { return served }
		_, err := b.Settle(bg(), 100)
		require.NoError(t, err)
		for i := 1000; b.Reserve(bg(), number(i), 1, budget) == nil; i++ {
			require.Less(t, i, 2000)
		}
		stands(t, book, wallet.Quota{Reserved: budget, Leased: budget})
	})
}
