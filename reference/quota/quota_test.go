package quota_test

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/quota"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestBudgets(t *testing.T) {
	for _, block := range []wallet.Money{
		1,             // each order leases
		17,            // blocks that no amount divides
		1_000_000,     // more than any budget of the suite
		math.MaxInt64, // and the most there is
	} {
		t.Run(fmt.Sprint(int64(block)), func(t *testing.T) {
			storetest.Budgets(t, func(*testing.T) wallet.Budgets {
				return quota.New(mem.NewQuotas(), "a", quota.Config{Block: block})
			})
		})
	}
}

func TestConfig(t *testing.T) {
	require.NoError(t, quota.Config{Block: 1}.Validate())
	for _, bad := range []wallet.Money{0, -1} {
		require.ErrorIs(t, quota.Config{Block: bad}.Validate(), wallet.ErrInvalid)
	}
}

// TestOneCallAGrant: leases are rare, and a record is all that the common grant costs.
func TestOneCallAGrant(t *testing.T) {
	book := calm(mem.NewQuotas())
	b := quota.New(book, "a", quota.Config{Block: 100})
	for i := range 100 {
		require.NoError(t, b.Reserve(t.Context(), number(i+1), 10, 1<<40))
	}
	require.Equal(t, 100, book.records)
	require.Equal(t, 10, book.leases)
}

func stands(t require.TestingT, q wallet.Quotas, want wallet.Quota) {
	got, err := q.Quota(bg(), wallet.Official)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// TestEnds are the ways that a take can end. Each begins with 10 fen on record in the block of a, which has 100 of the
// budget's 100, and ends with what a can still grant.
func TestEnds(t *testing.T) {
	const budget = 100
	type world struct {
		book *trouble
		a, b *quota.Budgets
	}
	next := func(w world, f ...fate) { // the fates of the calls from now on; those after them are served
		w.book.fate = func() fate {
			if len(f) == 0 {
				return served
			}
			defer func() { f = f[1:] }()
			return f[0]
		}
	}
	for _, c := range []struct {
		name string
		run  func(t *testing.T, w world)
		left wallet.Money // what a can grant after it
		why  string
	}{
		{"refused record", func(t *testing.T, w world) {
			next(w, refused)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, budget), wallet.ErrUnavailable)
		}, 90, "nothing was written: the take goes back at once"},
		{"unheard record, repeated", func(t *testing.T, w world) {
			next(w, unheard)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, budget), wallet.ErrUnknown)
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, budget))
		}, 60, "the repeat uses the same take"},
		{"lost record, refused, repeated", func(t *testing.T, w world) {
			next(w, lost, refused)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, budget), wallet.ErrUnknown)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, budget), wallet.ErrUnavailable, "of this try")
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, budget))
		}, 60, "a try that surely did nothing says nothing of the one before"},
		{"lost record, settled", func(t *testing.T, w world) {
			next(w, lost)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, budget), wallet.ErrUnknown)
			n, err := w.a.Settle(t.Context(), 10)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			n, err = w.a.Settle(t.Context(), 10)
			require.NoError(t, err)
			require.Zero(t, n)
		}, 60, "the chore records it"},
		{"lost record, refused elsewhere", func(t *testing.T, w world) {
			next(w, lost)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, budget), wallet.ErrUnknown)
			require.ErrorIs(t, w.b.Reserve(t.Context(), number(2), 30, budget), wallet.ErrOverBudget, "a has it all")
			_, err := w.a.Settle(t.Context(), 10)
			require.NoError(t, err)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, budget), wallet.ErrOverBudget)
		}, 90, "somebody was told no: the take goes back"},
		{"granted order repeated", func(t *testing.T, w world) {
			require.NoError(t, w.a.Reserve(t.Context(), number(1), 10, budget))
		}, 90, "the first take pays"},
		{"granted order repeated elsewhere", func(t *testing.T, w world) {
			require.NoError(t, w.b.Reserve(t.Context(), number(1), 10, budget))
		}, 90, "b has nothing to grant from and grants all the same"},
		{"both at once", func(t *testing.T, w world) {
			w.book.meanwhile = once(func() { require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, budget)) })
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, budget))
		}, 60, "two tries of one order share one take"},
		{"both at once, when there is enough for one", func(t *testing.T, w world) {
			w.book.meanwhile = once(func() { require.NoError(t, w.a.Reserve(t.Context(), number(2), 90, budget)) })
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 90, budget))
		}, 0, "neither is refused for the other's sake"},
		{"stranded", func(t *testing.T, w world) {
			require.NoError(t, w.book.Strand(t.Context(), "a"))
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, budget), wallet.ErrOverBudget)
		}, 0, "until the audit nobody can grant what is stranded"},
		{"retired", func(t *testing.T, w world) {
			back, err := quota.Retire(t.Context(), w.book, "a")
			require.NoError(t, err)
			require.EqualValues(t, 90, back)
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, budget), "it was not dead: it leases again")
		}, 60, "after the audit everybody can, even the one taken for dead"},
		{"stranded between take and record", func(t *testing.T, w world) {
			w.book.meanwhile = once(func() {
				_, err := quota.Retire(t.Context(), w.book, "a")
				require.NoError(t, err)
			})
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, budget))
		}, 60, "the block is forgotten, another one leased"},
	} {
		t.Run(c.name, func(t *testing.T) {
			book := calm(mem.NewQuotas())
			w := world{book, quota.New(book, "a", quota.Config{Block: 1}), quota.New(book, "b", quota.Config{Block: 1})}
			_, err := book.Quotas.Lease(t.Context(), "a", wallet.Official, budget, budget, budget)
			require.NoError(t, err)
			next(w, served)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(9_999), 1_000, budget), wallet.ErrOverBudget, "and so a learns of its block")
			require.NoError(t, w.a.Reserve(t.Context(), number(1), 10, budget))
			c.run(t, w)
			w.book.meanwhile = func() {}
			granted := wallet.Money(0)
			for i := 100; w.a.Reserve(t.Context(), number(i), 1, budget) == nil; i++ {
				granted++
			}
			require.Equal(t, c.left, granted, c.why)
		})
	}
}

// TestLostLease: what a lease without answer took is not lost: the next answer tells of it, even a refusal.
func TestLostLease(t *testing.T) {
	book := calm(mem.NewQuotas())
	b := quota.New(book, "a", quota.Config{Block: 100})
	book.fate = func() fate { return unheard }
	require.ErrorIs(t, b.Reserve(t.Context(), number(1), 60, 60), wallet.ErrUnknown)
	stands(t, book, wallet.Quota{Leased: 60})
	book.fate = func() fate { return served }
	require.NoError(t, b.Reserve(t.Context(), number(1), 60, 60))
	stands(t, book, wallet.Quota{Reserved: 60, Leased: 60})
}

// TestLateAnswer: an answer about a block that has ended meanwhile must not bring it back, nor make the next block
// count twice.
func TestLateAnswer(t *testing.T) {
	book := calm(mem.NewQuotas())
	b := quota.New(book, "a", quota.Config{Block: 10})
	calls := 0
	book.meanwhile = func() {
		if calls++; calls != 2 { // the first lease is done, and its answer on the way
			return
		}
		_, err := quota.Retire(t.Context(), book.Quotas, "a")
		require.NoError(t, err)
		require.NoError(t, b.Reserve(t.Context(), number(1), 10, 100))
	}
	for i := 2; i < 30; i++ {
		_ = b.Reserve(t.Context(), number(i), 10, 100)
	}
	stands(t, book, wallet.Quota{Reserved: 100, Leased: 100})
}

// TestOneFetchesTheBlock: while one request fetches a whole block, others lease what they need and no more, or a crowd
// that finds the pocket empty would fill it a hundred times over.
func TestOneFetchesTheBlock(t *testing.T) {
	book := calm(mem.NewQuotas())
	b := quota.New(book, "a", quota.Config{Block: 1_000})
	book.meanwhile = once(func() {
		for i := range 20 {
			require.NoError(t, b.Reserve(t.Context(), number(i+1), 10, 1<<40))
		}
	})
	require.NoError(t, b.Reserve(t.Context(), number(100), 10, 1<<40))
	stands(t, book, wallet.Quota{Reserved: 210, Leased: 1_200})
}

// TestEndedBlockStaysEnded: an answer on its way when the block ended brings no money back from it.
func TestEndedBlockStaysEnded(t *testing.T) {
	book := calm(mem.NewQuotas())
	b := quota.New(book, "a", quota.Config{Block: 10})
	require.NoError(t, b.Reserve(t.Context(), number(1), 5, 1_000)) // leaves 5 in the pocket
	calls := 0
	book.meanwhile = func() {
		if calls++; calls != 2 { // the lease of order 3 is done, and its answer on the way
			return
		}
		book.meanwhile = func() {}
		require.NoError(t, book.Quotas.Strand(t.Context(), "a"))
		fates := []fate{served, refused} // order 2 learns of the end, and gets no other block
		book.fate = func() fate { f := fates[0]; fates = fates[1:]; return f }
		require.ErrorIs(t, b.Reserve(t.Context(), number(2), 5, 1_000), wallet.ErrUnavailable)
		book.fate = func() fate { return served }
	}
	before := book.records
	require.NoError(t, b.Reserve(t.Context(), number(3), 10, 1_000))
	require.Equal(t, before+2, book.records, "nothing is recorded on a block that is known to have ended")
}

// TestUnsettledIsBounded: what cannot be remembered is left for the audit, and nothing else changes.
func TestUnsettledIsBounded(t *testing.T) {
	const many, more = 1 << 16, 100
	book := calm(mem.NewQuotas())
	b := quota.New(book, "a", quota.Config{Block: many + more})
	require.NoError(t, b.Reserve(t.Context(), number(1), 1, 1<<40))
	book.fate = func() fate { return lost }
	for i := range many + more {
		require.ErrorIs(t, b.Reserve(t.Context(), number(i+2), 1, 1<<40), wallet.ErrUnknown)
	}
	book.fate = func() fate { return served }
	n, err := b.Settle(t.Context(), 2*many)
	require.NoError(t, err)
	require.LessOrEqual(t, n, many)
	require.Greater(t, n, many/2)
	_, err = quota.Retire(t.Context(), book, "a")
	require.NoError(t, err)
	stands(t, book, wallet.Quota{Reserved: wallet.Money(n + 1), Leased: wallet.Money(n + 1)})
}

// TestCrowd sends many requests at once through instances that share a book, some of whose answers get lost.
func TestCrowd(t *testing.T) {
	const budget, fen, orders = 20_000, 10, 3_000
	book := &shaky{Quotas: mem.NewQuotas()}
	instances := []*quota.Budgets{
		quota.New(book, "a", quota.Config{Block: 500}), quota.New(book, "b", quota.Config{Block: 500}), quota.New(book, "c", quota.Config{Block: 500}),
	}
	answers := make([][orders]error, 12)
	var all sync.WaitGroup
	for caller := range answers {
		all.Go(func() {
			for i := range orders {
				for { // as clients do
					err := instances[(caller+i)%3].Reserve(t.Context(), number(i+1), fen, budget)
					if c := wallet.CodeOf(err); err == nil || c == wallet.CodeRefused {
						answers[caller][i] = err
						break
					}
				}
			}
		})
	}
	all.Wait()
	granted := wallet.Money(0)
	for i := range orders {
		for caller := range answers {
			require.Equal(t, answers[0][i], answers[caller][i], "order %d: one answer for all", i+1)
		}
		if answers[0][i] == nil {
			granted += fen
		}
	}
	q, err := book.Quota(t.Context(), wallet.Official)
	require.NoError(t, err)
	require.Equal(t, granted, q.Reserved)
	require.LessOrEqual(t, q.Leased, wallet.Money(budget))
	for _, holder := range []string{"a", "b", "c"} {
		_, err := quota.Retire(t.Context(), book.Quotas, holder)
		require.NoError(t, err)
	}
	stands(t, book, wallet.Quota{Reserved: granted, Leased: granted})
}
