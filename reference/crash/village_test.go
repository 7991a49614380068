package crash

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/node"
	"hongbao/reference/quota"
	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/mem"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

// festival is an activity whose only stage is open now.
func festival(budget, most wallet.Money) wallet.Activity {
	now := time.Now().Truncate(time.Second) // as files write it
	return wallet.Activity{Parent: "festival", Children: []wallet.Child{{
		ID: "official", Stage: wallet.Official, From: wallet.InstantOf(now.Add(-time.Hour)), To: wallet.InstantOf(now.Add(24 * time.Hour)),
		Budget: budget, SingleCap: most,
		Rewards: []wallet.RewardType{{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "red-packet", Scenes: []wallet.Scene{{ID: scene, Compensate: true, Reconcile: true}}}}}},
	}}}
}

// lossy is a door through which now and then a request or an answer gets lost.
type lossy struct {
	wallet.Service
	oneIn int // each way
}

func lose[T any](l lossy, serve func() (T, error)) (T, error) {
	var none T
	if rand.IntN(l.oneIn) == 0 {
		return none, wallet.ErrUnknown
	}
	v, err := serve()
	if rand.IntN(l.oneIn) == 0 {
		return none, wallet.ErrUnknown
	}
	return v, err
}

func (l lossy) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	return lose(l, func() (wallet.GrantReply, error) { return l.Service.Grant(ctx, r) })
}

func (l lossy) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	return lose(l, func() (wallet.Page, error) { return l.Service.Page(ctx, r) })
}

func (l lossy) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	return lose(l, func() (wallet.WithdrawReply, error) { return l.Service.Withdraw(ctx, r) })
}

type wall struct{}

func (wall) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

const (
	villageBudget = wallet.Money(20_000)
	villageMost   = wallet.Money(100)
	villageBlock  = wallet.Money(500)
	villageShards = 2
)

// village is the suite's own trial: two instances over memory stores in this process, and a small crowd that loses
// answers. They reach an instance through what reach makes of it. The budget runs out, is audited, and is
// spent to the last fen. It returns the witness and the stores at rest.
func village(t *testing.T, reach func(wallet.Service) wallet.Service) (*witness, *stores, []audited) {
	ctx := t.Context()
	backlog := mem.NewBacklog(wall{}, villageShards, 10*time.Second)
	ledger, orders, tokens := mem.NewLedger(wall{}, 4), mem.NewOrders(), mem.NewTokens(backlog)
	withdrawals, bank, quotas, identities := mem.NewWithdrawals(), mem.NewBank(), mem.NewQuotas(), mem.NewIdentities()
	keys, err := token.NewKeyring(crand.Reader)
	require.NoError(t, err)
	sealer, err := token.NewReal(keys, token.DefaultPolicy())
	require.NoError(t, err)
	activity := festival(villageBudget, villageMost)
	var nodes []*node.Node
	var doors []door
	for i := range 2 {
		n, err := node.New(node.Config{Strategy: wallet.StrategyToken, Activity: activity, Instances: 2, Batch: 50, Release: wallet.Release{Num: 1, Den: 1}, CompensateAfter: time.Millisecond},
			node.Ports{Clock: wall{}, Identities: identities, Orders: orders, OpenOrders: orders, Budgets: quota.New(quotas, fmt.Sprint("instance-", i), quota.Config{Block: villageBlock}),
				Tokens: tokens, Backlog: backlog, Ledger: ledger, Withdrawals: withdrawals, Bank: bank, Sealer: sealer, Alarm: func(wallet.AlarmKind, string) {}})
		require.NoError(t, err)
		nodes = append(nodes, n)
		doors = append(doors, lossy{reach(n), 12})
	}
	s := &stores{ledger: ledger, orders: orders, tokens: tokens, withdrawals: withdrawals, bank: bank, backlog: backlog, quotas: quotas}
	w := newWitness(activity, 60)
	c := newCrowd(w, plan{persons: 60, workers: 4, every: 200 * time.Microsecond, most: villageMost}, activity.Parent, doors, 1)

	var working atomic.Bool
	working.Store(true)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for working.Load() {
			for shard := range villageShards {
				_, _ = nodes[shard%len(nodes)].PostBatch(ctx, shard)
			}
			_, _, _ = nodes[0].Compensate(ctx, 0)
			_, _ = nodes[0].SettleWithdrawals(ctx)
			time.Sleep(time.Millisecond)
		}
	}()
	life, end := context.WithTimeout(ctx, 20*time.Second)
	go func() {
		for w.count("grant", wallet.ReasonOf(wallet.ErrOverBudget)) < 20 && life.Err() == nil {
			pause(life, time.Millisecond)
		}
		end()
	}()
	c.live(life)
	rest := func() {
		patience, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		require.Zero(t, c.settle(patience))
		left, err := s.drain(patience)
		require.NoError(t, err)
		require.Zero(t, left)
	}
	rest()
	first, err := s.audit(ctx, wallet.Official)
	require.NoError(t, err)
	c.doors = c.doors[:1]
	c.spendRest(ctx, t, villageBudget-first.after.Reserved)
	rest()
	last, err := s.audit(ctx, wallet.Official)
	require.NoError(t, err)
	require.Equal(t, villageBudget, last.after.Reserved)
	working.Store(false)
	<-stopped
	return w, s, []audited{first, last}
}

// directly calls an instance in this process.
func directly(s wallet.Service) wallet.Service { return s }

// overTheWire calls it through a server and a client.
func overTheWire(t *testing.T) func(wallet.Service) wallet.Service {
	keys := auth.Generate()
	return func(s wallet.Service) wallet.Service {
		front, err := server.New(server.Config{Addr: "127.0.0.1:0", Keys: keys}, server.Ports{Service: s, Clock: wall{}})
		require.NoError(t, err)
		front.SetReady(true)
		listener := httptest.NewServer(front.Handler())
		t.Cleanup(listener.Close)
		return newDoor(t, listener.URL, keys)
	}
}

func TestVillageIsClean(t *testing.T) {
	for _, c := range []struct {
		why   string
		reach func(wallet.Service) wallet.Service
	}{
		{"the suite blames nobody who is right", directly},
		{"nor is anything lost in translation", overTheWire(t)},
	} {
		t.Run(c.why, func(t *testing.T) {
			w, s, audits := village(t, c.reach)
			v, err := judge(t.Context(), w, s, villageBudget, audits...)
			require.NoError(t, err)
			var out bytes.Buffer
			summary{verdict: v, witness: w}.write(&out)
			require.Regexp(t, `acknowledged and lost +0\n`, out.String())
			require.NoError(t, v.faults())
			require.NotZero(t, w.count("grant", wallet.ReasonOf(wallet.ErrOverBudget)), "the budget never ran out, so nothing was tried")
		})
	}
}
