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

// rewardBackends holds the stores and systems of rewards other than cash: their records, the stock of coupons, and the
// systems of other companies.
type rewardBackends struct {
	cluster *Cluster
	Items   *mem.Items
	stock   *mem.Stock
	count   wallet.Stocks // the stock, read without faults
	systems map[wallet.AwardType]*fake.System
	index   *activity.Index
	secret  []byte
}

// stockKeys is the number of keys that share a template's stock. With one key the result is exact to the last coupon. The
// effect of more keys under load is a separate study (sim/study/coupons).
const stockKeys = 1

// Bounds of the reward chores. While there are unsettled rewards they are settled at this interval; the stock is read at it too.
const (
	rewardChoresEvery = time.Second
	maxCallbacks      = 64 // of one reward system in one round
)

// newRewardBackends returns the reward backends of a cluster.
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
		Validity: d.Validity, GarbleEvery: d.GarbleEvery, Silent: d.Silent})
	s.count, err = stock.NewSplitKey(s.stock, stockKeys)
	return s, err
}

// connect sets an instance's ports to the reward backends, through injected faults.
func (s *rewardBackends) connect(i *fault.Instance, p *node.Ports) error {
	link := func(name string) fault.Link { return s.cluster.Dependencies[name].Link(i) }
	p.Items = intercept.Items(counted(s.cluster.Calls(), intercept.Items, wallet.Items(s.Items)), link("items"))
	p.Downstreams = map[wallet.AwardType]wallet.Downstream{}
	for award, system := range s.systems {
		d, err := downstream.New(award, downstream.Options{Exchange: s.exchange(link("downstreams"), system), Clock: i, Secret: s.secret})
		if err != nil {
			return err
		}
		p.Downstreams[award] = counted(s.cluster.Calls(), intercept.Downstream, d)
	}
	stocks, err := stock.NewSplitKey(intercept.StockParts(s.stock, link("stock")), stockKeys)
	if err != nil {
		return err
	}
	p.Stocks = counted(s.cluster.Calls(), intercept.Stocks, wallet.Stocks(stocks))
	p.StockReader = stock.NewReader(p.Stocks, rewards.Templates(s.index))
	return nil
}

// exchange sends one request to a system and returns its answer. A request that arrives late is processed too.
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

// runChores is the loop that settles rewards and delivers callbacks.
func (s *rewardBackends) runChores(ctx context.Context) {
	for n := 0; ; n++ {
		if s.settled(ctx) && !s.cluster.windowOpen() {
			s.cluster.world.Sleep(choreEvery)
		} else {
			s.cluster.world.Sleep(rewardChoresEvery)
		}
		if i := s.cluster.nextUp(n); i != nil {
			_ = i.Run(func() error { return repeat(func() (int, error) { return i.Node.SettleRewards(ctx) }) })
			_ = i.Run(func() error { s.callbacks(ctx, i); return nil })
		}
	}
}

// refreshStock is the loop that updates an instance's view of the stock while a window is open (C2).
func (s *rewardBackends) refreshStock(ctx context.Context, i *instance) {
	for {
		s.cluster.world.Sleep(rewardChoresEvery)
		if i.Up() && s.cluster.windowOpen() {
			_ = i.Run(func() error { return i.ports.StockReader.Refresh(ctx) })
		}
	}
}

// start starts the reward chores.
func (s *rewardBackends) start(ctx context.Context) {
	w := s.cluster.world
	w.Go(w.Now(), func() { s.runChores(ctx) })
	for _, i := range s.cluster.Instances {
		w.Go(w.Now(), func() { s.refreshStock(ctx, i) })
	}
}

// callbacks delivers the systems' callbacks to an instance, which queries the system before it trusts one.
func (s *rewardBackends) callbacks(ctx context.Context, i *instance) {
	now := i.Now()
	for award := wallet.VideoSubsidy; award.Valid(); award++ {
		system := s.systems[award]
		for _, n := range system.Callbacks(now, maxCallbacks) {
			callback, err := downstream.ReadCallback(award, s.secret, now, downstream.Request(n.Request))
			if err != nil {
				continue
			}
			found, err := i.ports.Items.Get(ctx, []wallet.OrderNo{callback.Order})
			if err != nil || found[0].No != callback.Order {
				continue
			}
			if callback.Receipt, err = i.ports.Downstreams[award].Query(ctx, found[0]); err != nil {
				continue
			}
			if i.Node.ConfirmReward(ctx, callback) == nil {
				system.Delivered(n.ID)
			}
		}
	}
}

// settled reports whether every reward is in a final state.
func (s *rewardBackends) settled(ctx context.Context) bool {
	for st := wallet.InternalTest; st <= wallet.Official; st++ {
		n, err := s.Items.Count(ctx, st)
		if err != nil || n[wallet.ItemOpen]+n[wallet.ItemIssued]+n[wallet.ItemProcessing]+n[wallet.ItemUsing] > 0 {
			return false
		}
	}
	return true
}

// windowOpen reports whether a window is open, or closed less than choreEvery ago.
func (t *Cluster) windowOpen() bool {
	now := t.world.Now()
	return slices.ContainsFunc(t.Scenario.Windows, func(w scenarios.Window) bool {
		return w.Start.UnixNano() <= now && now <= w.End().Add(choreEvery).UnixNano()
	})
}

// Sources returns the records of the reward backends, for the oracle.
func (s *rewardBackends) Sources(ctx context.Context, now wallet.Instant) oracle.RewardSources {
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
