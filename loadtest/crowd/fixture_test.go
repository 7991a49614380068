package crowd

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/loadtest/attack"
	"hongbao/reference/node"
	"hongbao/reference/reconcile"
	"hongbao/reference/sdk/client"
	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/mem"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
	"hongbao/sim/oracle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is the clock of this machine.
type clock struct{}

func (clock) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

const testShards = 2

// walletInstance is one wallet instance with stores in memory.
type walletInstance struct {
	*node.Node
	strategy    wallet.Strategy
	activity    wallet.Activity
	orders      *mem.Orders
	ledger      *mem.Ledger
	tokens      *mem.Tokens
	backlog     *mem.Backlog
	budgets     *mem.Budgets
	withdrawals *mem.Withdrawals
	bank        *mem.Bank
	backends    *rewardBackends
}

func newInstance(t testing.TB, a wallet.Activity, strategy wallet.Strategy) *walletInstance {
	ring, err := token.NewKeyring(rand.NewChaCha8([32]byte{1}))
	require.NoError(t, err)
	sealer, err := token.NewModelled(ring, token.DefaultPolicy())
	require.NoError(t, err)
	s := &walletInstance{strategy: strategy, activity: a, orders: mem.NewOrders(), ledger: mem.NewLedger(clock{}, 1), backlog: mem.NewBacklog(clock{}, testShards, time.Second),
		budgets: mem.NewBudgets(), withdrawals: mem.NewWithdrawals(), bank: mem.NewBank()}
	s.tokens = mem.NewTokens(s.backlog)
	ports := node.Ports{Clock: clock{}, Identities: mem.NewIdentities(), Orders: s.orders, OpenOrders: s.orders, Budgets: s.budgets, Tokens: s.tokens,
		Backlog: s.backlog, Ledger: s.ledger, Withdrawals: s.withdrawals, Bank: s.bank, Sealer: sealer, Alarm: func(wallet.AlarmKind, string) {}}
	s.backends = newRewardBackends(t, a, &ports)
	s.Node, err = node.New(node.Config{Strategy: strategy, Activity: a, Instances: 1, Batch: 100, SyncLimit: 1e6, Release: wallet.Release{Num: 1, Den: 1}}, ports)
	require.NoError(t, err)
	return s
}

// live runs the background chores, as a host does, until ctx ends.
func (s *walletInstance) live(ctx context.Context) {
	for ctx.Err() == nil {
		for shard := range testShards {
			_, _ = s.PostBatch(ctx, shard)
		}
		_, _ = s.SettleWithdrawals(ctx)
		_, _ = s.SettlePackets(ctx)
		_, _ = s.SettleRewards(ctx)
		_ = s.backends.reader.Refresh(ctx)
		_ = wait(ctx, 5*time.Millisecond)
	}
}

func (s *walletInstance) reconcileSources() reconcile.Sources {
	return reconcile.Sources{Orders: s.orders, Ledger: s.ledger, Spent: s.budgets.Spent}
}

// Status implements server.Inspector.
func (s *walletInstance) Status(ctx context.Context) (server.Status, error) {
	out := server.Status{Strategy: s.strategy, Activity: s.activity.Parent}
	out.Backlog, _ = s.backlog.Depth(ctx)
	out.OpenOrders, _ = s.orders.OpenCount(ctx)
	for _, c := range s.activity.Children {
		spent, err := s.budgets.Spent(ctx, c.Stage)
		if err != nil {
			return out, err
		}
		out.Budgets = append(out.Budgets, server.BudgetStatus{Stage: c.Stage, Budget: c.Budget, Quota: wallet.Quota{Reserved: spent, Leased: spent}})
	}
	return out, nil
}

// Reconcile implements server.Inspector.
func (s *walletInstance) Reconcile(ctx context.Context) (server.Reconciliation, error) {
	r, err := s.Node.Reconcile(ctx, s.reconcileSources())
	out := server.Reconciliation{Orders: r.Orders, Entries: r.Entries, Count: r.Count, Differences: r.Differences}
	if err == nil {
		err = s.ledger.Balances(ctx, func(_ wallet.AccountNo, m wallet.Money) bool { out.Sum += m; return true })
	}
	return out, err
}

// AuditBudget implements server.Inspector.
func (s *walletInstance) AuditBudget(context.Context, wallet.Stage) (wallet.Money, error) {
	return 0, nil
}

// CleanUp implements server.ShadowAdmin.
func (s *walletInstance) CleanUp(context.Context, bool) (int64, error) { return 0, nil }

// Append and Actions implement wallet.AuditLog.
func (s *walletInstance) Append(context.Context, wallet.Action) error { return nil }
func (s *walletInstance) Actions(context.Context, int64, int) ([]wallet.Action, error) {
	return nil, nil
}

// sources returns the sources for Audit.
func (s *walletInstance) sources(ctx context.Context) (oracle.Sources, error) {
	r, err := s.Node.Reconcile(ctx, s.reconcileSources())
	b := oracle.Sources{Ledger: s.ledger, Orders: s.orders, Withdrawals: s.withdrawals, Bank: s.bank, Reported: r.Differences, ReconcileRan: true,
		Spent: func(st wallet.Stage) (wallet.Money, error) { return s.budgets.Spent(ctx, st) }}
	if s.strategy == wallet.StrategyToken {
		b.Tokens = s.tokens
	}
	b.BacklogDepth, _ = s.backlog.Depth(ctx)
	b.OpenOrders, _ = s.orders.OpenCount(ctx)
	s.backends.addSources(ctx, &b)
	return b, err
}

// rig is a target and the wrong behaviour of it.
type rig struct {
	scenario *scenarios.Scenario
	strategy wallet.Strategy
	service  func(wallet.Service) wallet.Service         // of the load test
	shadow   func(server.ShadowAdmin) server.ShadowAdmin //
	rewards  func(wallet.Rewards) wallet.Rewards
	packets  func(wallet.PacketService) wallet.PacketService
	edge     func(http.Handler) http.Handler         //
	idle     bool                                    // no chores run: nothing is ever posted
	options  func(*Options)                          //
	tls      bool                                    //
	keys     func(client auth.Keys) (mine auth.Keys) // the keys given to the crowd
	ports    func(*server.Ports)                     //
	stores   bool                                    // the audit reads the stores
	people   int64                                   // number of people whose lists are read
	patience time.Duration                           //
}

// running is a target with a crowd that is ready to start.
type running struct {
	*Crowd
	shadow, real *walletInstance
	url          string
	http         *httptest.Server
	report       *attack.Report
	drained      bool
	took         time.Duration
}

// festival is some two hundred wins within half a second, with everything that people do afterwards.
func festival(t testing.TB, change func(*scenarios.Scenario)) *scenarios.Scenario {
	s, err := loader.Load("../../scenarios/regress/unknown-outcomes.yaml")
	require.NoError(t, err)
	s.People.Client.Timeout = time.Minute // on a slow machine nobody gives up and sends more requests
	if change != nil {
		change(s)
	}
	f, err := scenarios.Focus(s, "rain", scenarios.Ratio{Num: 500, Den: 1}, 500*time.Millisecond)
	require.NoError(t, err)
	return f
}

// start starts a target and creates the crowd.
func (r rig) start(t testing.TB) *running {
	t.Helper()
	if r.scenario == nil {
		r.scenario = festival(t, nil)
	}
	if r.strategy == "" {
		r.strategy = wallet.StrategyToken
	}
	tree, err := servedActivity(r.scenario)
	require.NoError(t, err)
	tree.Children[0].From, tree.Children[0].To = 1, wallet.InstantOf(time.Now().Add(time.Hour))
	run := &running{shadow: newInstance(t, tree, r.strategy), real: newInstance(t, tree, r.strategy)}
	keys := auth.Generate()
	ports := server.Ports{Service: run.real, Shadow: run.shadow.Node, ShadowAdmin: run.shadow, Inspector: run.real, Audit: run.real, Clock: clock{}, Log: slog.New(slog.DiscardHandler)}
	ports.ShadowRewards, ports.ShadowPackets = run.shadow.Node, run.shadow.Node
	if r.service != nil {
		ports.Shadow = r.service(run.shadow.Node)
	}
	if r.rewards != nil {
		ports.ShadowRewards = r.rewards(run.shadow.Node)
	}
	if r.packets != nil {
		ports.ShadowPackets = r.packets(run.shadow.Node)
	}
	if r.shadow != nil {
		ports.ShadowAdmin = r.shadow(run.shadow)
	}
	if r.ports != nil {
		r.ports(&ports)
	}
	s, err := server.New(server.Config{Addr: "127.0.0.1:0", Keys: keys}, ports)
	require.NoError(t, err)
	s.SetReady(true)
	handler := s.Handler()
	if r.edge != nil {
		handler = r.edge(handler)
	}
	run.http = httptest.NewUnstartedServer(handler)
	run.http.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	if r.tls {
		run.http.StartTLS()
	} else {
		run.http.Start()
	}
	run.url = run.http.URL
	ctx, stop := context.WithCancel(context.Background())
	var living sync.WaitGroup
	for _, d := range []*walletInstance{run.shadow, run.real} {
		if !r.idle {
			living.Go(func() { d.live(ctx) })
		}
	}
	t.Cleanup(func() { stop(); living.Wait(); run.http.Close() })
	if r.keys != nil {
		keys.Callers, keys.Operators = slices.Clone(keys.Callers), slices.Clone(keys.Operators) // the server keeps its own copy
		keys = r.keys(keys)
	}
	run.Crowd = newCrowd(t, r, run.url, keys)
	return run
}

// newCrowd creates a crowd with the keys, and operators of both wallets.
func newCrowd(t testing.TB, r rig, url string, keys auth.Keys) *Crowd {
	auditor, _ := keys.Operator("auditor")
	operator := func(shadow bool) *client.OperatorClient {
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		o, err := client.NewOperatorClient(client.Config{BaseURL: url, Key: auditor.Key, LoadTest: shadow, Tries: 1, HTTPClient: &http.Client{Transport: transport}})
		require.NoError(t, err)
		return o
	}
	o := Options{Scenario: r.scenario, Seed: 7, Run: 3, URLs: []string{url}, Key: keys.Callers[0].Key, SessionKey: keys.SessionKey, Operator: operator(true), Live: operator(false)}
	if r.options != nil {
		r.options(&o)
	}
	c, err := New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// attack sends the whole plan.
func (r *running) attack(t testing.TB) {
	var err error
	r.report, err = attack.Run(t.Context(), attack.Config{Kinds: Kinds(), Duration: r.Span(), Patience: time.Minute, Settle: time.Minute},
		attack.Plan[Visit](r), attack.Sender[Visit](r))
	require.NoError(t, err)
}

// play prepares, attacks, drains and audits.
func (r rig) play(t testing.TB) (*running, Audit) {
	t.Helper()
	run := r.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	run.attack(t)
	patience := 10 * time.Second
	if r.patience > 0 {
		patience = r.patience
	}
	var err error
	run.took, run.drained, err = run.Drain(t.Context(), patience)
	require.NoError(t, err)
	o := AuditOptions{People: r.people, Patience: patience}
	if r.stores {
		o.Sources = run.shadow.sources
	}
	a, err := run.Audit(t.Context(), o)
	require.NoError(t, err)
	return run, a
}

// result returns a check by name.
func (a Audit) result(t testing.TB, name string) oracle.Check {
	for _, c := range a.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check is called %q", name)
	return oracle.Check{}
}

// quick makes clients give up soon.
func quick(s *scenarios.Scenario) {
	s.People.Client.Backoff = scenarios.Range{Min: time.Millisecond, Max: 5 * time.Millisecond}
	s.People.Client.Tries = 6
}
