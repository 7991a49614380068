// Package cluster is the service in a simulation: the stores in memory, and the instances that call them through injected
// faults, with their background chores and meters. It runs in virtual time.
package cluster

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"hongbao/reference/identity"
	"hongbao/reference/intercept"
	"hongbao/reference/node"
	"hongbao/reference/store/mem"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
	"hongbao/sim/fault"
	"hongbao/sim/world"
)

// Cluster is the simulated service: the stores, and the instances that call them through injected faults.
type Cluster struct {
	world    *world.World
	Scenario *scenarios.Scenario
	strategy wallet.Strategy

	Identities     *mem.Identities
	Orders         *mem.Orders
	Budgets        *mem.Budgets
	Backlog        *mem.Backlog
	Tokens         *mem.Tokens
	Ledger         *mem.Ledger
	Withdrawals    *mem.Withdrawals
	days           *mem.WithdrawalDays // nil: no daily limit
	Bank           *bank
	Settings       wallet.Settings // of all instances
	Packets        *mem.Packets    // nil: the scenario has no packets
	RewardBackends *rewardBackends // nil: only cash is granted
	Operators      *operators      // nil: the scenario has no switches and no drill

	gates        *fault.Gates
	Client       *fault.Dependency
	Dependencies map[string]*fault.Dependency
	Instances    []*instance
	Alarms       map[wallet.AlarmKind]int64

	// TokensLost is called when the server's copies of tokens may be lost. A reply may be under way for at most the duration.
	TokensLost func(underWay time.Duration)
}

// instance is one service instance and the machine that it runs on.
type instance struct {
	*fault.Instance
	Node     *node.Node
	ports    node.Ports
	controls *controls // nil: see Cluster.Operators
}

// postingLease is how long a poster may hold a batch before another one may take it. Our choice: a few times the duration
// of a batch in which every step needs all its tries.
const postingLease = 10 * time.Second

// costAccounts is the number of sub-accounts of a stage's cost account, so that no row is hot. Our choice.
const costAccounts = 16

// syncShare is the share of the ledger's rate that grants may use under StrategySync. Withdrawals use the rest.
const syncShare = 0.95

// WorldClock is the ledger's own clock.
type WorldClock struct{ *world.World }

// Now implements wallet.Clock.
func (c WorldClock) Now() wallet.Instant {
	return wallet.Instant(c.World.Now() / int64(time.Microsecond))
}

// New builds the stores and the instances.
func New(w *world.World, s *scenarios.Scenario, strategy wallet.Strategy, sealer wallet.Sealer, m *Meter, tr *traffic.Traffic) (*Cluster, error) {
	clock := WorldClock{w}
	t := &Cluster{
		world: w, Scenario: s, strategy: strategy,
		Identities: mem.NewIdentities(), Orders: mem.NewOrders(), Budgets: mem.NewBudgets(),
		Backlog: mem.NewBacklog(clock, s.Capacity.PosterShards, postingLease),
		Ledger:  mem.NewLedger(clock, costAccounts), Withdrawals: mem.NewWithdrawals(), Bank: newBank(s.Withdraw.Declined),
		gates: fault.NewGates(w, s.Capacity.PosterShards), Dependencies: map[string]*fault.Dependency{},
		Alarms: map[wallet.AlarmKind]int64{},
	}
	t.Tokens = mem.NewTokens(t.Backlog)
	if s.Withdraw.Limited() {
		t.days = mem.NewWithdrawalDays()
	}
	if s.HasPackets() {
		t.Packets = mem.NewPackets()
	}
	if s.HasItems() {
		var err error
		if t.RewardBackends, err = newRewardBackends(t); err != nil {
			return nil, fmt.Errorf("sim: %w", err)
		}
	}
	t.Operators = newOperators(t)
	for _, name := range t.dependencyNames() {
		var q *fault.Queue
		if name == "ledger" {
			q = fault.NewQueue(s.Capacity.LedgerTPS(), s.Capacity.LedgerQueue)
		}
		t.Dependencies[name] = fault.NewDependency(w, name, s, q)
	}
	t.Client = t.Dependencies["client"]
	var err error
	if t.Settings, err = t.control(tr); err != nil {
		return nil, fmt.Errorf("sim: white list: %w", err)
	}
	skews := w.Stream("skew")
	for range s.Capacity.NodeInstances {
		i, err := t.instance(fault.NewInstance(w, skew(s, skews)), sealer, m)
		if err != nil {
			return nil, fmt.Errorf("sim: %w", err)
		}
		t.Instances = append(t.Instances, i)
	}
	return t, nil
}

// instance composes one instance.
func (t *Cluster) instance(i *fault.Instance, sealer wallet.Sealer, m *Meter) (*instance, error) {
	ports, err := t.ports(i, sealer, intercept.Ledger(t.Ledger, postMeter{meter: m}))
	if err != nil {
		return nil, err
	}
	one := &instance{Instance: i}
	if t.Operators != nil {
		if one.controls, err = t.Operators.connect(i, len(t.Instances), &ports); err != nil {
			return nil, err
		}
	}
	one.ports = ports
	if one.Node, err = node.New(t.config(t.Scenario.Activity), ports); err != nil || t.Scenario.StageChange == nil {
		return one, err
	}
	after := one.Node // with the changed activity
	one.Node, err = node.New(t.config(t.Scenario.Before()), ports)
	t.world.At(max(t.changeKnownAt(len(t.Instances)), t.world.Now()), func() { one.Node = after })
	return one, err
}

// changeKnownAt returns when the n-th instance applies the change of a stage's start (A2), in Unix nanoseconds. Half of the
// instances apply it early. A request that is in progress then still uses the old start.
func (t *Cluster) changeKnownAt(n int) int64 {
	if n%2 == 0 {
		return t.Scenario.StageChange.KnownByHalf.UnixNano()
	}
	return t.Scenario.StageChange.KnownByAll.UnixNano()
}

// Calls returns the drill's call counter, or nil.
func (t *Cluster) Calls() *callCounter {
	if t.Operators == nil {
		return nil
	}
	return t.Operators.calls
}

// dependencyNames returns the dependencies that this scenario uses.
func (t *Cluster) dependencyNames() []string {
	return slices.DeleteFunc(slices.Clone(scenarios.Dependencies), func(name string) bool {
		switch name {
		case "items", "stock", "downstreams":
			return t.RewardBackends == nil
		case "packets":
			return t.Packets == nil
		case "config", "locks", "limits", "totals":
			return t.Operators == nil
		}
		return false
	})
}

// config returns the configuration that all instances share.
func (t *Cluster) config(tree wallet.Activity) node.Config {
	tps := t.Scenario.Capacity.LedgerTPS()
	return node.Config{
		Strategy:  t.strategy,
		Activity:  tree,
		Instances: t.Scenario.Capacity.NodeInstances,
		SyncLimit: syncShare * float64(tps.Num) / float64(tps.Den),
		Batch:     t.Scenario.Capacity.PostingBatch,
	}
}

// ports returns one instance's ports, through injected faults.
func (t *Cluster) ports(i *fault.Instance, sealer wallet.Sealer, ledger wallet.Ledger) (node.Ports, error) {
	link := func(name string) fault.Link { return t.Dependencies[name].Link(i) }
	calls := t.Calls()
	p := node.Ports{
		Clock:       i,
		Identities:  intercept.Identities(t.Identities, link("identity")),
		Orders:      intercept.Orders(counted(calls, intercept.Orders, wallet.Orders(t.Orders)), link("orders")),
		OpenOrders:  intercept.OpenOrders(counted(calls, intercept.OpenOrders, wallet.OpenOrders(t.Orders)), link("orders")),
		Budgets:     intercept.Budgets(t.Budgets, link("budget")),
		Tokens:      fault.Tokens(counted(calls, intercept.Tokens, wallet.Tokens(t.Tokens)), link("tokens"), t.gates),
		Backlog:     fault.Backlog(counted(calls, intercept.Backlog, wallet.Backlog(t.Backlog)), link("backlog"), t.gates),
		Ledger:      intercept.Ledger(counted(calls, intercept.Ledger, ledger), link("ledger")),
		Withdrawals: intercept.Withdrawals(counted(calls, intercept.Withdrawals, wallet.Withdrawals(t.Withdrawals)), link("withdrawals")),
		Bank:        intercept.Bank(counted(calls, intercept.Bank, wallet.Bank(t.Bank)), link("bank")),
		Sealer:      sealer,
		Settings:    func() wallet.Settings { return t.Settings },
		Alarm:       func(k wallet.AlarmKind, _ string) { t.Alarms[k]++ },
	}
	if t.days != nil {
		p.Days = intercept.Days(t.days, link("withdrawals"))
	}
	if t.Packets != nil {
		p.Packets = intercept.Packets(counted(calls, intercept.Packets, wallet.Packets(t.Packets)), link("packets"))
	}
	if t.RewardBackends == nil {
		return p, nil
	}
	err := t.RewardBackends.connect(i, &p)
	return p, err
}

// skew draws the error of an instance's clock.
func skew(s *scenarios.Scenario, stream *world.Stream) time.Duration {
	for _, f := range s.Faults {
		if f.Kind == scenarios.FaultSkew && f.Skew > 0 {
			return time.Duration(stream.IntN(int64(2*f.Skew)+1)) - f.Skew
		}
	}
	return 0
}

// nextUp returns the n-th instance or the first one after it that is up, or nil if all are down.
func (t *Cluster) nextUp(n int) *instance {
	for k := range t.Instances {
		if i := t.Instances[(n+k)%len(t.Instances)]; i.Up() {
			return i
		}
	}
	return nil
}

// NewSealer returns the sealer of tokens: the real one, or the modelled one that seals a share of tokens for real.
func NewSealer(crypto Crypto, share scenarios.Ratio, random io.Reader) (wallet.Sealer, error) {
	keys, err := token.NewKeyring(random)
	if err != nil {
		return nil, err
	}
	real, err := token.NewReal(keys, token.DefaultPolicy())
	if err != nil || crypto == CryptoReal {
		return real, err
	}
	modelled, err := token.NewModelled(keys, token.DefaultPolicy())
	if err != nil {
		return nil, err
	}
	return token.NewSampled(real, modelled, share.Num, share.Den)
}

// control returns the withdrawal settings: release and daily limit (B7). The scenario's white list has people, the wallet's
// has ActIDs.
func (t *Cluster) control(tr *traffic.Traffic) (wallet.Settings, error) {
	w := t.Scenario.Withdraw
	out := wallet.Settings{Release: wallet.Release{Num: w.Release.Num, Den: w.Release.Den}, WithdrawPerDay: w.PerDay, WithdrawTimes: w.Times}
	ctx, accounts := context.Background(), identity.New(t.Identities, WorldClock{t.world})
	for _, p := range w.WhiteList {
		for f := wallet.DouyinFamily; f <= wallet.ToutiaoFamily; f++ {
			a := wallet.Account{Family: f, User: tr.Account(p, f)}
			var who wallet.Person
			var err error
			if tr.Persona(p).HasPhone {
				who, err = accounts.Bind(ctx, a, tr.PhoneOf(p))
			} else {
				who, err = accounts.Resolve(ctx, a)
			}
			if err != nil {
				return out, err
			}
			out.Release.WhiteList = append(out.Release.WhiteList, who.ActID)
		}
	}
	return out, nil
}

// Register binds a phone to an account in the account centre, without faults or latency.
func (t *Cluster) Register(ctx context.Context, a wallet.Account, p wallet.Phone) error {
	_, err := identity.New(t.Identities, WorldClock{t.world}).Bind(ctx, a, p)
	return err
}

// Crypto is how tokens are sealed.
type Crypto string

// The values of Crypto. CryptoModelled still seals the scenario's share of tokens for real.
const (
	CryptoReal     Crypto = "real"
	CryptoModelled Crypto = "modelled"
)
