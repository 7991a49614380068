package crowd

import (
	"cmp"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
	"hongbao/reference/activity"
	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/node"
	"hongbao/reference/rewards"
	"hongbao/reference/stock"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
	"hongbao/sim/oracle"
)

// rewardBackends is the stores and downstreams of a wallet's rewards other than cash, and its packets.
type rewardBackends struct {
	items   *mem.Items
	packets *mem.Packets
	count   wallet.Stocks
	reader  *stock.Reader
	systems map[wallet.AwardType]*fake.System
}

// newRewardBackends adds the stores and downstreams for rewards and packets to the ports; all of them are correct and fast.
func newRewardBackends(t testing.TB, a wallet.Activity, p *node.Ports) *rewardBackends {
	secret := make([]byte, downstream.MinSecret)
	s := &rewardBackends{items: mem.NewItems(), packets: mem.NewPackets(), systems: fake.NewAll(secret, fake.Behaviour{})}
	index, err := activity.New(a)
	require.NoError(t, err)
	s.count, err = stock.NewSplitKey(mem.NewStock(), 1)
	require.NoError(t, err)
	s.reader = stock.NewReader(s.count, rewards.Templates(index))
	p.Items, p.Packets, p.Stocks, p.StockReader, p.Downstreams = s.items, s.packets, s.count, s.reader, map[wallet.AwardType]wallet.Downstream{}
	for award, system := range s.systems {
		p.Downstreams[award], err = downstream.New(award, downstream.Options{Clock: clock{}, Secret: secret, Exchange: func(_ context.Context, r downstream.Request) (downstream.Reply, error) {
			return downstream.Reply(system.Handle(clock{}.Now(), fake.Request(r))), nil
		}})
		require.NoError(t, err)
	}
	return s
}

// addSources adds the sources of rewards and packets for Audit.
func (s *rewardBackends) addSources(ctx context.Context, b *oracle.Sources) {
	b.Packets = oracle.PacketSources{Packets: s.packets, At: clock{}.Now()}
	b.Rewards = oracle.RewardSources{Items: s.items,
		Downstreams: func(yield func(oracle.DownstreamRecord) bool) {
			for _, award := range downstream.Awards() {
				for e := range s.systems[award].Entries(clock{}.Now()) {
					if !yield(oracle.DownstreamRecord(e)) {
						return
					}
				}
			}
		},
		Issued: func(t wallet.Template) (int64, bool) { n, err := s.count.Issued(ctx, t); return n, err == nil }}
}

// teas is the stock of tea coupons in plays: fewer than the wins, so that some people get a greeting.
const teas = 12

// plays is some hundred wins within half a second, of money, tea and pendants, on the pages of up to three friends each.
func plays(t testing.TB) *scenarios.Scenario {
	s, err := loader.Load("../../scenarios/reward-centre.yaml")
	require.NoError(t, err)
	a := &s.People.After
	a.Look, a.Browse, a.Send, a.Use = scenarios.Ratio{Num: 1, Den: 1}, scenarios.Ratio{Num: 1, Den: 5}, scenarios.Ratio{Num: 1, Den: 2}, scenarios.Ratio{Num: 9, Den: 10}
	s.People.Client.Timeout = time.Minute
	for i := range s.Windows {
		if w := &s.Windows[i]; w.Play == scenarios.FriendRain {
			w.Prizes = []scenarios.Prize{{Scene: "friend-rain", Award: wallet.Cash, Weight: 5, Amount: []scenarios.AmountBand{{Min: 20, Max: 90, Weight: 1}}},
				{Scene: "tea", Award: wallet.HeyteaCoupon, Weight: 2}, {Scene: "pendant", Award: wallet.AvatarPendant, Weight: 1}}
		}
	}
	f, err := scenarios.Focus(s, "rain-on-friends-pages", scenarios.Ratio{Num: 240, Den: 1}, 500*time.Millisecond)
	require.NoError(t, err)
	for _, r := range f.Activity.Children[0].Rewards {
		if r.Type == wallet.HeyteaCoupon {
			r.Rewards[0].Stock = teas
		}
	}
	return f
}

// inOrder prepares, runs all planned operations one after the other regardless of their times, drains and audits. The result
// does not depend on the speed of the machine. It returns the number of operations by kind and outcome.
func (r rig) inOrder(t testing.TB) (*running, Audit, [Open + 1]map[attack.Outcome]int) {
	t.Helper()
	run := r.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	var ended [Open + 1]map[attack.Outcome]int
	for kind := range ended {
		ended[kind] = map[attack.Outcome]int{}
	}
	for op, ok := run.Next(); ok; op, ok = run.Next() {
		ended[op.Kind][run.Do(t.Context(), op.Kind, op.What).Outcome]++
	}
	patience := cmp.Or(r.patience, 10*time.Second)
	_, _, err := run.Drain(t.Context(), patience)
	require.NoError(t, err)
	o := AuditOptions{Patience: patience}
	if r.stores {
		o.Sources = run.shadow.sources
	}
	a, err := run.Audit(t.Context(), o)
	require.NoError(t, err)
	return run, a, ended
}
