package quota_test

import (
	"fmt"
	"math"
	"slices"
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
		17,            // blocks that are no multiple of an amount
		1_000_000,     // more than any budget of the suite
		math.MaxInt64, // the maximum
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

// TestOneCallAGrant: leases are rare, and a typical grant costs one record.
func TestOneCallAGrant(t *testing.T) {
	store := calm(mem.NewQuotas())
	b := quota.New(store, "a", quota.Config{Block: 100})
	for i := range 100 {
		require.NoError(t, b.Reserve(t.Context(), number(i+1), 10, 1<<40))
	}
	require.Equal(t, 100, store.records)
	require.Equal(t, 10, store.leases)
}

func requireQuota(t require.TestingT, q wallet.Quotas, want wallet.Quota) {
	got, err := q.Quota(bg(), wallet.Official)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// endBudget is the budget in TestEnds, in fen.
const endBudget = 100

// endWorld is the store and two instances in TestEnds.
type endWorld struct {
	store *faultyQuotas
	a, b  *quota.Budgets
}

// next sets the fates of the next calls; later calls are served.
func (w endWorld) next(f ...fate) {
	w.store.fate = func() fate {
		if len(f) == 0 {
			return served
		}
		defer func() { f = f[1:] }()
		return f[0]
	}
}

// end is a way in which a debit can end.
type end struct {
	name string
	run  func(t *testing.T, w endWorld)
	left wallet.Money // what a can grant afterwards
	why  string
}

// TestEnds covers the ways in which a debit can end. Each case starts with 10 fen on record in the block of a, which
// has the whole budget of 100, and ends with what a can still grant.
func TestEnds(t *testing.T) {
	for _, c := range slices.Concat(recordEnds(), repeatEnds(), blockEnds()) {
		t.Run(c.name, func(t *testing.T) {
			store := calm(mem.NewQuotas())
			w := endWorld{store, quota.New(store, "a", quota.Config{Block: 1}), quota.New(store, "b", quota.Config{Block: 1})}
			_, err := store.Quotas.Lease(t.Context(), "a", wallet.Official, endBudget, endBudget, endBudget)
			require.NoError(t, err)
			w.next(served)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(9_999), 1_000, endBudget), wallet.ErrOverBudget, "this reply reports a's block to a")
			require.NoError(t, w.a.Reserve(t.Context(), number(1), 10, endBudget))
			c.run(t, w)
			w.store.meanwhile = func() {}
			granted := wallet.Money(0)
			for i := 100; w.a.Reserve(t.Context(), number(i), 1, endBudget) == nil; i++ {
				granted++
			}
			require.Equal(t, c.left, granted, c.why)
		})
	}
}

// recordEnds returns records that are refused, or whose reply is lost.
func recordEnds() []end {
	return []end{
		{"refused record", func(t *testing.T, w endWorld) {
			w.next(refused)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, endBudget), wallet.ErrUnavailable)
		}, 90, "nothing was written: the debit is credited back at once"},
		{"unheard record, repeated", func(t *testing.T, w endWorld) {
			w.next(unheard)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, endBudget), wallet.ErrUnknown)
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, endBudget))
		}, 60, "the repeat uses the same debit"},
		{"lost record, refused, repeated", func(t *testing.T, w endWorld) {
			w.next(lost, refused)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, endBudget), wallet.ErrUnknown)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, endBudget), wallet.ErrUnavailable, "the result of this attempt")
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, endBudget))
		}, 60, "an attempt that did nothing proves nothing about the one before"},
		{"lost record, settled", func(t *testing.T, w endWorld) {
			w.next(lost)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, endBudget), wallet.ErrUnknown)
			n, err := w.a.Settle(t.Context(), 10)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			n, err = w.a.Settle(t.Context(), 10)
			require.NoError(t, err)
			require.Zero(t, n)
		}, 60, "the chore records it"},
		{"lost record, refused elsewhere", func(t *testing.T, w endWorld) {
			w.next(lost)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, endBudget), wallet.ErrUnknown)
			require.ErrorIs(t, w.b.Reserve(t.Context(), number(2), 30, endBudget), wallet.ErrOverBudget, "a has it all")
			_, err := w.a.Settle(t.Context(), 10)
			require.NoError(t, err)
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, endBudget), wallet.ErrOverBudget)
		}, 90, "a refusal was reported: the debit is credited back"},
	}
}

// repeatEnds returns repeated and concurrent attempts of one order.
func repeatEnds() []end {
	return []end{
		{"granted order repeated", func(t *testing.T, w endWorld) {
			require.NoError(t, w.a.Reserve(t.Context(), number(1), 10, endBudget))
		}, 90, "the first debit pays"},
		{"granted order repeated elsewhere", func(t *testing.T, w endWorld) {
			require.NoError(t, w.b.Reserve(t.Context(), number(1), 10, endBudget))
		}, 90, "b has no budget and still returns the grant"},
		{"both at once", func(t *testing.T, w endWorld) {
			w.store.meanwhile = once(func() { require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, endBudget)) })
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, endBudget))
		}, 60, "two attempts of one order share one debit"},
		{"both at once, when there is enough for one", func(t *testing.T, w endWorld) {
			w.store.meanwhile = once(func() { require.NoError(t, w.a.Reserve(t.Context(), number(2), 90, endBudget)) })
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 90, endBudget))
		}, 0, "neither is refused because of the other"},
	}
}

// blockEnds returns blocks that end before the debit is on record.
func blockEnds() []end {
	return []end{
		{"orphaned", func(t *testing.T, w endWorld) {
			require.NoError(t, w.store.Orphan(t.Context(), "a"))
			require.ErrorIs(t, w.a.Reserve(t.Context(), number(2), 30, endBudget), wallet.ErrOverBudget)
		}, 0, "nobody can grant from an orphaned block before the reclaim"},
		{"retired", func(t *testing.T, w endWorld) {
			back, err := quota.Retire(t.Context(), w.store, "a")
			require.NoError(t, err)
			require.EqualValues(t, 90, back)
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, endBudget), "it is alive: it leases again")
		}, 60, "after the reclaim everybody can, also the instance believed dead"},
		{"orphaned between debit and record", func(t *testing.T, w endWorld) {
			w.store.meanwhile = once(func() {
				_, err := quota.Retire(t.Context(), w.store, "a")
				require.NoError(t, err)
			})
			require.NoError(t, w.a.Reserve(t.Context(), number(2), 30, endBudget))
		}, 60, "the block is dropped, and another one leased"},
	}
}

// TestLostLease: a lease without a reply is not lost: the next reply reports it, even with a refusal.
func TestLostLease(t *testing.T) {
	store := calm(mem.NewQuotas())
	b := quota.New(store, "a", quota.Config{Block: 100})
	store.fate = func() fate { return unheard }
	require.ErrorIs(t, b.Reserve(t.Context(), number(1), 60, 60), wallet.ErrUnknown)
	requireQuota(t, store, wallet.Quota{Leased: 60})
	store.fate = func() fate { return served }
	require.NoError(t, b.Reserve(t.Context(), number(1), 60, 60))
	requireQuota(t, store, wallet.Quota{Reserved: 60, Leased: 60})
}

// TestLateAnswer: a late reply about an ended block must not reopen it, nor make the next block count twice.
func TestLateAnswer(t *testing.T) {
	store := calm(mem.NewQuotas())
	b := quota.New(store, "a", quota.Config{Block: 10})
	calls := 0
	store.meanwhile = func() {
		if calls++; calls != 2 { // the first lease is done, and its reply on the way
			return
		}
		_, err := quota.Retire(t.Context(), store.Quotas, "a")
		require.NoError(t, err)
		require.NoError(t, b.Reserve(t.Context(), number(1), 10, 100))
	}
	for i := 2; i < 30; i++ {
		_ = b.Reserve(t.Context(), number(i), 10, 100)
	}
	requireQuota(t, store, wallet.Quota{Reserved: 100, Leased: 100})
}

// TestOneFetchesTheBlock: while one request leases a whole block, others lease only what they need; otherwise many
// concurrent requests would each lease a block.
func TestOneFetchesTheBlock(t *testing.T) {
	store := calm(mem.NewQuotas())
	b := quota.New(store, "a", quota.Config{Block: 1_000})
	store.meanwhile = once(func() {
		for i := range 20 {
			require.NoError(t, b.Reserve(t.Context(), number(i+1), 10, 1<<40))
		}
	})
	require.NoError(t, b.Reserve(t.Context(), number(100), 10, 1<<40))
	requireQuota(t, store, wallet.Quota{Reserved: 210, Leased: 1_200})
}

// TestEndedBlockStaysEnded: a reply that was on its way when the block ended adds no money to it.
func TestEndedBlockStaysEnded(t *testing.T) {
	store := calm(mem.NewQuotas())
	b := quota.New(store, "a", quota.Config{Block: 10})
	require.NoError(t, b.Reserve(t.Context(), number(1), 5, 1_000)) // leaves 5 in the block
	calls := 0
	store.meanwhile = func() {
		if calls++; calls != 2 { // the lease of order 3 is done, and its reply on the way
			return
		}
		store.meanwhile = func() {}
		require.NoError(t, store.Quotas.Orphan(t.Context(), "a"))
		fates := []fate{served, refused} // order 2 finds the block ended, and gets no other block
		store.fate = func() fate { f := fates[0]; fates = fates[1:]; return f }
		require.ErrorIs(t, b.Reserve(t.Context(), number(2), 5, 1_000), wallet.ErrUnavailable)
		store.fate = func() fate { return served }
	}
	before := store.records
	require.NoError(t, b.Reserve(t.Context(), number(3), 10, 1_000))
	require.Equal(t, before+2, store.records, "nothing is recorded on a block that is known to have ended")
}

// TestUnsettledIsBounded: debits above the bound are left to the reclaim, and nothing else changes.
func TestUnsettledIsBounded(t *testing.T) {
	const many, more = 1 << 16, 100
	store := calm(mem.NewQuotas())
	b := quota.New(store, "a", quota.Config{Block: many + more})
	require.NoError(t, b.Reserve(t.Context(), number(1), 1, 1<<40))
	store.fate = func() fate { return lost }
	for i := range many + more {
		require.ErrorIs(t, b.Reserve(t.Context(), number(i+2), 1, 1<<40), wallet.ErrUnknown)
	}
	store.fate = func() fate { return served }
	n, err := b.Settle(t.Context(), 2*many)
	require.NoError(t, err)
	require.LessOrEqual(t, n, many)
	require.Greater(t, n, many/2)
	_, err = quota.Retire(t.Context(), store, "a")
	require.NoError(t, err)
	requireQuota(t, store, wallet.Quota{Reserved: wallet.Money(n + 1), Leased: wallet.Money(n + 1)})
}

// TestCrowd sends many concurrent requests through instances that share a store, some of whose replies are lost.
func TestCrowd(t *testing.T) {
	const budget, fen, orders = 20_000, 10, 3_000
	store := &flaky{Quotas: mem.NewQuotas()}
	instances := []*quota.Budgets{
		quota.New(store, "a", quota.Config{Block: 500}), quota.New(store, "b", quota.Config{Block: 500}), quota.New(store, "c", quota.Config{Block: 500}),
	}
	answers := make([][orders]error, 12)
	var all sync.WaitGroup
	for caller := range answers {
		all.Go(func() {
			for i := range orders {
				for { // retry, as clients do
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
			require.Equal(t, answers[0][i], answers[caller][i], "order %d: the same answer for all", i+1)
		}
		if answers[0][i] == nil {
			granted += fen
		}
	}
	q, err := store.Quota(t.Context(), wallet.Official)
	require.NoError(t, err)
	require.Equal(t, granted, q.Reserved)
	require.LessOrEqual(t, q.Leased, wallet.Money(budget))
	for _, holder := range []string{"a", "b", "c"} {
		_, err := quota.Retire(t.Context(), store.Quotas, holder)
		require.NoError(t, err)
	}
	requireQuota(t, store, wallet.Quota{Reserved: granted, Leased: granted})
}
