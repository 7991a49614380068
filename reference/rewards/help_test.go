package rewards_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/activity"
	"hongbao/reference/rewards"
	"hongbao/reference/stock"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

const (
	start = wallet.Instant(1_643_630_400_000_000)
	far   = start + wallet.Instant(1000*time.Hour/time.Microsecond)
)

// clock is a clock that the test moves.
type clock struct {
	mu  sync.Mutex
	now wallet.Instant
}

func (c *clock) Now() wallet.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// tree has tea with a threshold and the voucher as its fallback, the voucher's own scene, a museum ticket without a
// threshold, and pendants without stock control; and the same tea in another, earlier stage.
func tree(teas, vouchers int64) wallet.Activity {
	scene := func(id wallet.SceneID, counted bool) wallet.Scene {
		return wallet.Scene{ID: id, Compensate: true, StockControl: counted}
	}
	coupons := []wallet.RewardType{
		{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "packet", Scenes: []wallet.Scene{scene("rain", false)}}}},
		{Type: wallet.HeyteaCoupon, Rewards: []wallet.Reward{{ID: "tea", Stock: teas, ThresholdNum: 1, ThresholdDen: 10, Fallback: "voucher",
			Scenes: []wallet.Scene{scene("tea", true)}}}},
		{Type: wallet.EcommerceCoupon, Rewards: []wallet.Reward{{ID: "voucher", Stock: vouchers, Scenes: []wallet.Scene{scene("shop", true)}}}},
		{Type: wallet.CulturalCoupon, Rewards: []wallet.Reward{{ID: "museum", Stock: 4, Scenes: []wallet.Scene{scene("museum", true)}}}},
		{Type: wallet.AvatarPendant, Rewards: []wallet.Reward{{ID: "pendant", Scenes: []wallet.Scene{scene("pendant", false)}}}},
		{Type: wallet.AdCoupon, Rewards: []wallet.Reward{{ID: "ad", Scenes: []wallet.Scene{{ID: "ad"}}}}}, // without compensation
	}
	return wallet.Activity{Parent: "spring", Children: []wallet.Child{
		{ID: "drill", Stage: wallet.ExternalDrill, From: 1, To: start, Budget: 1, SingleCap: 1, Rewards: coupons[:3]},
		{ID: "official", Stage: wallet.Official, From: start, To: far, Budget: 1, SingleCap: 1, Rewards: coupons},
	}}
}

var awards = map[wallet.SceneID]wallet.AwardType{"tea": wallet.HeyteaCoupon, "shop": wallet.EcommerceCoupon, "museum": wallet.CulturalCoupon,
	"pendant": wallet.AvatarPendant, "ad": wallet.AdCoupon}

// won returns an order number of the official stage.
func won(id wallet.ActID, scene wallet.SceneID, rain int32) wallet.OrderNo {
	return wallet.OrderNo{ActID: id, Scene: scene, Rain: rain, Award: awards[scene], Stage: wallet.Official}
}

// people resolves each user to the wallet with the same number.
type people struct{}

func (people) Resolve(_ context.Context, a wallet.Account) (wallet.Person, error) {
	return wallet.Person{ActID: wallet.ActID(a.User)}, nil
}

// rig is an instance with all its dependencies.
type rig struct {
	t         require.TestingT
	ctx       context.Context
	clock     *clock
	index     *activity.Index
	items     *mem.Items
	ports     wallet.Items // the instance's view of items, possibly with faults
	stocks    wallet.Stocks
	reader    *stock.Reader
	fakes     map[wallet.AwardType]*fakeDownstream
	faulty    func(*fakeDownstream) wallet.Downstream
	on        map[wallet.Switch]bool
	alarms    []string
	service   *rewards.Service
	instances int
}

func newRig(t require.TestingT, a wallet.Activity) *rig {
	x, err := activity.New(a)
	require.NoError(t, err)
	s, err := stock.NewSplitKey(mem.NewStock(), 2)
	require.NoError(t, err)
	r := &rig{t: t, ctx: context.Background(), clock: &clock{now: start.Add(time.Hour)}, index: x, items: mem.NewItems(), stocks: s,
		fakes: map[wallet.AwardType]*fakeDownstream{}, on: map[wallet.Switch]bool{}, instances: 1}
	r.ports = r.items
	for award, traits := range map[wallet.AwardType]wallet.Traits{wallet.HeyteaCoupon: {Batch: 1}, wallet.EcommerceCoupon: {Batch: 3},
		wallet.CulturalCoupon: {Batch: 1, Window: time.Minute}, wallet.AvatarPendant: {Batch: 1, PerSecond: 1000}, wallet.AdCoupon: {Batch: 1}} {
		r.fakes[award] = newFakeDownstream(r.clock, traits)
	}
	r.faulty = func(s *fakeDownstream) wallet.Downstream { return s }
	return r
}

// boot starts or restarts the instance.
func (r *rig) boot() *rig {
	r.reader = stock.NewReader(r.stocks, rewards.Templates(r.index))
	downstreams := map[wallet.AwardType]wallet.Downstream{}
	for award, s := range r.fakes {
		downstreams[award] = r.faulty(s)
	}
	s, err := rewards.New(rewards.Config{Index: r.index, Instances: r.instances}, rewards.Ports{Clock: r.clock, People: people{}, Items: r.ports,
		Downstreams: downstreams, Stocks: r.stocks, Reader: r.reader, Switched: func(s wallet.Switch) bool { return r.on[s] },
		Alarm: func(_ wallet.AlarmKind, detail string) { r.alarms = append(r.alarms, detail) }})
	require.NoError(r.t, err)
	r.service = s
	return r
}

func (r *rig) tryGrant(no wallet.OrderNo) (wallet.Item, error) {
	scene, err := r.index.SceneOf(no.Stage, no.Scene)
	require.NoError(r.t, err)
	now := r.clock.Now()
	return r.service.Grant(r.ctx, wallet.Item{No: no, Account: wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(no.ActID)}, Opened: now, Created: now}, scene)
}

func (r *rig) grant(no wallet.OrderNo) wallet.Item {
	i, err := r.tryGrant(no)
	require.NoError(r.t, err)
	return i
}

func (r *rig) use(no wallet.OrderNo) (wallet.Item, error) {
	return r.service.UseReward(r.ctx, wallet.UseRequest{Caller: wallet.Caller{App: wallet.Douyin, User: wallet.UserID(no.ActID)}, Order: no})
}

func (r *rig) record(no wallet.OrderNo) wallet.Item {
	got, err := r.items.Get(r.ctx, []wallet.OrderNo{no})
	require.NoError(r.t, err)
	return got[0]
}

// settle makes steps and advances the clock until no item changes any more.
func (r *rig) settle() {
	for range 20 {
		for n := 1; n > 0; {
			var err error
			n, err = r.service.Settle(r.ctx)
			require.NoError(r.t, err)
		}
		r.clock.pass(11 * time.Second)
	}
}

// fakeDownstream is a simple, correct downstream. It counts how often it issues each order.
type fakeDownstream struct {
	clock  *clock
	traits wallet.Traits

	mu       sync.Mutex
	orders   map[wallet.OrderNo]*issuedItem
	slow     int  // number of queries until a new item is settled
	declines bool // decline new items
	lifetime time.Duration
	calls    int
	batches  []int
}

type issuedItem struct {
	given, used int
	state       wallet.ItemState
	declined    bool
	queries     int
	asked       wallet.Instant
	expires     wallet.Instant
	reward      wallet.RewardID
}

func newFakeDownstream(c *clock, t wallet.Traits) *fakeDownstream {
	return &fakeDownstream{clock: c, traits: t, orders: map[wallet.OrderNo]*issuedItem{}}
}

func (s *fakeDownstream) Traits() wallet.Traits { return s.traits }

func (s *fakeDownstream) Issue(_ context.Context, items []wallet.Item) ([]wallet.ItemResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	s.batches = append(s.batches, len(items))
	out := make([]wallet.ItemResult, len(items))
	for n, i := range items {
		o, now := s.orders[i.No], s.clock.Now()
		switch {
		case o == nil:
			o = &issuedItem{state: wallet.ItemSettled, declined: s.declines, queries: s.slow, expires: wallet.Never, reward: i.Reward}
			if s.lifetime > 0 {
				o.expires = now.Add(s.lifetime)
			}
			if s.slow > 0 {
				o.state = wallet.ItemProcessing
			}
			if !o.declined {
				o.given++
			}
			s.orders[i.No] = o
		case s.traits.Window > 0 && now.Sub(o.asked) > s.traits.Window && !o.declined:
			o.given++ // it has forgotten the order, and issues a second item
		}
		o.asked = now
		out[n] = o.answer(i.No)
	}
	return out, nil
}

func (o *issuedItem) answer(no wallet.OrderNo) wallet.ItemResult {
	if o.declined {
		return wallet.ItemResult{Err: fmt.Errorf("%w: %s", wallet.ErrDeclined, no)}
	}
	return wallet.ItemResult{Receipt: wallet.Receipt{State: o.state, Ref: "ref-" + no.String(), Expires: o.expires}}
}

func (s *fakeDownstream) Query(_ context.Context, i wallet.Item) (wallet.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	o := s.orders[i.No]
	if o == nil {
		return wallet.Receipt{}, wallet.ErrNotFound
	}
	if o.queries--; o.queries <= 0 && o.state == wallet.ItemProcessing {
		o.state = wallet.ItemSettled
	}
	a := o.answer(i.No)
	return a.Receipt, a.Err
}

// end moves a settled item to a final state, once.
func (s *fakeDownstream) end(no wallet.OrderNo, to wallet.ItemState) (wallet.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	o := s.orders[no]
	if o == nil {
		return wallet.Receipt{}, wallet.ErrNotFound
	}
	if o.state == wallet.ItemSettled && !o.declined {
		switch {
		case o.expires <= s.clock.Now():
			o.state = wallet.ItemExpired
		case to == wallet.ItemUsed:
			o.used++
			fallthrough
		default:
			o.state = to
		}
	}
	a := o.answer(no)
	return a.Receipt, a.Err
}

func (s *fakeDownstream) Use(_ context.Context, i wallet.Item) (wallet.Receipt, error) {
	return s.end(i.No, wallet.ItemUsed)
}

func (s *fakeDownstream) Refund(_ context.Context, i wallet.Item) (wallet.Receipt, error) {
	return s.end(i.No, wallet.ItemRefunded)
}

// requests returns the number of calls.
func (s *fakeDownstream) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}
