package rewards_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/rewards"
	"hongbao/reference/stock"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

// fate is what becomes of one call.
type fate int

const (
	served      fate = iota
	lostRequest      // nothing was done, and nobody knows
	lostReply        // it was done, and nobody knows
	refused          // nothing was done
	diesBefore       // the instance dies before the call
	diesAfter        // and after it
)

// death is how an instance's life ends in the middle of a request.
type death struct{}

// trouble draws a fate for each call of a port.
type trouble struct {
	draw func() fate
	calm bool
}

func (b *trouble) call(do func() error) error {
	if b.calm {
		return do()
	}
	switch b.draw() {
	case lostRequest:
		return wallet.ErrUnknown
	case lostReply:
		_ = do()
		return wallet.ErrUnknown
	case refused:
		return wallet.ErrUnavailable
	case diesBefore:
		panic(death{})
	case diesAfter:
		_ = do()
		panic(death{})
	}
	return do()
}

type itemsIn struct {
	wallet.Items
	b *trouble
}

func (p itemsIn) Create(ctx context.Context, i wallet.Item) (got wallet.Item, isNew bool, err error) {
	err = p.b.call(func() (err error) { got, isNew, err = p.Items.Create(ctx, i); return err })
	return got, isNew, err
}

func (p itemsIn) Advance(ctx context.Context, items []wallet.Item) (got []wallet.Item, err error) {
	err = p.b.call(func() (err error) { got, err = p.Items.Advance(ctx, items); return err })
	return got, err
}

type stocksIn struct {
	wallet.Stocks
	b *trouble
}

func (p stocksIn) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	return p.b.call(func() error { return p.Stocks.Take(ctx, no, t, total) })
}

func (p stocksIn) Decline(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (has bool, err error) {
	err = p.b.call(func() (err error) { has, err = p.Stocks.Decline(ctx, no, t); return err })
	return has, err
}

func (p stocksIn) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	return p.b.call(func() error { return p.Stocks.GiveBack(ctx, no, t) })
}

type shopIn struct {
	*shop
	b *trouble
}

func (p shopIn) Issue(ctx context.Context, items []wallet.Item) (a []wallet.ItemAnswer, err error) {
	err = p.b.call(func() (err error) { a, err = p.shop.Issue(ctx, items); return err })
	return a, err
}

func (p shopIn) Look(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = p.b.call(func() (err error) { r, err = p.shop.Look(ctx, i); return err })
	return r, err
}

func (p shopIn) Use(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = p.b.call(func() (err error) { r, err = p.shop.Use(ctx, i); return err })
	return r, err
}

func (p shopIn) Refund(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = p.b.call(func() (err error) { r, err = p.shop.Refund(ctx, i); return err })
	return r, err
}

// keeperOf returns one of the two ways to count that remember orders, and what looks after it.
func keeperOf(t require.TestingT, name wallet.StockStrategy, templates []wallet.Template) *stock.Keeper {
	k, err := stock.NewKeeper(stock.Strategy{Name: name, Keys: mem.NewStock(), Parts: 2, Book: mem.NewStockBook(), Mirror: mem.NewStock(), Holder: "a", Block: 2}, templates)
	require.NoError(t, err)
	return k
}

// TestModel: whatever is lost, refused or dies on the way, when all is well again each order was given at most one thing,
// the one that it was told of; no template is granted beyond its stock; what was taken back was given back once; nothing
// is left half done, and nothing unissued while somebody asks for it.
func TestModel(t *testing.T) {
	for _, name := range []wallet.StockStrategy{wallet.StockSplitKey, wallet.StockLease} {
		t.Run(string(name), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { model(rt, name) })
		})
	}
}

func model(t *rapid.T, name wallet.StockStrategy) {
	r := newRig(t, tree(5, 3))
	b := &trouble{draw: func() fate {
		return rapid.SampledFrom([]fate{served, served, served, served, lostRequest, lostReply, refused, diesBefore, diesAfter}).Draw(t, "fate")
	}}
	keeper := keeperOf(t, name, rewards.Templates(r.index))
	r.stocks, r.ports = stocksIn{keeper.Stocks, b}, itemsIn{r.items, b}
	r.faulty = func(s *shop) wallet.Downstream { return shopIn{s, b} }
	r.boot()
	told := map[wallet.OrderNo]wallet.Item{}
	for range rapid.IntRange(5, 40).Draw(t, "steps") {
		no := won(wallet.ActID(rapid.IntRange(1, 6).Draw(t, "person")), rapid.SampledFrom([]wallet.SceneID{"tea", "tea", "shop", "museum", "pendant", "ad"}).Draw(t, "scene"), 1)
		s := r.shops[no.Award]
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0, 1, 2, 3:
			lived(r, func() { hear(t, told, r, no) })
		case 4:
			lived(r, func() { _, _ = r.use(no) })
		case 5:
			lived(r, func() { _, _ = r.service.Refund(r.ctx, no) })
		case 6:
			lived(r, func() { _, _ = r.service.Settle(r.ctx) })
		case 7:
			r.clock.pass(rapid.SampledFrom([]time.Duration{time.Second, 15 * time.Second, 5 * time.Minute}).Draw(t, "pass"))
		case 8:
			s.mu.Lock()
			s.slow, s.declines = rapid.IntRange(0, 2).Draw(t, "slow"), rapid.IntRange(0, 3).Draw(t, "declines") == 0
			s.life = rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "life")
			s.mu.Unlock()
		case 9:
			r.on[rapid.SampledFrom([]wallet.Switch{wallet.SwitchGreetOnly, wallet.SwitchHoldDownstreams, wallet.SwitchPauseCompensate}).Draw(t, "switch")] = rapid.Bool().Draw(t, "on")
		}
	}
	b.calm = true
	clear(r.on)
	for _, s := range r.shops {
		s.slow, s.declines = 0, false
	}
	r.settle()
	consistent(t, r, told)
	for id := wallet.ActID(100); id < 120; id++ { // demand lasts
		r.grant(won(id, "museum", 1))
		r.grant(won(id, "shop", 1))
		if id == 110 { // coupons that came back wait in the blocks they are of until these are ended
			_, err := keeper.Retire(r.ctx, "a")
			require.NoError(t, err)
		}
	}
	r.settle()
	consistent(t, r, told)
	for reward, total := range map[wallet.RewardID]int{"museum": 4, "voucher": 3} {
		require.Equal(t, total, holders(t, r)[reward], "nothing of %s is left unissued", reward)
	}
}

// lived runs a request, whose instance may die of it and is followed by another one.
func lived(r *rig, request func()) {
	defer func() {
		if e := recover(); e != nil {
			if _, ok := e.(death); !ok {
				panic(e)
			}
			r.boot()
		}
	}()
	request()
}

// hear grants, and holds what is told against what was told before.
func hear(t *rapid.T, told map[wallet.OrderNo]wallet.Item, r *rig, no wallet.OrderNo) {
	i, err := r.tryGrant(no)
	if err != nil {
		require.True(t, errors.Is(err, wallet.ErrUnknown) || errors.Is(err, wallet.ErrUnavailable), "%v", err)
		return
	}
	require.NotEqual(t, wallet.ItemOpen, i.State, "what is granted is decided before it is told")
	if before, ok := told[no]; ok {
		require.Equal(t, before.Reward, i.Reward, "a repeat of %s", no)
	}
	told[no] = i
}

// holders counts the coupons that are out, by reward.
func holders(t *rapid.T, r *rig) map[wallet.RewardID]int {
	out := map[wallet.RewardID]int{}
	require.NoError(t, r.items.Items(r.ctx, func(i wallet.Item) bool {
		if i.Reward != "" && i.State != wallet.ItemRefunded {
			out[i.Reward]++
		}
		return true
	}))
	return out
}

// consistent holds the items against the downstreams and the stock.
func consistent(t *rapid.T, r *rig, told map[wallet.OrderNo]wallet.Item) {
	seen := map[wallet.OrderNo]bool{}
	require.NoError(t, r.items.Items(r.ctx, func(i wallet.Item) bool {
		seen[i.No] = true
		switch i.State {
		case wallet.ItemOpen, wallet.ItemIssued, wallet.ItemProcessing, wallet.ItemUsing, wallet.ItemReturning:
			t.Fatalf("%s is still %s", i.No, i.State)
		case wallet.ItemVoid:
			return true
		}
		if before, ok := told[i.No]; ok {
			require.Equal(t, before.Reward, i.Reward, "%s was told another reward", i.No)
		}
		o := r.shops[i.Award].orders[i.No]
		require.NotNil(t, o, "%s is %s and its downstream has not heard of it", i.No, i.State)
		require.LessOrEqual(t, o.given, 1, "%s", i.No)
		require.LessOrEqual(t, o.used, 1, "%s", i.No)
		require.Equal(t, i.Reward, o.reward)
		require.Equal(t, i.State == wallet.ItemUsed, o.used == 1, "%s is %s", i.No, i.State)
		if i.State == wallet.ItemRefunded {
			require.True(t, o.declined || o.state == wallet.ItemRefunded, "%s", i.No)
		} else {
			require.False(t, o.declined || o.state == wallet.ItemRefunded, "%s is %s", i.No, i.State)
		}
		return true
	}))
	for no := range told {
		require.True(t, seen[no], "%s was told and is not on record", no)
	}
	for award, s := range r.shops {
		for no, o := range s.orders {
			require.Equal(t, award, r.record(no).Award, "the downstream of %s was asked for %s", award, no)
			require.LessOrEqual(t, o.given, 1, "%s", no)
		}
	}
	out := holders(t, r)
	for reward, total := range map[wallet.RewardID]int{"tea": 5, "voucher": 3, "museum": 4} {
		require.LessOrEqual(t, out[reward], total, "%s is granted beyond its stock", reward)
	}
}
