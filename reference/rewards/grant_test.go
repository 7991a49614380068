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

// TestGrant covers the grant of each scene, and that a repeat returns the same.
func TestGrant(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	for _, c := range []struct {
		no     wallet.OrderNo
		state  wallet.ItemState
		award  wallet.AwardType
		reward wallet.RewardID
		why    string
	}{
		{won(1, "tea", 1), wallet.ItemSettled, wallet.HeyteaCoupon, "tea", "its downstream is called at once"},
		{won(1, "tea", 2), wallet.ItemSettled, wallet.HeyteaCoupon, "tea", "another rain is another win"},
		{won(1, "shop", 1), wallet.ItemIssued, wallet.EcommerceCoupon, "voucher", "left to the chore that collects batches"},
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
	require.Equal(t, 1, r.fakes[wallet.HeyteaCoupon].orders[won(1, "tea", 1)].given)
}

// TestThresholdFallbackGreeting: below a tenth of the tea its fallback is granted, then a greeting (C2); answers are
// final.
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
			require.NotEqual(t, i.No, i.Counted, "counted under a separate number")
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

// TestStagesHaveTheirOwnStock: grants in one stage do not use the stock of another (A1).
func TestStagesHaveTheirOwnStock(t *testing.T) {
	r := newRig(t, tree(1, 1)).boot()
	drill := won(1, "shop", 1)
	drill.Stage = wallet.ExternalDrill
	require.Equal(t, wallet.ItemIssued, r.grant(drill).State)
	require.Equal(t, wallet.ItemIssued, r.grant(won(2, "shop", 1)).State)
	require.Equal(t, wallet.ItemVoid, r.grant(won(3, "shop", 1)).State, "sold out without a threshold: a greeting")
}

// TestGrantSwitches: greetings replace coupons but not pendants; downstreams are not called while they are held; the
// stock is not read while reading is turned off.
func TestGrantSwitches(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	before := r.grant(won(1, "tea", 1))
	r.on[wallet.SwitchGreetOnly] = true
	require.Equal(t, before, r.grant(won(1, "tea", 1)), "an earlier grant stays")
	require.Equal(t, wallet.ItemVoid, r.grant(won(2, "tea", 1)).State)
	require.Equal(t, wallet.ItemVoid, r.grant(won(2, "ad", 1)).State, "not counted, but a coupon")
	require.Equal(t, wallet.ItemSettled, r.grant(won(2, "pendant", 1)).State)
	delete(r.on, wallet.SwitchGreetOnly)
	require.Equal(t, wallet.ItemVoid, r.grant(won(2, "tea", 1)).State, "a greeting stays a greeting")

	r.on[wallet.SwitchHoldDownstreams] = true
	calls := r.fakes[wallet.HeyteaCoupon].requests()
	require.Equal(t, wallet.ItemIssued, r.grant(won(3, "tea", 1)).State)
	r.settle()
	require.Equal(t, calls, r.fakes[wallet.HeyteaCoupon].requests(), "it is not called")
	delete(r.on, wallet.SwitchHoldDownstreams)
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(3, "tea", 1)).State)
}

// TestBlind: while the stock is not read, coupons are granted until none is left; they are still counted.
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
		require.Equal(t, map[bool]int{false: 19, true: 20}[blind], teas, "with a tenth of 20 left it is still granted, with less it is not")
	}
}

// lost is a store whose first replies are lost.
type lost struct {
	wallet.Items
	create, advance int // number of calls that are served without a reply
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

// TestUnknownStaysUnknown: a grant whose record had no reply is unknown, and is settled by a repeat or by the chores.
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
	require.ErrorIs(t, err, wallet.ErrUnknown, "it is decided, but whether that is on record is unknown")
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(2, "tea", 1)).State)
	stand, err := r.stocks.Issued(r.ctx, wallet.Template{Reward: "tea", Stage: wallet.Official})
	require.NoError(t, err)
	require.EqualValues(t, 2, stand, "each order counted once")
}

// lossyDownstream issues items, but its replies are lost.
type lossyDownstream struct{ wallet.Downstream }

func (d lossyDownstream) Issue(ctx context.Context, items []wallet.Item) ([]wallet.ItemResult, error) {
	_, _ = d.Downstream.Issue(ctx, items)
	return nil, wallet.ErrUnknown
}

// TestCompensation: in a scene with compensation a downstream without a reply is not a failure (O2); otherwise the
// grant is unknown, and a repeat settles it. In both cases one item is issued.
func TestCompensation(t *testing.T) {
	r := newRig(t, tree(10, 2))
	deaf := true
	r.faulty = func(s *fakeDownstream) wallet.Downstream {
		if deaf {
			return lossyDownstream{s}
		}
		return s
	}
	r.boot()
	require.Equal(t, wallet.ItemProcessing, r.grant(won(1, "museum", 1)).State)
	_, err := r.tryGrant(won(1, "ad", 1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
	_, err = r.tryGrant(won(1, "ad", 1))
	require.NoError(t, err, "the repeat queries the item and does not issue it again")
	require.Equal(t, wallet.ItemSettled, r.record(won(1, "ad", 1)).State)
	deaf = false
	r.boot()
	r.clock.pass(time.Hour) // the downstream has forgotten its requests
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(1, "museum", 1)).State)
	for award, no := range map[wallet.AwardType]wallet.OrderNo{wallet.CulturalCoupon: won(1, "museum", 1), wallet.AdCoupon: won(1, "ad", 1)} {
		require.Equal(t, 1, r.fakes[award].orders[no].given)
	}
}

// TestDeclined: a final refusal returns the coupon to the stock once, and another person gets it.
func TestDeclined(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	r.fakes[wallet.CulturalCoupon].declines = true
	require.Equal(t, wallet.ItemRefunded, r.grant(won(1, "museum", 1)).State)
	require.Equal(t, wallet.ItemRefunded, r.grant(won(1, "museum", 1)).State, "a repeat")
	r.fakes[wallet.CulturalCoupon].declines = false
	for id := wallet.ActID(2); id <= 5; id++ {
		require.Equal(t, wallet.ItemSettled, r.grant(won(id, "museum", 1)).State, "all four are still in stock")
	}
	require.Equal(t, wallet.ItemVoid, r.grant(won(6, "museum", 1)).State, "there is no fifth")
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		why  string
		bend func(*rewards.Config, *rewards.Ports)
	}{
		{"no instances", func(c *rewards.Config, _ *rewards.Ports) { c.Instances = 0 }},
		{"no items", func(_ *rewards.Config, p *rewards.Ports) { p.Items = nil }},
		{"a type without a downstream", func(_ *rewards.Config, p *rewards.Ports) { delete(p.Downstreams, wallet.HeyteaCoupon) }},
		{"a downstream that accepts no items", func(_ *rewards.Config, p *rewards.Ports) {
			p.Downstreams[wallet.HeyteaCoupon] = newFakeDownstream(nil, wallet.Traits{})
		}},
		{"stock control without stocks", func(_ *rewards.Config, p *rewards.Ports) { p.Stocks = nil }},
	} {
		r := newRig(t, tree(10, 2)).boot()
		conf := rewards.Config{Index: r.index, Instances: 1}
		p := rewards.Ports{Clock: r.clock, People: people{}, Items: r.items, Stocks: r.stocks, Reader: r.reader, Downstreams: map[wallet.AwardType]wallet.Downstream{}}
		for award, s := range r.fakes {
			p.Downstreams[award] = s
		}
		_, err := rewards.New(conf, p)
		require.NoError(t, err)
		c.bend(&conf, &p)
		_, err = rewards.New(conf, p)
		require.ErrorIs(t, err, wallet.ErrInvalid, c.why)
	}
}

// TestManyAtOnce: many callers request the same orders while the chores run; each order is counted and issued once.
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
	for _, s := range r.fakes {
		for no, o := range s.orders {
			require.Equal(t, 1, o.given, no)
		}
	}
}
