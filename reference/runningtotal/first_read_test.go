package runningtotal_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// TestFirstRead: a first read waits for a value, concurrent first reads call the store once, and an error has its
// cause.
func TestFirstRead(t *testing.T) {
	c := newCentral()
	require.NoError(t, c.Report(t.Context(), wallet.Official, "a", 9))
	slow := &slowCentral{central: c, open: make(chan struct{})}
	r := newReader(t, slow, wallet.Official)
	_, err := r.TotalOrFetch(t.Context(), wallet.InternalTest)
	require.ErrorIs(t, err, wallet.ErrInvalid, "a stage that is not followed never gets a value")

	const readers = 50
	first := func() (errs [readers]error) {
		var all, called sync.WaitGroup
		called.Add(readers)
		for i := range readers {
			all.Go(func() {
				called.Done()
				var got wallet.Money
				if got, errs[i] = r.TotalOrFetch(t.Context(), wallet.Official); errs[i] == nil && got != 9 {
					t.Errorf("read %d", got)
				}
			})
		}
		called.Wait()
		time.Sleep(50 * time.Millisecond) // time for some of them to find another call in progress
		close(slow.open)
		all.Wait()
		return errs
	}
	c.before = wallet.ErrUnavailable
	for _, err := range first() {
		require.ErrorIs(t, err, wallet.ErrUnavailable, "all of them get the cause")
	}
	require.Less(t, slow.asked.Load(), int64(readers), "not all of them called the store")

	c.before, slow.open = nil, make(chan struct{})
	slow.asked.Store(0)
	for _, err := range first() {
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, slow.asked.Load())
	_, err = r.TotalOrFetch(t.Context(), wallet.Official)
	require.NoError(t, err)
	require.EqualValues(t, 1, slow.asked.Load(), "with a value no call is needed")
}

// slowCentral answers no call before open is closed.
type slowCentral struct {
	*central
	open  chan struct{}
	asked atomic.Int64
}

func (c *slowCentral) Total(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	c.asked.Add(1)
	<-c.open
	return c.central.Total(ctx, s)
}
