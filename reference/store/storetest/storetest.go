// Package storetest has one contract suite per port. Every adapter of a port passes its suite, so that the service
// behaves alike over memory, Redis and MySQL.
//
// A suite tests what the port's comments guarantee, and nothing else. It opens a separate store for each story, and
// many for a property, so open should return an empty store cheaply and close it by t.Cleanup. Time passes only when
// the suite advances its Clock. Units are those of package wallet: fen and microseconds.
//
// It must not depend on any adapter, and is only for tests.
package storetest

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// Clock is a clock that the suite advances. It is safe for concurrent use.
type Clock struct{ now atomic.Int64 }

var _ wallet.Clock = (*Clock)(nil)

// eve is the start time of the suites' stories: 2022-01-31 20:00 in Shanghai.
const eve wallet.Instant = 1_643_630_400_000_000

// NewClock returns a clock at eve.
func NewClock() *Clock {
	c := &Clock{}
	c.now.Store(int64(eve))
	return c
}

// Now implements wallet.Clock.
func (c *Clock) Now() wallet.Instant { return wallet.Instant(c.now.Load()) }

// Advance moves the clock forward by d.
func (c *Clock) Advance(d time.Duration) { c.now.Add(int64(d / time.Microsecond)) }

// callers is the number of concurrent callers of a suite: more than the machine usually has cores, and more than the
// steps of one call.
const callers = 8

// together runs call concurrently for each caller and waits for all of them.
func together(t *testing.T, call func(t *testing.T, caller int)) {
	t.Run("together", func(t *testing.T) {
		for i := range callers {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				call(t, i)
			})
		}
	})
}

// onceEach requires that of all callers, which do each of n things concurrently, one is the first. do returns whether
// its caller was.
func onceEach(t *testing.T, n int, do func(t *testing.T, caller, i int) bool) {
	t.Helper()
	firsts := make([]atomic.Int64, n)
	together(t, func(t *testing.T, caller int) {
		for i := range n {
			if do(t, caller, i) {
				firsts[i].Add(1)
			}
		}
	})
	for i := range firsts {
		require.EqualValues(t, 1, firsts[i].Load(), "callers that were the first to do number %d", i)
	}
}

// checkModel compares stores with a model, each over one random sequence of calls.
func checkModel[S any](t *testing.T, open func(t *testing.T) S, model func(t *rapid.T, s S)) {
	t.Run("model", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) { model(rt, open(t)) })
	})
}

// number returns the order number of a person's win in a rain of the official stage.
func number(id wallet.ActID, rain int32) wallet.OrderNo {
	return wallet.OrderNo{ActID: id, Scene: "rain-cash", Rain: rain, Award: wallet.Cash, Stage: wallet.Official}
}

// neighbours returns distinct order numbers that differ from no in one part each.
func neighbours(no wallet.OrderNo) []wallet.OrderNo {
	out := make([]wallet.OrderNo, 5)
	for i := range out {
		out[i] = no
	}
	out[0].ActID++
	out[1].Scene += "-2"
	out[2].Rain++
	out[3].Award = wallet.VideoSubsidy
	out[4].Stage = wallet.ExternalDrill
	return out
}

// credit returns a posting of the given amount that was won after the given time since eve.
func credit(no wallet.OrderNo, fen wallet.Money, after time.Duration) wallet.Credit {
	return wallet.Credit{Order: no, Amount: fen, Opened: eve.Add(after)}
}

// testable is the common interface of stories and properties.
type testable interface {
	require.TestingT
	Helper()
	Context() context.Context
}

// result is what a method of a port returned.
type result[V any] struct {
	got V
	err error
}

// call takes the result of a method: call(s.Get(ctx, no)).returns(t, want, "why").
func call[V any](got V, err error) result[V] { return result[V]{got, err} }

// ok requires success and returns the value.
func (r result[V]) ok(t testable, why ...any) V {
	t.Helper()
	require.NoError(t, r.err, why...)
	return r.got
}

// returns requires success with the given value.
func (r result[V]) returns(t testable, want V, why ...any) {
	t.Helper()
	require.Equal(t, want, r.ok(t, why...), why...)
}

// fails requires the given error.
func (r result[V]) fails(t testable, want error, why ...any) {
	t.Helper()
	require.ErrorIs(t, r.err, want, why...)
}

// written is what a method returned that records a value, unless its number is recorded already.
type written[V any] struct {
	result[V]
	isNew bool
}

// write takes the result of such a method: write(s.Create(ctx, v)).records(t, v).
func write[V any](got V, isNew bool, err error) written[V] {
	return written[V]{result[V]{got, err}, isNew}
}

// recorded requires that the value is recorded now, or was recorded before, and returns what is recorded.
func (w written[V]) recorded(t testable, now bool, why ...any) V {
	t.Helper()
	got := w.ok(t, why...)
	require.Equal(t, now, w.isNew, why...)
	return got
}

// records requires that the value is recorded now.
func (w written[V]) records(t testable, want V, why ...any) {
	t.Helper()
	require.Equal(t, want, w.recorded(t, true, why...), why...)
}

// keeps requires that the number is recorded already, with the given value.
func (w written[V]) keeps(t testable, want V, why ...any) {
	t.Helper()
	require.Equal(t, want, w.recorded(t, false, why...), why...)
}

// first takes the results of a method of which only the first value matters.
func first[V, W any](got V, _ W, err error) result[V] { return call(got, err) }

// second takes the results of a method of which only the second value matters.
func second[V, W any](_ V, got W, err error) result[W] { return call(got, err) }

// checkReader requires that a reader lists the wanted records, each once and in order, and stops when yield returns
// false.
func checkReader[K comparable, V any](t *testing.T, want map[K]V, key func(V) K, inOrder func(last, next V) bool,
	read func(ctx context.Context, yield func(V) bool) error) {
	t.Helper()
	got := map[K]V{}
	var last V
	require.NoError(t, read(t.Context(), func(v V) bool {
		require.True(t, inOrder(last, v), "%v after %v", v, last)
		require.NotContains(t, got, key(v))
		last, got[key(v)] = v, v
		return true
	}))
	require.Equal(t, want, got)
	stopsAfter(t, 5, read)
}

// stopsAfter requires that a reader stops when yield returns false for the n-th record.
func stopsAfter[V any](t *testing.T, n int, read func(ctx context.Context, yield func(V) bool) error) {
	t.Helper()
	seen := 0
	require.NoError(t, read(t.Context(), func(V) bool { seen++; return seen < n }))
	require.Equal(t, n, seen, "reading stops when yield returns false")
}
