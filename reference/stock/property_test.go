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
	open   func(life int) wallet.Stocks // an instance's life
	chore  func()                       // what is done beside requests; nil: nothing
	issued func() int64                 // on record
	bound  func() int64                 // what may be granted at most, which never passes the stock
	settle func()                       // when all goes well again: what is needed so that nothing stays unissued
}

// festival is a few instances that count one small stock, in any trouble.
type festival struct {
	t       *rapid.T
	trouble *trouble
	design  design
	total   int64
	alive   []wallet.Stocks
	dead    []wallet.Stocks // taken for dead; they may still act
	lives   int
	answers map[int]bool // what was first told of an order: granted or not
	back    map[int]bool // given back, or on the way: finished
	depth   int
}

// TestNeverOver: whatever is lost, repeated, crashes, expires, is given back or audited, at any point and several at once,
// no more is granted than there is, an answer stands, and in the end every coupon is with an order.
func TestNeverOver(t *testing.T) {
	t.Run("split", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			f := newFestival(t)
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
				s, err := stock.NewSplit(keys{store, f.trouble}, parts)
				require.NoError(t, err)
				return s
			}})
		})
	})
	t.Run("lease", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			f := newFestival(t)
			store, block := mem.NewStockBook(), rapid.Int64Range(1, 40).Draw(t, "block")
			stand := func() wallet.Quota {
				q, err := store.Of(tea)
				require.NoError(t, err)
				now, err := q.Quota(bg(), wallet.Official)
				require.NoError(t, err)
				return now
			}
			holder := func(life int) string { return fmt.Sprint("life ", life) }
			shaky, templates := book{store, f.trouble}, []wallet.RewardID{tea}
			f.run(design{
				issued: func() int64 { return int64(stand().Reserved) },
				bound:  func() int64 { return int64(stand().Leased) },
				open: func(life int) wallet.Stocks {
					return lease(t, shaky, mem.NewStock(), holder(life), block)
				},
				chore: func() {
					switch rapid.IntRange(0, 3).Draw(t, "chore") {
					case 0:
						_ = rapid.SampledFrom(f.alive).Draw(t, "instance").(*stock.Lease).Tidy(bg(), 3)
					case 1: // anybody's lease may expire, dead or not
						_, _ = stock.Expire(bg(), shaky, templates, []string{holder(rapid.IntRange(1, f.lives).Draw(t, "living"))})
					case 2:
						_, _ = stock.Audit(bg(), shaky, templates)
					case 3:
						_, _ = stock.Retire(bg(), shaky, templates, holder(rapid.IntRange(1, f.lives).Draw(t, "retired")))
					}
				},
				settle: func() {
					gone, err := stock.Expire(bg(), store, templates, nil)
					require.NoError(t, err)
					require.LessOrEqual(t, len(gone), f.lives)
					_, err = stock.Audit(bg(), store, templates)
					require.NoError(t, err)
					require.Equal(t, wallet.Quota{Reserved: stand().Reserved, Leased: stand().Reserved}, stand(), "the book is exact")
				},
			})
		})
	})
}

func newFestival(t *rapid.T) *festival {
	f := &festival{t: t, trouble: calm(), answers: map[int]bool{}, back: map[int]bool{}, total: rapid.Int64Range(0, 9).Draw(t, "total")}
	often := rapid.IntRange(0, 5).Draw(t, "trouble")
	f.trouble.fate = func() fate {
		if rapid.IntRange(0, 9).Draw(t, "goes wrong") < often {
			return fate(rapid.IntRange(1, int(numFates)-1).Draw(t, "fate"))
		}
		return served
	}
	f.trouble.meanwhile = func() {
		if f.depth < 3 && rapid.IntRange(0, 5).Draw(t, "meanwhile") == 0 {
			f.depth++
			f.step()
			f.depth--
		}
	}
	return f
}

func (f *festival) run(d design) {
	f.design = d
	for range 2 {
		f.alive = append(f.alive, f.begin())
	}
	for range rapid.IntRange(1, 40).Draw(f.t, "steps") {
		f.step()
		require.LessOrEqual(f.t, f.design.bound(), f.total)
		require.GreaterOrEqual(f.t, f.design.issued(), f.granted(), "what was granted is on record")
	}
	f.end()
}

func (f *festival) begin() wallet.Stocks {
	f.lives++
	return f.design.open(f.lives)
}

const orders = 14

func (f *festival) step() {
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
			f.back[order] = true // finished, so nobody asks again
			_ = f.alive[i].GiveBack(bg(), number(order), tea)
		}
	case "chore":
		if f.design.chore != nil {
			f.design.chore()
		}
	}
}

// take asks for a coupon and checks that an answer is what was answered before.
func (f *festival) take(s wallet.Stocks, order int) error {
	if f.back[order] {
		return nil
	}
	err := s.Take(bg(), number(order), tea, f.total)
	if err != nil && !errors.Is(err, wallet.ErrSoldOut) {
		require.Contains(f.t, []wallet.Code{wallet.CodeUnknown, wallet.CodeUnavailable, wallet.CodeOverloaded}, wallet.CodeOf(err), "%v", err)
		return err
	}
	f.told(order, err == nil)
	return err
}

func (f *festival) decline(s wallet.Stocks, order int) {
	if f.back[order] {
		return
	}
	if has, err := s.Decline(bg(), number(order), tea); err == nil {
		f.told(order, has)
	}
}

func (f *festival) told(order int, granted bool) {
	if f.back[order] {
		return // given back while the answer was on its way
	}
	before, told := f.answers[order]
	require.True(f.t, !told || before == granted, "order %d was answered %v before, and %v now", order, before, granted)
	f.answers[order] = granted
}

func (f *festival) granted() (n int64) {
	for order, granted := range f.answers {
		if granted && !f.back[order] {
			n++
		}
	}
	return n
}

// end lets everything go well again: each order gets its answer, what was to be given back is, and new orders get every
// coupon that is left, and not one more.
func (f *festival) end() {
	*f.trouble = *calm()
	for order := 1; order <= orders; order++ {
		if f.back[order] {
			require.NoError(f.t, f.alive[0].GiveBack(bg(), number(order), tea))
			continue
		}
		err := f.take(f.alive[order%2], order)
		require.True(f.t, err == nil || errors.Is(err, wallet.ErrSoldOut), "%v", err)
	}
	f.design.settle()
	require.Equal(f.t, f.granted(), f.design.issued(), "exactly those who were told have one")
	more := int64(0)
	for i := range 700 { // more than each of Split's parts takes before it asks the others again
		if f.alive[i%2].Take(bg(), number(1000+i), tea, f.total) == nil {
			more++
		}
	}
	require.Equal(f.t, f.total, f.granted()+more, "nothing is left unissued")
	require.Equal(f.t, f.total, f.design.issued())
}
