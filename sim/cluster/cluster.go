// Package cluster is the service side of a simulation: the stores in memory, and the instances that use them through
// faults, with their background chores and their meters. It runs in virtual time.
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

// Cluster is the service side of the world: the stores, and the instances that stand on them through faults.
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
	days           *mem.WithdrawalDays // nil: there is no limit of the day
	Bank           *bank
	Settings       wallet.Settings // of all instances
	Packets        *mem.Packets    // nil: nobody sends any
	RewardBackends *rewardBackends // nil: cash alone is granted
	Operators      *operators      // nil: no operator throws anything

	gates        *fault.Gates
	Client       *fault.Dependency
	Dependencies map[string]*fault.Dependency
	Instances    []*instance
	Alarms       map[wallet.AlarmKind]int64

	TokensLost func(onTheWay time.Duration) // told when the server's copies of tokens may be gone
}

// instance is one service instance and the machine that it runs on.
type instance struct {
	*fault.Instance
	Node     *node.Node
	ports    node.Ports
	controls *controls // nil: no operator throws anything
}

// lease is how long a poster may hold a batch before another one may take it. Ours: a few times what a batch takes
// when every step needs all its tries.
const lease = 10 * time.Second

// costAccounts is how many sub-accounts share a stage's cost account, so that no row is hot. Ours.
const costAccounts = 16

// syncShare is the part of the ledger's rate that grants may take under StrategySync; the rest is for withdrawals.
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
		Backlog: mem.NewBacklog(clock, s.Capacity.PosterShards, lease),
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

// instance composes one instance on its machine.
func (t *Cluster) instance(i *fault.Instance, sealer wallet.Sealer, m *Meter) (*instance, error) {
	ports, err := t.ports(i, sealer, intercept.Ledger(t.Ledger, postMeter{meter: m}))
	if err != nil {
		return nil, err
	}
	one := &instance{Instance: i}
	if t.Operators != nil {
		if one.controls, err = t.Operators.fit(i, len(t.Instances), &ports); err != nil {
			return nil, err
		}
	}
	one.ports = ports
	if one.Node, err = node.New(t.config(t.Scenario.Activity), ports); err != nil || t.Scenario.Change == nil {
		return one, err
	}
	late := one.Node
	one.Node, err = node.New(t.config(t.Scenario.Before()), ports)
	t.world.At(max(t.learns(len(t.Instances)), t.world.Now()), func() { one.Node = late })
	return one, err
}

// learns returns when the n-th instance learns that a stage begins at another moment (A2), in Unix nanoseconds: every
// other one before the rest. What it is doing then it ends by what it knew.
func (t *Cluster) learns(n int) int64 {
	if n%2 == 0 {
		return t.Scenario.Change.Known.UnixNano()
	}
	return t.Scenario.Change.Everywhere.UnixNano()
}

// Probe returns what counts for a drill, nil where there is none.
func (t *Cluster) Probe() *probe {
	if t.Operators == nil {
		return nil
	}
	return t.Operators.probe
}

// dependencyNames returns the systems that the town has.
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

// config is what the instances have in common.
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

// ports are one instance's ways to everything it stands on, through faults.
func (t *Cluster) ports(i *fault.Instance, sealer wallet.Sealer, ledger wallet.Ledger) (node.Ports, error) {
	link := func(name string) fault.Link { return t.Dependencies[name].Link(i) }
	probe := t.Probe()
	p := node.Ports{
		Clock:       i,
		Identities:  intercept.Identities(t.Identities, link("identity")),
		Orders:      intercept.Orders(probed(probe, intercept.Orders, wallet.Orders(t.Orders)), link("orders")),
		OpenOrders:  intercept.OpenOrders(probed(probe, intercept.OpenOrders, wallet.OpenOrders(t.Orders)), link("orders")),
		Budgets:     intercept.Budgets(t.Budgets, link("budget")),
		Tokens:      fault.Tokens(probed(probe, intercept.Tokens, wallet.Tokens(t.Tokens)), link("tokens"), t.gates),
		Backlog:     fault.Backlog(probed(probe, intercept.Backlog, wallet.Backlog(t.Backlog)), link("backlog"), t.gates),
		Ledger:      intercept.Ledger(probed(probe, intercept.Ledger, ledger), link("ledger")),
		Withdrawals: intercept.Withdrawals(probed(probe, intercept.Withdrawals, wallet.Withdrawals(t.Withdrawals)), link("withdrawals")),
		Bank:        intercept.Bank(probed(probe, intercept.Bank, wallet.Bank(t.Bank)), link("bank")),
		Sealer:      sealer,
		Settings:    func() wallet.Settings { return t.Settings },
		Alarm:       func(k wallet.AlarmKind, _ string) { t.Alarms[k]++ },
	}
	if t.days != nil {
		p.Days = intercept.Days(t.days, link("withdrawals"))
	}
	if t.Packets != nil {
		p.Packets = intercept.Packets(probed(probe, intercept.Packets, wallet.Packets(t.Packets)), link("packets"))
	}
	if t.RewardBackends == nil {
		return p, nil
	}
	err := t.RewardBackends.fit(i, &p)
	return p, err
}

// skew draws how far an instance's clock is off.
func skew(s *scenarios.Scenario, stream *world.Stream) time.Duration {
	for _, f := range s.Faults {
		if f.Kind == scenarios.FaultSkew && f.Skew > 0 {
			return time.Duration(stream.IntN(int64(2*f.Skew)+1)) - f.Skew
		}
	}
	return 0
}

// alive returns the n-th instance, or the next one after it that is up; nil when none is.
func (t *Cluster) alive(n int) *instance {
	for k := range t.Instances {
		if i := t.Instances[(n+k)%len(t.Instances)]; i.Up() {
			return i
		}
	}
	return nil
}

// NewSealer returns the tokens' sealer: the real one, or the modelled one with a share of real ones among them.
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

// control returns who may withdraw, and how much in a day (B7). The white list names people; the wallet knows them by their
// wallets.
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

// Register tells the account centre of an account and its phone, without passing through the world.
func (t *Cluster) Register(ctx context.Context, a wallet.Account, p wallet.Phone) error {
	_, err := identity.New(t.Identities, WorldClock{t.world}).Bind(ctx, a, p)
	return err
}

// Crypto says how tokens are sealed.
type Crypto string

// The two ways. Modelled still seals the scenario's share of tokens for real.
const (
	CryptoReal     Crypto = "real"
	CryptoModelled Crypto = "modelled"
)
