package sqlstore

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/reference/wallet"
)

// newGroupReader returns a groupReader whose queries take one second and return the double of each even key, and the list of
// its queries.
func newGroupReader(fail error) (c *groupReader[int, int], asked *[][]int) {
	asked = new([][]int)
	c = &groupReader[int, int]{}
	var mu sync.Mutex
	c.read = func(_ context.Context, all []int) (map[int]int, error) {
		mu.Lock()
		*asked = append(*asked, all)
		mu.Unlock()
		time.Sleep(time.Second)
		found := map[int]int{}
		for _, k := range all {
			if k%2 == 0 {
				found[k] = 2 * k
			}
		}
		return found, fail
	}
	return c, asked
}

// TestCrowdAsksTogether: callers that ask while the readers are busy share a query, and each gets the value of the key
// that it asked for.
func TestCrowdAsksTogether(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		c, asked := newGroupReader(nil)
		var all sync.WaitGroup
		begin := time.Now()
		for i := range maxReaders + 2*lookUpAtOnce {
			all.Go(func() {
				key := i % (lookUpAtOnce + 50)
				got, ok, err := c.ask(t.Context(), key)
				require.NoError(t, err)
				require.Equal(t, key%2 == 0, ok)
				if ok {
					require.Equal(t, 2*key, got)
				}
			})
			synctest.Wait() // in this order
		}
		all.Wait()
		require.Equal(t, 2*time.Second, time.Since(begin), "the callers shared the queries after the first ones")
		require.Len(t, *asked, maxReaders+2)
		for _, keys := range *asked {
			seen := map[int]bool{}
			for _, k := range keys {
				require.False(t, seen[k], "key %d is twice in one query", k)
				seen[k] = true
			}
			require.LessOrEqual(t, len(keys), lookUpAtOnce)
		}
	})
}

// TestCrowdIsToldWhatIs: a query that began before a caller asked must not answer that caller.
func TestCrowdIsToldWhatIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		value := 0
		c := &groupReader[int, int]{}
		c.read = func(_ context.Context, all []int) (map[int]int, error) {
			is := value
			time.Sleep(time.Second)
			return map[int]int{all[0]: is}, nil
		}
		var all sync.WaitGroup
		for range maxReaders {
			all.Go(func() { _, _, _ = c.ask(t.Context(), 1) })
		}
		synctest.Wait()
		value = 7
		got, _, err := c.ask(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, 7, got)
		all.Wait()
	})
}

// TestCrowdGivesUp: a caller whose context ends, or that finds the queue full, gets an error that says that nothing
// was changed; the others get their answers.
func TestCrowdGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newGroupReader(nil)
		var all sync.WaitGroup
		answered := func() {
			all.Go(func() {
				_, ok, err := c.ask(t.Context(), 4)
				require.True(t, ok)
				require.NoError(t, err)
			})
		}
		for range maxReaders {
			answered()
			synctest.Wait() // a separate query
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		all.Go(func() {
			_, _, err := c.ask(soon, 2)
			require.ErrorIs(t, err, wallet.ErrUnavailable)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		for range maxAsking - 1 {
			answered()
		}
		synctest.Wait()
		_, _, err := c.ask(t.Context(), 4)
		require.ErrorIs(t, err, wallet.ErrOverloaded)
		all.Wait()
	})
}

// TestCrowdFails: a failure is returned to all callers of its query, and a reader follows.
func TestCrowdFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		c, asked := newGroupReader(broken)
		for range 2 * maxReaders {
			_, _, err := c.ask(t.Context(), 2)
			require.ErrorIs(t, err, broken)
		}
		require.Len(t, *asked, 2*maxReaders, "readers continue")
	})
}
