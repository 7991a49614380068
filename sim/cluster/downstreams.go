package cluster

import (
	"context"
	"slices"
	"time"

	"hongbao/reference/activity"
	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/intercept"
	"hongbao/reference/node"
	"hongbao/reference/rewards"
	"hongbao/reference/stock"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/fault"
	"hongbao/sim/oracle"
)

// rewardBackends are what stands behind rewards other than cash: their records, the count of coupons, and the systems of other
// companies. A town whose scenario grants cash alone has none.
type rewardBackends struct {
	cluster *Cluster
	Items   *mem.Items
	stock   *mem.Stock
	count   wallet.Stocks // the stock itself, past the world
	systems map[wallet.AwardType]*fake.System
	index   *activity.Index
	secret  []byte
}

// stockKeys is how many keys share a template's stock. One: what it gives and what it refuses is exact to the last
// coupon. What more of them do under load is a study of its own (sim/coupons).
const stockKeys = 1

// The chores of the shops: how often what is not settled is looked after while there is any, and the stock is read.
const (
	rewardChoresEvery = time.Second
	maxCallbacks      = 64 // of one system in one round
)

// newRewardBackends returns what stands behind the rewards of a town.
func newRewardBackends(t *Cluster) (*rewardBackends, error) {
	index, err := activity.New(t.Scenario.Activity)
	if err != nil {
		return nil, err
	}
	s := &rewardBackends{cluster: t, Items: mem.NewItems(), stock: mem.NewStock(), index: index, secret: make([]byte, downstream.MinSecret)}
	if _, err := t.world.Stream("downstreams' secret").Read(s.secret); err != nil {
		return nil, err
	}
	d := t.Scenario.Downstreams
	s.systems = fake.NewAll(s.secret, fake.Behaviour{Processing: d.Processing, DeclineNum: d.Declined.Num, DeclineDen: d.Declined.Den,
		Validity: d.Life, GarbleEvery: d.GarbleEvery, Silent: d.Silent})
	s.count, err = stock.NewSplitKey(s.stock, stockKeys)
	return s, err
}

// fit gives an instance its ways to the shops, through faults.
func (s *rewardBackends) fit(i *fault.Instance, p *node.Ports) error {
	link := func(name string) fault.Link { return s.cluster.Dependencies[name].Link(i) }
	p.Items = intercept.Items(probed(s.cluster.Probe(), intercept.Items, wallet.Items(s.Items)), link("items"))
	p.Downstreams = map[wallet.AwardType]wallet.Downstream{}
	for award, system := range s.systems {
		d, err := downstream.New(award, downstream.Options{Exchange: s.exchange(link("downstreams"), system), Clock: i, Secret: s.secret})
		if err != nil {
			return err
		}
		p.Downstreams[award] = probed(s.cluster.Probe(), intercept.Downstream, d)
	}
	stocks, err := stock.NewSplitKey(intercept.StockParts(s.stock, link("stock")), stockKeys)
	if err != nil {
		return err
	}
	p.Stocks = probed(s.cluster.Probe(), intercept.Stocks, wallet.Stocks(stocks))
	p.StockReader = stock.NewReader(p.Stocks, rewards.Templates(s.index))
	return nil
}

// exchange carries one request to a system and its answer back. What arrives late is done all the same.
func (s *rewardBackends) exchange(link fault.Link, system *fake.System) downstream.Exchange {
	return func(_ context.Context, r downstream.Request) (downstream.Reply, error) {
		var reply downstream.Reply
		err := link.Call(1, func() error {
			reply = downstream.Reply(system.Handle(WorldClock{s.cluster.world}.Now(), fake.Request(r)))
			return nil
		})
		return reply, err
	}
}

// run is the shops' chores: rewards that are not settled, and callbacks.
func (s *rewardBackends) run(ctx context.Context) {
	for n := 0; ; n++ {
		if s.settled(ctx) && !s.cluster.playing() {
			s.cluster.world.Sleep(choreEvery)
		} else {
			s.cluster.world.Sleep(rewardChoresEvery)
		}
		if i := s.cluster.alive(n); i != nil {
			_ = i.Run(func() error { return s.settle(ctx, i) })
			_ = i.Run(func() error { s.callbacks(ctx, i); return nil })
		}
	}
}

// read keeps an instance's view of the stock fresh while there is something to win (C2).
func (s *rewardBackends) read(ctx context.Context, i *instance) {
	for {
		s.cluster.world.Sleep(rewardChoresEvery)
		if i.Up() && s.cluster.playing() {
			_ = i.Run(func() error { return i.ports.StockReader.Refresh(ctx) })
		}
	}
}

// start sets the shops' chores to work.
func (s *rewardBackends) start(ctx context.Context) {
	w := s.cluster.world
	w.Go(w.Now(), func() { s.run(ctx) })
	for _, i := range s.cluster.Instances {
		w.Go(w.Now(), func() { s.read(ctx, i) })
	}
}

// settle drives what is not settled while some of it comes further.
func (s *rewardBackends) settle(ctx context.Context, i *instance) error {
	for range maxChoreSteps {
		if n, err := i.Node.SettleRewards(ctx); n == 0 || err != nil {
			return err
		}
	}
	return nil
}

// callbacks brings what systems tell of their own accord to an instance, which asks them before it believes it.
func (s *rewardBackends) callbacks(ctx context.Context, i *instance) {
	now := i.Now()
	for award := wallet.VideoSubsidy; award.Valid(); award++ {
		system := s.systems[award]
		for _, n := range system.Callbacks(now, maxCallbacks) {
			told, err := downstream.ReadCallback(award, s.secret, now, downstream.Request(n.Request))
			if err != nil {
				continue
			}
			found, err := i.ports.Items.Get(ctx, []wallet.OrderNo{told.Order})
			if err != nil || found[0].No != told.Order {
				continue
			}
			if told.Receipt, err = i.ports.Downstreams[award].Query(ctx, found[0]); err != nil {
				continue
			}
			if i.Node.ConfirmReward(ctx, told) == nil {
				system.Delivered(n.ID)
			}
		}
	}
}

// settled says whether every reward has come to rest.
func (s *rewardBackends) settled(ctx context.Context) bool {
	for st := wallet.InternalTest; st <= wallet.Official; st++ {
		n, err := s.Items.Count(ctx, st)
		if err != nil || n[wallet.ItemOpen]+n[wallet.ItemIssued]+n[wallet.ItemProcessing]+n[wallet.ItemUsing] > 0 {
			return false
		}
	}
	return true
}

// playing says whether a window is open now, or was a moment ago.
func (t *Cluster) playing() bool {
	now := t.world.Now()
	return slices.ContainsFunc(t.Scenario.Windows, func(w scenarios.Window) bool {
		return w.Start.UnixNano() <= now && now <= w.End().Add(choreEvery).UnixNano()
	})
}

// Books returns what auditors read of the shops.
func (s *rewardBackends) Books(ctx context.Context, now wallet.Instant) oracle.RewardSources {
	return oracle.RewardSources{
		Items: s.Items,
		Downstreams: func(yield func(oracle.DownstreamRecord) bool) {
			for award := wallet.VideoSubsidy; award.Valid(); award++ {
				for e := range s.systems[award].Entries(now) {
					if !yield(oracle.DownstreamRecord(e)) {
						return
					}
				}
			}
		},
		Issued: func(t wallet.Template) (int64, bool) {
			n, err := s.count.Issued(ctx, t)
			return n, err == nil
		},
	}
}
