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

// fate is what happens to one call.
type fate int

const (
	served      fate = iota
	lostRequest      // not done; no reply
	lostReply        // done; no reply
	refused          // not done; an error says so
	diesBefore       // the instance dies before the call
	diesAfter        // the instance dies after the call
)

// death is the panic value of an instance that dies during a request.
type death struct{}

// faults draws a fate for each call of a port.
type faults struct {
	draw func() fate
	calm bool
}

func (b *faults) call(do func() error) error {
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

type faultyItems struct {
	wallet.Items
	b *faults
}

func (p faultyItems) Create(ctx context.Context, i wallet.Item) (got wallet.Item, isNew bool, err error) {
	err = p.b.call(func() (err error) { got, isNew, err = p.Items.Create(ctx, i); return err })
	return got, isNew, err
}

func (p faultyItems) Advance(ctx context.Context, items []wallet.Item) (got []wallet.Item, err error) {
	err = p.b.call(func() (err error) { got, err = p.Items.Advance(ctx, items); return err })
	return got, err
}

type faultyStocks struct {
	wallet.Stocks
	b *faults
}

func (p faultyStocks) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	return p.b.call(func() error { return p.Stocks.Take(ctx, no, t, total) })
}

func (p faultyStocks) Decline(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (has bool, err error) {
	err = p.b.call(func() (err error) { has, err = p.Stocks.Decline(ctx, no, t); return err })
	return has, err
}

func (p faultyStocks) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	return p.b.call(func() error { return p.Stocks.GiveBack(ctx, no, t) })
}

type faultyDownstream struct {
	*fakeDownstream
	b *faults
}

func (p faultyDownstream) Issue(ctx context.Context, items []wallet.Item) (a []wallet.ItemResult, err error) {
	err = p.b.call(func() (err error) { a, err = p.fakeDownstream.Issue(ctx, items); return err })
	return a, err
}

func (p faultyDownstream) Query(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = p.b.call(func() (err error) { r, err = p.fakeDownstream.Query(ctx, i); return err })
	return r, err
}

func (p faultyDownstream) Use(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = p.b.call(func() (err error) { r, err = p.fakeDownstream.Use(ctx, i); return err })
	return r, err
}

func (p faultyDownstream) Refund(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = p.b.call(func() (err error) { r, err = p.fakeDownstream.Refund(ctx, i); return err })
	return r, err
}

// maintenanceOf returns one of the two ways to count that remember orders, with its maintenance.
func maintenanceOf(t require.TestingT, name wallet.StockStrategy, templates []wallet.Template) *stock.Maintenance {
	k, err := stock.NewMaintenance(stock.Config{Name: name, Keys: mem.NewStock(), Parts: 2, Leases: mem.NewStockLeases(), Mirror: mem.NewStock(), Holder: "a", Block: 2}, templates)
	require.NoError(t, err)
	return k
}

// TestModel: whatever is lost, refused or dies, after the faults have ended each order has got at most one item, the
// one in its answers; no template is granted beyond its stock; each refunded coupon was returned once; nothing is half
// done, and no coupon is unissued while there is demand.
func TestModel(t *testing.T) {
	for _, name := range []wallet.StockStrategy{wallet.StockSplitKey, wallet.StockLease} {
		t.Run(string(name), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { model(rt, name) })
		})
	}
}

func model(t *rapid.T, name wallet.StockStrategy) {
	r := newRig(t, tree(5, 3))
	b := &faults{draw: func() fate {
		return rapid.SampledFrom([]fate{served, served, served, served, lostRequest, lostReply, refused, diesBefore, diesAfter}).Draw(t, "fate")
	}}
	maintenance := maintenanceOf(t, name, rewards.Templates(r.index))
	r.stocks, r.ports = faultyStocks{maintenance.Stocks, b}, faultyItems{r.items, b}
	r.faulty = func(s *fakeDownstream) wallet.Downstream { return faultyDownstream{s, b} }
	r.boot()
	answered := map[wallet.OrderNo]wallet.Item{}
	for range rapid.IntRange(5, 40).Draw(t, "steps") {
		no := won(wallet.ActID(rapid.IntRange(1, 6).Draw(t, "person")), rapid.SampledFrom([]wallet.SceneID{"tea", "tea", "shop", "museum", "pendant", "ad"}).Draw(t, "scene"), 1)
		s := r.fakes[no.Award]
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0, 1, 2, 3:
			runMayDie(r, func() { grantAndCheck(t, answered, r, no) })
		case 4:
			runMayDie(r, func() { _, _ = r.use(no) })
		case 5:
			runMayDie(r, func() { _, _ = r.service.Refund(r.ctx, no) })
		case 6:
			runMayDie(r, func() { _, _ = r.service.Settle(r.ctx) })
		case 7:
			r.clock.pass(rapid.SampledFrom([]time.Duration{time.Second, 15 * time.Second, 5 * time.Minute}).Draw(t, "pass"))
		case 8:
			s.mu.Lock()
			s.slow, s.declines = rapid.IntRange(0, 2).Draw(t, "slow"), rapid.IntRange(0, 3).Draw(t, "declines") == 0
			s.lifetime = rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "lifetime")
			s.mu.Unlock()
		case 9:
			r.on[rapid.SampledFrom([]wallet.Switch{wallet.SwitchGreetOnly, wallet.SwitchHoldDownstreams, wallet.SwitchPauseCompensate}).Draw(t, "switch")] = rapid.Bool().Draw(t, "on")
		}
	}
	b.calm = true
	clear(r.on)
	for _, s := range r.fakes {
		s.slow, s.declines = 0, false
	}
	r.settle()
	consistent(t, r, answered)
	for id := wallet.ActID(100); id < 120; id++ { // more demand
		r.grant(won(id, "museum", 1))
		r.grant(won(id, "shop", 1))
		if id == 110 { // returned coupons stay in their blocks until these are ended
			_, err := maintenance.Retire(r.ctx, "a")
			require.NoError(t, err)
		}
	}
	r.settle()
	consistent(t, r, answered)
	for reward, total := range map[wallet.RewardID]int{"museum": 4, "voucher": 3} {
		require.Equal(t, total, holders(t, r)[reward], "nothing of %s is left unissued", reward)
	}
}

// runMayDie runs a request. If its instance dies, it starts another one.
func runMayDie(r *rig, request func()) {
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

// grantAndCheck grants, and compares the answer with earlier ones.
func grantAndCheck(t *rapid.T, answered map[wallet.OrderNo]wallet.Item, r *rig, no wallet.OrderNo) {
	i, err := r.tryGrant(no)
	if err != nil {
		require.True(t, errors.Is(err, wallet.ErrUnknown) || errors.Is(err, wallet.ErrUnavailable), "%v", err)
		return
	}
	require.NotEqual(t, wallet.ItemOpen, i.State, "the grant is decided before the reply")
	if before, ok := answered[no]; ok {
		require.Equal(t, before.Reward, i.Reward, "a repeat of %s", no)
	}
	answered[no] = i
}

// holders counts the coupons that people have, by reward.
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

// consistent compares the items with the downstreams and the stock.
func consistent(t *rapid.T, r *rig, answered map[wallet.OrderNo]wallet.Item) {
	seen := map[wallet.OrderNo]bool{}
	require.NoError(t, r.items.Items(r.ctx, func(i wallet.Item) bool {
		seen[i.No] = true
		switch i.State {
		case wallet.ItemOpen, wallet.ItemIssued, wallet.ItemProcessing, wallet.ItemUsing, wallet.ItemReturning:
			t.Fatalf("%s is still %s", i.No, i.State)
		case wallet.ItemVoid:
			return true
		}
		if before, ok := answered[i.No]; ok {
			require.Equal(t, before.Reward, i.Reward, "the answer for %s named another reward", i.No)
		}
		o := r.fakes[i.Award].orders[i.No]
		require.NotNil(t, o, "%s is %s but its downstream does not know it", i.No, i.State)
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
	for no := range answered {
		require.True(t, seen[no], "%s was answered but is not on record", no)
	}
	for award, s := range r.fakes {
		for no, o := range s.orders {
			require.Equal(t, award, r.record(no).Award, "the downstream of %s got a request for %s", award, no)
			require.LessOrEqual(t, o.given, 1, "%s", no)
		}
	}
	out := holders(t, r)
	for reward, total := range map[wallet.RewardID]int{"tea": 5, "voucher": 3, "museum": 4} {
		require.LessOrEqual(t, out[reward], total, "%s is granted beyond its stock", reward)
	}
}
