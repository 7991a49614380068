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

// festivalActivity returns an activity whose only stage is open now.
func festivalActivity(budget, most wallet.Money) wallet.Activity {
	now := time.Now().Truncate(time.Second) // the precision of files
	return wallet.Activity{Parent: "festival", Children: []wallet.Child{{
		ID: "official", Stage: wallet.Official, From: wallet.InstantOf(now.Add(-time.Hour)), To: wallet.InstantOf(now.Add(24 * time.Hour)),
		Budget: budget, SingleCap: most,
		Rewards: []wallet.RewardType{{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "red-packet", Scenes: []wallet.Scene{{ID: scene, Compensate: true, Reconcile: true}}}}}},
	}}}
}

// lossyClient loses some requests and replies.
type lossyClient struct {
	wallet.Service
	oneIn int // probability of a loss, in each direction: one in this many
}

func lose[T any](l lossyClient, serve func() (T, error)) (T, error) {
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

func (l lossyClient) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	return lose(l, func() (wallet.GrantReply, error) { return l.Service.Grant(ctx, r) })
}

func (l lossyClient) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	return lose(l, func() (wallet.Page, error) { return l.Service.Page(ctx, r) })
}

func (l lossyClient) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	return lose(l, func() (wallet.WithdrawReply, error) { return l.Service.Withdraw(ctx, r) })
}

type wallClock struct{}

func (wallClock) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

const (
	trialBudget = wallet.Money(20_000)
	trialMost   = wallet.Money(100)
	trialBlock  = wallet.Money(500)
	trialShards = 2
)

// memoryTrial is a small run in this process to test the suite itself: two instances over stores in memory, and a small
// crowd whose clients lose requests and replies. reach wraps an instance as its client. The budget runs out, is
// audited, and is spent completely. It returns the event log and the stores, with no work left.
func memoryTrial(t *testing.T, reach func(wallet.Service) wallet.Service) (*eventLog, *stores, []auditResult) {
	ctx := t.Context()
	backlog := mem.NewBacklog(wallClock{}, trialShards, 10*time.Second)
	ledger, orders, tokens := mem.NewLedger(wallClock{}, 4), mem.NewOrders(), mem.NewTokens(backlog)
	withdrawals, bank, quotas, identities := mem.NewWithdrawals(), mem.NewBank(), mem.NewQuotas(), mem.NewIdentities()
	keys, err := token.NewKeyring(crand.Reader)
	require.NoError(t, err)
	sealer, err := token.NewReal(keys, token.DefaultPolicy())
	require.NoError(t, err)
	activity := festivalActivity(trialBudget, trialMost)
	var nodes []*node.Node
	var clients []instanceClient
	for i := range 2 {
		n, err := node.New(node.Config{Strategy: wallet.StrategyToken, Activity: activity, Instances: 2, Batch: 50, Release: wallet.Release{Num: 1, Den: 1}, CompensateAfter: time.Millisecond},
			node.Ports{Clock: wallClock{}, Identities: identities, Orders: orders, OpenOrders: orders, Budgets: quota.New(quotas, fmt.Sprint("instance-", i), quota.Config{Block: trialBlock}),
				Tokens: tokens, Backlog: backlog, Ledger: ledger, Withdrawals: withdrawals, Bank: bank, Sealer: sealer, Alarm: func(wallet.AlarmKind, string) {}})
		require.NoError(t, err)
		nodes = append(nodes, n)
		clients = append(clients, lossyClient{reach(n), 12})
	}
	s := &stores{ledger: ledger, orders: orders, tokens: tokens, withdrawals: withdrawals, bank: bank, backlog: backlog, quotas: quotas}
	w := newEventLog(activity, 60)
	c := newCrowd(w, plan{persons: 60, workers: 4, every: 200 * time.Microsecond, most: trialMost}, activity.Parent, clients, 1)

	var working atomic.Bool
	working.Store(true)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for working.Load() {
			for shard := range trialShards {
				_, _ = nodes[shard%len(nodes)].PostBatch(ctx, shard)
			}
			_, _, _ = nodes[0].Compensate(ctx, 0)
			_, _ = nodes[0].SettleWithdrawals(ctx)
			time.Sleep(time.Millisecond)
		}
	}()
	load, end := context.WithTimeout(ctx, 20*time.Second)
	go func() {
		for w.count("grant", wallet.ReasonOf(wallet.ErrOverBudget)) < 20 && load.Err() == nil {
			pause(load, time.Millisecond)
		}
		end()
	}()
	c.run(load)
	settleAll := func() {
		settleCtx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		require.Zero(t, c.settle(settleCtx))
		left, err := s.drain(settleCtx)
		require.NoError(t, err)
		require.Zero(t, left)
	}
	settleAll()
	first, err := s.audit(ctx, wallet.Official)
	require.NoError(t, err)
	c.clients = c.clients[:1]
	c.spendRest(ctx, t, trialBudget-first.after.Reserved)
	settleAll()
	last, err := s.audit(ctx, wallet.Official)
	require.NoError(t, err)
	require.Equal(t, trialBudget, last.after.Reserved)
	working.Store(false)
	<-stopped
	return w, s, []auditResult{first, last}
}

// directly calls an instance in this process.
func directly(s wallet.Service) wallet.Service { return s }

// overTheWire calls an instance through a server and a client.
func overTheWire(t *testing.T) func(wallet.Service) wallet.Service {
	keys := auth.Generate()
	return func(s wallet.Service) wallet.Service {
		front, err := server.New(server.Config{Addr: "127.0.0.1:0", Keys: keys}, server.Ports{Service: s, Clock: wallClock{}})
		require.NoError(t, err)
		front.SetReady(true)
		listener := httptest.NewServer(front.Handler())
		t.Cleanup(listener.Close)
		return newClient(t, listener.URL, keys)
	}
}

func TestVillageIsClean(t *testing.T) {
	for _, c := range []struct {
		why   string
		reach func(wallet.Service) wallet.Service
	}{
		{"a correct service has no failures", directly},
		{"the same over the wire", overTheWire(t)},
	} {
		t.Run(c.why, func(t *testing.T) {
			w, s, audits := memoryTrial(t, c.reach)
			v, err := judge(t.Context(), w, s, trialBudget, audits...)
			require.NoError(t, err)
			var out bytes.Buffer
			summary{verdict: v, eventLog: w}.write(&out)
			require.Regexp(t, `acknowledged and lost +0\n`, out.String())
			require.NoError(t, v.faults())
			require.NotZero(t, w.count("grant", wallet.ReasonOf(wallet.ErrOverBudget)), "the budget never ran out, so that case was not tested")
		})
	}
}
