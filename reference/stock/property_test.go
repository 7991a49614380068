package stock_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/stock"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

func bg() context.Context { return context.Background() }

// design is a strategy under test.
type design struct {
	open   func(run int) wallet.Stocks // opens the stocks of a process run
	chore  func()                      // runs one chore; nil: none
	issued func() int64                // coupons on record
	bound  func() int64                // the largest number that may be granted; never above the stock
	settle func()                      // runs once the faults have ended, so that no coupon stays unissued
}

// model is a few instances that count one small stock, under faults.
type model struct {
	t       *rapid.T
	faults  *faults
	design  design
	total   int64
	alive   []wallet.Stocks
	dead    []wallet.Stocks // believed dead; they may still act
	runs    int
	answers map[int]bool // the first answer for an order: granted or not
	back    map[int]bool // returned, or being returned: finished
	depth   int
}

// TestNeverOver: whatever is lost, repeated, crashes, expires, is returned or reclaimed, at any point and concurrently,
// no more is granted than the stock, answers are final, and in the end every coupon belongs to an order.
func TestNeverOver(t *testing.T) {
	t.Run("split", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			f := newModel(t)
			store, parts := mem.NewStock(), rapid.IntRange(1, 4).Draw(t, "parts")
			sum := func() (n int64) {
				for part := range parts {
					issued, err := store.Issued(bg(), wallet.StockKey{Template: official(tea), Part: part})
					require.NoError(t, err)
					n += issued
				}
				return n
			}
			f.run(design{issued: sum, bound: sum, settle: func() {}, open: func(int) wallet.Stocks {
				s, err := stock.NewSplitKey(faultyKeys{store, f.faults}, parts)
				require.NoError(t, err)
				return s
			}})
		})
	})
	t.Run("lease", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			f := newModel(t)
			store, block := mem.NewStockLeases(), rapid.Int64Range(1, 40).Draw(t, "block")
			stand := func() wallet.Quota {
				q, err := store.Of(tea)
				require.NoError(t, err)
				now, err := q.Quota(bg(), wallet.Official)
				require.NoError(t, err)
				return now
			}
			holder := func(run int) string { return fmt.Sprint("run ", run) }
			shaky, templates := faultyLeases{store, f.faults}, []wallet.RewardID{tea}
			f.run(design{
				issued: func() int64 { return int64(stand().Reserved) },
				bound:  func() int64 { return int64(stand().Leased) },
				open: func(run int) wallet.Stocks {
					return lease(t, shaky, mem.NewStock(), holder(run), block)
				},
				chore: func() {
					switch rapid.IntRange(0, 3).Draw(t, "chore") {
					case 0:
						_ = rapid.SampledFrom(f.alive).Draw(t, "instance").(*stock.Leased).ReturnUnused(bg(), 3)
					case 1: // any lease may expire, of dead and living holders
						_, _ = stock.OrphanExpired(bg(), shaky, templates, []string{holder(rapid.IntRange(1, f.runs).Draw(t, "living"))})
					case 2:
						_, _ = stock.Reclaim(bg(), shaky, templates)
					case 3:
						_, _ = stock.Retire(bg(), shaky, templates, holder(rapid.IntRange(1, f.runs).Draw(t, "retired")))
					}
				},
				settle: func() {
					gone, err := stock.OrphanExpired(bg(), store, templates, nil)
					require.NoError(t, err)
					require.LessOrEqual(t, len(gone), f.runs)
					_, err = stock.Reclaim(bg(), store, templates)
					require.NoError(t, err)
					require.Equal(t, wallet.Quota{Reserved: stand().Reserved, Leased: stand().Reserved}, stand(), "the records are exact")
				},
			})
		})
	})
}

func newModel(t *rapid.T) *model {
	f := &model{t: t, faults: calm(), answers: map[int]bool{}, back: map[int]bool{}, total: rapid.Int64Range(0, 9).Draw(t, "total")}
	often := rapid.IntRange(0, 5).Draw(t, "faults")
	f.faults.fate = func() fate {
		if rapid.IntRange(0, 9).Draw(t, "goes wrong") < often {
			return fate(rapid.IntRange(1, int(numFates)-1).Draw(t, "fate"))
		}
		return served
	}
	f.faults.meanwhile = func() {
		if f.depth < 3 && rapid.IntRange(0, 5).Draw(t, "meanwhile") == 0 {
			f.depth++
			f.step()
			f.depth--
		}
	}
	return f
}

func (f *model) run(d design) {
	f.design = d
	for range 2 {
		f.alive = append(f.alive, f.begin())
	}
	for range rapid.IntRange(1, 40).Draw(f.t, "steps") {
		f.step()
		require.LessOrEqual(f.t, f.design.bound(), f.total)
		require.GreaterOrEqual(f.t, f.design.issued(), f.granted(), "every granted order is on record")
	}
	f.end()
}

func (f *model) begin() wallet.Stocks {
	f.runs++
	return f.design.open(f.runs)
}

const orders = 14

func (f *model) step() {
	i := rapid.IntRange(0, len(f.alive)-1).Draw(f.t, "instance")
	order := rapid.IntRange(1, orders).Draw(f.t, "order")
	switch rapid.SampledFrom([]string{"take", "take", "take", "take", "dead", "crash", "decline", "back", "chore", "chore"}).Draw(f.t, "step") {
	case "take":
		f.take(f.alive[i], order)
	case "dead":
		if len(f.dead) > 0 {
			f.take(rapid.SampledFrom(f.dead).Draw(f.t, "which"), order)
		}
	case "crash":
		f.dead = append(f.dead, f.alive[i])
		f.alive[i] = f.begin()
	case "decline":
		f.decline(f.alive[i], order)
	case "back":
		if f.answers[order] {
			f.back[order] = true // finished: no further requests
			_ = f.alive[i].GiveBack(bg(), number(order), tea)
		}
	case "chore":
		if f.design.chore != nil {
			f.design.chore()
		}
	}
}

// take takes a coupon and checks that the answer equals the first one.
func (f *model) take(s wallet.Stocks, order int) error {
	if f.back[order] {
		return nil
	}
	err := s.Take(bg(), number(order), tea, f.total)
	if err != nil && !errors.Is(err, wallet.ErrSoldOut) {
		require.Contains(f.t, []wallet.Code{wallet.CodeUnknown, wallet.CodeUnavailable, wallet.CodeOverloaded}, wallet.CodeOf(err), "%v", err)
		return err
	}
	f.answered(order, err == nil)
	return err
}

func (f *model) decline(s wallet.Stocks, order int) {
	if f.back[order] {
		return
	}
	if has, err := s.Decline(bg(), number(order), tea); err == nil {
		f.answered(order, has)
	}
}

func (f *model) answered(order int, granted bool) {
	if f.back[order] {
		return // returned while the reply was on its way
	}
	before, answered := f.answers[order]
	require.True(f.t, !answered || before == granted, "order %d was answered %v before, and %v now", order, before, granted)
	f.answers[order] = granted
}

func (f *model) granted() (n int64) {
	for order, granted := range f.answers {
		if granted && !f.back[order] {
			n++
		}
	}
	return n
}

// end stops the faults. Then each order gets its answer, returned coupons are back, and new orders get exactly the
// coupons that are left.
func (f *model) end() {
	*f.faults = *calm()
	for order := 1; order <= orders; order++ {
		if f.back[order] {
			require.NoError(f.t, f.alive[0].GiveBack(bg(), number(order), tea))
			continue
		}
		err := f.take(f.alive[order%2], order)
		require.True(f.t, err == nil || errors.Is(err, wallet.ErrSoldOut), "%v", err)
	}
	f.design.settle()
	require.Equal(f.t, f.granted(), f.design.issued(), "exactly the orders with a positive answer have a coupon")
	more := int64(0)
	for i := range 700 { // more takes than each part of a SplitKey makes before it asks the others again
		if f.alive[i%2].Take(bg(), number(1000+i), tea, f.total) == nil {
			more++
		}
	}
	require.Equal(f.t, f.total, f.granted()+more, "nothing is left unissued")
	require.Equal(f.t, f.total, f.design.issued())
}
