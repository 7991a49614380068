package rewards_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/rewards"
	"hongbao/reference/wallet"
)

// TestGrant tells what each scene's winner gets, and that a repeat gets the same.
func TestGrant(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	for _, c := range []struct {
		no     wallet.OrderNo
		state  wallet.ItemState
		award  wallet.AwardType
		reward wallet.RewardID
		why    string
	}{
		{won(1, "tea", 1), wallet.ItemSettled, wallet.HeyteaCoupon, "tea", "asked at once"},
		{won(1, "tea", 2), wallet.ItemSettled, wallet.HeyteaCoupon, "tea", "another rain is another win"},
		{won(1, "shop", 1), wallet.ItemIssued, wallet.EcommerceCoupon, "voucher", "left to the chore that gathers batches"},
		{won(1, "pendant", 1), wallet.ItemSettled, wallet.AvatarPendant, "pendant", "not counted"},
	} {
		first := r.grant(c.no)
		require.Equal(t, c.state, first.State, c.why)
		require.Equal(t, c.award, first.Award, c.why)
		require.Equal(t, c.reward, first.Reward, c.why)
		require.Equal(t, c.no.Scene != "pendant", first.Counted == c.no, c.why)
		r.clock.pass(time.Second)
		require.Equal(t, first, r.grant(c.no), "a repeat: %s", c.why)
		require.Equal(t, first, r.record(c.no))
	}
	require.Equal(t, "ref-"+won(1, "tea", 1).String(), r.record(won(1, "tea", 1)).Ref)
	require.Equal(t, 1, r.shops[wallet.HeyteaCoupon].orders[won(1, "tea", 1)].given)
}

// TestThresholdFallbackGreeting: below a tenth of the tea its fallback is given, then a greeting (C2); answers stand.
func TestThresholdFallbackGreeting(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	want := map[wallet.RewardID]int{"tea": 10, "voucher": 2, "": 3}
	got := map[wallet.RewardID]int{}
	for id := wallet.ActID(1); id <= 15; id++ {
		require.NoError(t, r.reader.Refresh(r.ctx))
		i := r.grant(won(id, "tea", 1))
		got[i.Reward]++
		require.Equal(t, i.Reward == "", i.State == wallet.ItemVoid)
		if i.Reward == "voucher" {
			require.Equal(t, wallet.EcommerceCoupon, i.Award)
			require.NotEqual(t, i.No, i.Counted, "counted under a number of its own")
		}
	}
	require.Equal(t, want, got)
	for id := wallet.ActID(11); id <= 15; id++ {
		before := r.record(won(id, "tea", 1))
		require.Equal(t, before, r.grant(won(id, "tea", 1)), "a repeat")
	}
	s, err := r.service.Stock(wallet.Template{Reward: "tea", Stage: wallet.Official})
	require.NoError(t, err)
	require.EqualValues(t, 10, s.Issued)
	_, err = r.service.Stock(wallet.Template{Reward: "pendant", Stage: wallet.Official})
	require.ErrorIs(t, err, wallet.ErrNotFound)
	_, err = r.service.Stock(wallet.Template{Reward: "tea", Stage: wallet.InternalTest})
	require.ErrorIs(t, err, wallet.ErrNotFound)
}

// TestStagesHaveTheirOwnStock: what is granted in one stage uses up no other's (A1).
func TestStagesHaveTheirOwnStock(t *testing.T) {
	r := newRig(t, tree(1, 1)).boot()
	drill := won(1, "shop", 1)
	drill.Stage = wallet.ExternalDrill
	require.Equal(t, wallet.ItemIssued, r.grant(drill).State)
	require.Equal(t, wallet.ItemIssued, r.grant(won(2, "shop", 1)).State)
	require.Equal(t, wallet.ItemVoid, r.grant(won(3, "shop", 1)).State, "sold out, and no threshold: a greeting")
}

// TestGrantSwitches: greetings in place of coupons, pendants go on; downstreams are left alone while they are held; the
// stock is not read while it must not be.
func TestGrantSwitches(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	before := r.grant(won(1, "tea", 1))
	r.on[wallet.SwitchGreetOnly] = true
	require.Equal(t, before, r.grant(won(1, "tea", 1)), "what was granted stands")
	require.Equal(t, wallet.ItemVoid, r.grant(won(2, "tea", 1)).State)
	require.Equal(t, wallet.ItemVoid, r.grant(won(2, "ad", 1)).State, "not counted, but a coupon")
	require.Equal(t, wallet.ItemSettled, r.grant(won(2, "pendant", 1)).State)
	delete(r.on, wallet.SwitchGreetOnly)
	require.Equal(t, wallet.ItemVoid, r.grant(won(2, "tea", 1)).State, "a greeting stays one")

	r.on[wallet.SwitchHoldDownstreams] = true
	calls := r.shops[wallet.HeyteaCoupon].heard()
	require.Equal(t, wallet.ItemIssued, r.grant(won(3, "tea", 1)).State)
	r.settle()
	require.Equal(t, calls, r.shops[wallet.HeyteaCoupon].heard(), "nobody calls it")
	delete(r.on, wallet.SwitchHoldDownstreams)
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(3, "tea", 1)).State)
}

// TestBlind: while the stock must not be read, coupons go down to the last; the count itself stays.
func TestBlind(t *testing.T) {
	for _, blind := range []bool{false, true} {
		r := newRig(t, tree(20, 2)).boot()
		r.on[wallet.SwitchSkipStockRead] = blind
		teas := 0
		for id := wallet.ActID(1); id <= 25; id++ {
			require.NoError(t, r.reader.Refresh(r.ctx))
			if r.grant(won(id, "tea", 1)).Reward == "tea" {
				teas++
			}
		}
		require.Equal(t, map[bool]int{false: 19, true: 20}[blind], teas, "with a tenth of 20 left it is still granted, with less not")
	}
}

// lost is a store whose answers do not come for a while.
type lost struct {
	wallet.Items
	create, advance int // calls that are served and never answered
}

func (l *lost) Create(ctx context.Context, i wallet.Item) (wallet.Item, bool, error) {
	got, isNew, err := l.Items.Create(ctx, i)
	if l.create--; l.create >= 0 {
		return wallet.Item{}, false, wallet.ErrUnknown
	}
	return got, isNew, err
}

func (l *lost) Advance(ctx context.Context, items []wallet.Item) ([]wallet.Item, error) {
	got, err := l.Items.Advance(ctx, items)
	if l.advance--; l.advance >= 0 {
		return nil, wallet.ErrUnknown
	}
	return got, err
}

// TestUnknownStaysUnknown: a grant whose record has no answer is unknown, and settled by a repeat or by the chores.
func TestUnknownStaysUnknown(t *testing.T) {
	r := newRig(t, tree(10, 2))
	l := &lost{Items: r.items, create: 3}
	r.ports = l
	r.boot()
	_, err := r.tryGrant(won(1, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
	require.Equal(t, wallet.ItemSettled, r.grant(won(1, "tea", 1)).State)

	l.advance = 3
	_, err = r.tryGrant(won(2, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrUnknown, "it is decided, and whether that is on record nobody knows")
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(2, "tea", 1)).State)
	stand, err := r.stocks.Issued(r.ctx, wallet.Template{Reward: "tea", Stage: wallet.Official})
	require.NoError(t, err)
	require.EqualValues(t, 2, stand, "each order counted once")
}

// deafShop is a downstream whose issue is done and never answered.
type deafShop struct{ wallet.Downstream }

func (d deafShop) Issue(ctx context.Context, items []wallet.Item) ([]wallet.ItemAnswer, error) {
	_, _ = d.Downstream.Issue(ctx, items)
	return nil, wallet.ErrUnknown
}

// TestCompensation: where a scene leaves it to compensation, a downstream without an answer is no failure (O2); where not,
// the grant is unknown, and a repeat settles it. Either way one is issued.
func TestCompensation(t *testing.T) {
	r := newRig(t, tree(10, 2))
	deaf := true
	r.faulty = func(s *shop) wallet.Downstream {
		if deaf {
			return deafShop{s}
		}
		return s
	}
	r.boot()
	require.Equal(t, wallet.ItemProcessing, r.grant(won(1, "museum", 1)).State)
	_, err := r.tryGrant(won(1, "ad", 1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
	_, err = r.tryGrant(won(1, "ad", 1))
	require.NoError(t, err, "the repeat looks, and does not ask again")
	require.Equal(t, wallet.ItemSettled, r.record(won(1, "ad", 1)).State)
	deaf = false
	r.boot()
	r.clock.pass(time.Hour) // the shop has forgotten what it was asked
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(1, "museum", 1)).State)
	for award, no := range map[wallet.AwardType]wallet.OrderNo{wallet.CulturalCoupon: won(1, "museum", 1), wallet.AdCoupon: won(1, "ad", 1)} {
		require.Equal(t, 1, r.shops[award].orders[no].given)
	}
}

// TestDeclined: a final no gives the coupon back to the stock, once, and somebody else gets it.
func TestDeclined(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	r.shops[wallet.CulturalCoupon].declines = true
	require.Equal(t, wallet.ItemRefunded, r.grant(won(1, "museum", 1)).State)
	require.Equal(t, wallet.ItemRefunded, r.grant(won(1, "museum", 1)).State, "a repeat")
	r.shops[wallet.CulturalCoupon].declines = false
	for id := wallet.ActID(2); id <= 5; id++ {
		require.Equal(t, wallet.ItemSettled, r.grant(won(id, "museum", 1)).State, "all four are still there")
	}
	require.Equal(t, wallet.ItemVoid, r.grant(won(6, "museum", 1)).State, "and no fifth")
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		why  string
		bend func(*rewards.Config, *rewards.Ports)
	}{
		{"no instances", func(c *rewards.Config, _ *rewards.Ports) { c.Instances = 0 }},
		{"no items", func(_ *rewards.Config, p *rewards.Ports) { p.Items = nil }},
		{"a type without a downstream", func(_ *rewards.Config, p *rewards.Ports) { delete(p.Downstreams, wallet.HeyteaCoupon) }},
		{"a downstream that takes nothing", func(_ *rewards.Config, p *rewards.Ports) {
			p.Downstreams[wallet.HeyteaCoupon] = newShop(nil, wallet.Traits{})
		}},
		{"a stock and no stocks", func(_ *rewards.Config, p *rewards.Ports) { p.Stocks = nil }},
	} {
		r := newRig(t, tree(10, 2)).boot()
		conf := rewards.Config{Index: r.index, Instances: 1}
		p := rewards.Ports{Clock: r.clock, People: people{}, Items: r.items, Stocks: r.stocks, Reader: r.reader, Downstreams: map[wallet.AwardType]wallet.Downstream{}}
		for award, s := range r.shops {
			p.Downstreams[award] = s
		}
		_, err := rewards.New(conf, p)
		require.NoError(t, err)
		c.bend(&conf, &p)
		_, err = rewards.New(conf, p)
		require.ErrorIs(t, err, wallet.ErrInvalid, c.why)
	}
}

// TestManyAtOnce: many callers ask for the same orders while the chores run; each order is counted and issued once.
func TestManyAtOnce(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			for id := wallet.ActID(1); id <= 30; id++ {
				_, err := r.tryGrant(won(id, "tea", 1))
				require.NoError(t, err)
				if id%7 == 0 {
					_, _ = r.service.Settle(r.ctx)
				}
			}
		})
	}
	all.Wait()
	r.settle()
	counts, err := r.items.Count(r.ctx, wallet.Official)
	require.NoError(t, err)
	require.Equal(t, map[wallet.ItemState]int64{wallet.ItemSettled: 12, wallet.ItemVoid: 18}, counts)
	for _, s := range r.shops {
		for no, o := range s.orders {
			require.Equal(t, 1, o.given, no)
		}
	}
}
