package stock_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/stock"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

// TestCrowd sends many concurrent requests through instances that share a store, while chores run.
func TestCrowd(t *testing.T) {
	const total, orders = 500, 900
	store, mirror := mem.NewStockLeases(), mem.NewStock()
	leases := []*stock.Leased{lease(t, store, mirror, "a", 40), lease(t, store, mirror, "b", 40), lease(t, store, mirror, "c", 40)}
	for _, c := range []struct {
		name      string
		instances []wallet.Stocks
		chore     func() error
	}{
		{"split", []wallet.Stocks{split(t, 4)}, func() error { return nil }},
		{"lease", []wallet.Stocks{leases[0], leases[1], leases[2]}, func() error {
			for _, l := range leases {
				if err := l.ReturnUnused(t.Context(), 100); err != nil {
					return err
				}
			}
			return stock.Publish(t.Context(), store, mirror, templates())
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			readers := stock.NewReader(c.instances[0], templates())
			var answers [6][orders]error
			var all sync.WaitGroup
			for caller := range answers {
				all.Go(func() {
					for i := range orders {
						answers[caller][i] = c.instances[(caller+i)%len(c.instances)].Take(t.Context(), number(i+1), tea, total)
						if i%100 == caller {
							answers[caller][i] = errors.Join(answers[caller][i], c.chore(), readers.Refresh(t.Context()))
						}
					}
				})
			}
			all.Wait()
			granted := 0
			for i := range orders {
				for caller := range answers {
					require.Equal(t, errors.Is(answers[0][i], wallet.ErrSoldOut), errors.Is(answers[caller][i], wallet.ErrSoldOut), "order %d: the same answer for all", i+1)
					require.True(t, answers[caller][i] == nil || errors.Is(answers[caller][i], wallet.ErrSoldOut), "%v", answers[caller][i])
				}
				if answers[0][i] == nil {
					granted++
				}
			}
			require.LessOrEqual(t, granted, total)
			require.NoError(t, c.chore())
			require.NoError(t, c.chore()) // idle rests were returned
			for i := 0; granted < total; i++ {
				require.Less(t, i, 1000, "left unissued: %d", total-granted)
				if c.instances[0].Take(t.Context(), number(5000+i), tea, total) == nil {
					granted++
				}
			}
			require.ErrorIs(t, c.instances[0].Take(t.Context(), number(9000), tea, total), wallet.ErrSoldOut)
		})
	}
}
