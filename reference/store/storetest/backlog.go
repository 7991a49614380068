package storetest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// Shards and Lease are the configuration of a backlog under test.
const (
	Shards = 4
	Lease  = 30 * time.Second
)

// Backlog tests an adapter of wallet.Backlog. open gives it Shards shards and leases of Lease on the clock.
func Backlog(t *testing.T, open func(t *testing.T, clock *Clock) wallet.Backlog) {
	story := func(name string, run func(*testing.T, wallet.Backlog, *Clock)) {
		t.Run(name, func(t *testing.T) {
			clock := NewClock()
			run(t, open(t, clock), clock)
		})
	}
	story("first in, first out, by shard", firstInFirstOut)
	story("leases end", leasesEnd)
	story("acknowledging is final", ackIsFinal)
	story("many pass through", manyPassThrough)
	story("many takers share", takersShare)
	t.Run("model", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			clock := NewClock()
			backlogModel(rt, open(t, clock), clock)
		})
	})
}

// held returns n credits of one shard, with amounts from first on.
func held(shard, first, n int) (cs []wallet.Credit) {
	for i := range n {
		id := wallet.ActID(shard + Shards*(i+1))
		cs = append(cs, credit(number(id, 1), wallet.Money(first+i), time.Duration(i)*time.Microsecond))
	}
	return cs
}

// take takes, requires exactly the given credits, and returns their handles.
func take(t testable, b wallet.Backlog, shard, limit int, want []wallet.Credit) (ids []uint64) {
	t.Helper()
	got := call(b.Take(t.Context(), shard, limit)).ok(t)
	var have []wallet.Credit
	for _, h := range got {
		have, ids = append(have, h.Credit), append(ids, h.ID)
	}
	require.Len(t, have, len(want))
	for i := range want {
		require.Equal(t, want[i], have[i])
	}
	return ids
}

func firstInFirstOut(t *testing.T, b wallet.Backlog, _ *Clock) {
	take(t, b, 0, 10, nil)
	depth(t, b, 0)
	zero, three := held(0, 1, 5), held(3, 100, 2)
	require.NoError(t, b.Push(t.Context(), []wallet.Credit{zero[0], three[0], zero[1], three[1]}))
	require.NoError(t, b.Push(t.Context(), zero[2:]))
	require.NoError(t, b.Push(t.Context(), nil))
	depth(t, b, 7)
	take(t, b, 0, 2, zero[:2])
	take(t, b, 3, 10, three)
	take(t, b, 0, 10, zero[2:])
	take(t, b, 0, 10, nil)
	take(t, b, 1, 10, nil)
	depth(t, b, 7) // leased postings are still held

	require.NoError(t, b.Push(t.Context(), zero[:1]))
	take(t, b, 0, 10, zero[:1]) // pushed twice, taken twice
	depth(t, b, 8)
}

func leasesEnd(t *testing.T, b wallet.Backlog, clock *Clock) {
	cs := held(1, 1, 6)
	require.NoError(t, b.Push(t.Context(), cs))
	first := take(t, b, 1, 4, cs[:4])
	require.NoError(t, b.Ack(t.Context(), 1, first[1:2]))
	clock.Advance(Lease - time.Millisecond)
	take(t, b, 1, 1, cs[4:5])
	clock.Advance(time.Millisecond)
	// The first lease has ended, the second has not; the returned credits are older and come first.
	back := take(t, b, 1, 2, []wallet.Credit{cs[0], cs[2]})
	take(t, b, 1, 10, []wallet.Credit{cs[3], cs[5]})
	take(t, b, 1, 10, nil)
	// The slow first taker acknowledges late; the credit is deleted for the second one too.
	require.NoError(t, b.Ack(t.Context(), 1, first[:1]))
	clock.Advance(Lease)
	take(t, b, 1, 10, cs[2:])
	require.NoError(t, b.Ack(t.Context(), 1, back))
	depth(t, b, 3)
}

func ackIsFinal(t *testing.T, b wallet.Backlog, clock *Clock) {
	cs := held(2, 1, 3)
	require.NoError(t, b.Push(t.Context(), cs))
	ids := take(t, b, 2, 3, cs)
	for range 2 {
		require.NoError(t, b.Ack(t.Context(), 2, []uint64{ids[0], ids[2], ids[0]}))
		depth(t, b, 1)
	}
	clock.Advance(2 * Lease)
	ids = take(t, b, 2, 3, cs[1:2])
	require.NoError(t, b.Ack(t.Context(), 2, ids))
	depth(t, b, 0)
	clock.Advance(2 * Lease)
	take(t, b, 2, 3, nil)
	require.NoError(t, b.Ack(t.Context(), 2, nil))
}

func manyPassThrough(t *testing.T, b wallet.Backlog, clock *Clock) {
	const rounds, pushed, taken = 20, 300, 250 // the backlog grows, then drains
	next, seen := 0, 0
	all := held(1, 1, rounds*pushed)
	drain := func(limit int) {
		n := min(limit, next-seen)
		ids := take(t, b, 1, limit, all[seen:seen+n])
		require.NoError(t, b.Ack(t.Context(), 1, ids))
		seen += n
	}
	for range rounds {
		require.NoError(t, b.Push(t.Context(), all[next:next+pushed]))
		next += pushed
		drain(taken)
		clock.Advance(time.Second)
	}
	depth(t, b, rounds*(pushed-taken))
	drain(rounds * pushed)
	depth(t, b, 0)
}

func takersShare(t *testing.T, b wallet.Backlog, _ *Clock) {
	const each = 200
	var seen [callers*each + 1]atomic.Int64
	together(t, func(t *testing.T, caller int) {
		require.NoError(t, b.Push(t.Context(), held(0, 1+caller*each, each)))
		for range each / 8 {
			got := call(b.Take(t.Context(), 0, 8)).ok(t)
			var ids []uint64
			for _, h := range got {
				seen[h.Credit.Amount].Add(1)
				ids = append(ids, h.ID)
			}
			require.NoError(t, b.Ack(t.Context(), 0, ids))
		}
	})
	left := call(b.Take(t.Context(), 0, callers*each)).ok(t)
	depth(t, b, len(left))
	for _, h := range left {
		seen[h.Credit.Amount].Add(1)
	}
	for fen := 1; fen < len(seen); fen++ {
		require.EqualValues(t, 1, seen[fen].Load(), "credit %d is taken once within its lease", fen)
	}
}

// backlogModel compares one shard with a list over random sequences of calls.
func backlogModel(t *rapid.T, b wallet.Backlog, clock *Clock) {
	type item struct {
		credit wallet.Credit
		until  wallet.Instant // end of its lease; 0: never taken
		id     uint64         // handle of the last Take
	}
	var model []item // held, oldest first
	pushed := 0
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		switch rapid.SampledFrom([]string{"push", "take", "ack", "wait"}).Draw(t, "op") {
		case "push":
			cs := held(1, pushed, n)
			pushed += n
			require.NoError(t, b.Push(t.Context(), cs))
			for _, c := range cs {
				model = append(model, item{credit: c})
			}
		case "take":
			var want []wallet.Credit
			var at []int
			for i, it := range model {
				if it.until <= clock.Now() && len(want) < n {
					want, at = append(want, it.credit), append(at, i)
				}
			}
			for k, id := range take(t, b, 1, n, want) {
				model[at[k]].id, model[at[k]].until = id, clock.Now().Add(Lease)
			}
		case "ack":
			i := rapid.IntRange(0, len(model)).Draw(t, "which")
			if i < len(model) && model[i].until != 0 {
				require.NoError(t, b.Ack(t.Context(), 1, []uint64{model[i].id}))
				model = append(model[:i:i], model[i+1:]...)
			}
		case "wait":
			clock.Advance(Lease / time.Duration(n))
		}
		depth(t, b, len(model))
	}
}
