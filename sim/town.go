package sim

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

// town is the service side of the world: the stores, and the instances that stand on them through faults.
type town struct {
	world    *world.World
	scenario *scenarios.Scenario
	strategy wallet.Strategy

	identities  *mem.Identities
	orders      *mem.Orders
	budgets     *mem.Budgets
	backlog     *mem.Backlog
	tokens      *mem.Tokens
	ledger      *mem.Ledger
	withdrawals *mem.Withdrawals
	days        *mem.WithdrawalDays // nil: there is no limit of the day
	bank        *bank
	settings    wallet.Settings // of all instances
	packets     *mem.Packets    // nil: nobody sends any
	shops       *shops          // nil: cash alone is granted
	ops         *ops            // nil: no operator throws anything

	gates     *fault.Gates
	client    *fault.Dependency
	needs     map[string]*fault.Dependency
	instances []*instance
	alarms    map[wallet.AlarmKind]int64

	tokensLost func(onTheWay time.Duration) // told when the server's copies of tokens may be gone
}

// instance is one service instance and the machine that it runs on.
type instance struct {
	*fault.Instance
	node  *node.Node
	ports node.Ports
	desk  *desk // nil: no operator throws anything
}

// lease is how long a poster may hold a batch before another one may take it. Ours: a few times what a batch takes
// when every step needs all its tries.
const lease = 10 * time.Second

// costAccounts is how many sub-accounts share a stage's cost account, so that no row is hot. Ours.
const costAccounts = 16

// syncShare is the part of the ledger's rate that grants may take under StrategySync; the rest is for withdrawals.
const syncShare = 0.95

// worldClock is the ledger's own clock.
type worldClock struct{ *world.World }

// Now implements wallet.Clock.
func (c worldClock) Now() wallet.Instant {
	return wallet.Instant(c.World.Now() / int64(time.Microsecond))
}

// newTown builds the stores and the instances.
func newTown(w *world.World, s *scenarios.Scenario, strategy wallet.Strategy, sealer wallet.Sealer, m *meter, tr *traffic.Traffic) (*town, error) {
	clock := worldClock{w}
	t := &town{
		world: w, scenario: s, strategy: strategy,
		identities: mem.NewIdentities(), orders: mem.NewOrders(), budgets: mem.NewBudgets(),
		backlog: mem.NewBacklog(clock, s.Capacity.PosterShards, lease),
		ledger:  mem.NewLedger(clock, costAccounts), withdrawals: mem.NewWithdrawals(), bank: newBank(s.Withdraw.Declined),
		gates: fault.NewGates(w, s.Capacity.PosterShards), needs: map[string]*fault.Dependency{},
		alarms: map[wallet.AlarmKind]int64{},
	}
	t.tokens = mem.NewTokens(t.backlog)
	if s.Withdraw.Limited() {
		t.days = mem.NewWithdrawalDays()
	}
	if s.HasPackets() {
		t.packets = mem.NewPackets()
	}
	if s.HasItems() {
		var err error
		if t.shops, err = newShops(t); err != nil {
			return nil, fmt.Errorf("sim: %w", err)
		}
	}
	t.ops = newOps(t)
	for _, name := range t.dependencies() {
		var q *fault.Queue
		if name == "ledger" {
			q = fault.NewQueue(s.Capacity.LedgerTPS(), s.Capacity.LedgerQueue)
		}
		t.needs[name] = fault.NewDependency(w, name, s, q)
	}
	t.client = t.needs["client"]
	var err error
	if t.settings, err = t.control(tr); err != nil {
		return nil, fmt.Errorf("sim: white list: %w", err)
	}
	skews := w.Stream("skew")
	for range s.Capacity.NodeInstances {
		i, err := t.instance(fault.NewInstance(w, skew(s, skews)), sealer, m)
		if err != nil {
			return nil, fmt.Errorf("sim: %w", err)
		}
		t.instances = append(t.instances, i)
	}
	return t, nil
}

// instance composes one instance on its machine.
func (t *town) instance(i *fault.Instance, sealer wallet.Sealer, m *meter) (*instance, error) {
	ports, err := t.ports(i, sealer, intercept.Ledger(t.ledger, postMeter{meter: m}))
	if err != nil {
		return nil, err
	}
	one := &instance{Instance: i}
	if t.ops != nil {
		if one.desk, err = t.ops.fit(i, len(t.instances), &ports); err != nil {
			return nil, err
		}
	}
	one.ports = ports
	if one.node, err = node.New(t.config(t.scenario.Activity), ports); err != nil || t.scenario.Change == nil {
		return one, err
	}
	late := one.node
	one.node, err = node.New(t.config(t.scenario.Before()), ports)
	t.world.At(max(t.learns(len(t.instances)), t.world.Now()), func() { one.node = late })
	return one, err
}

// learns returns when the n-th instance learns that a stage begins at another moment (A2), in Unix nanoseconds: every
// other one before the rest. What it is doing then it ends by what it knew.
func (t *town) learns(n int) int64 {
	if n%2 == 0 {
		return t.scenario.Change.Known.UnixNano()
	}
	return t.scenario.Change.Everywhere.UnixNano()
}

// probe returns what counts for a drill, nil where there is none.
func (t *town) probe() *probe {
	if t.ops == nil {
		return nil
	}
	return t.ops.probe
}

// dependencies returns the systems that the town has.
func (t *town) dependencies() []string {
	return slices.DeleteFunc(slices.Clone(scenarios.Dependencies), func(name string) bool {
		switch name {
		case "items", "stock", "downstreams":
			return t.shops == nil
		case "packets":
			return t.packets == nil
		case "config", "locks", "limits", "totals":
			return t.ops == nil
		}
		return false
	})
}

// config is what the instances have in common.
func (t *town) config(tree wallet.Activity) node.Config {
	tps := t.scenario.Capacity.LedgerTPS()
	return node.Config{
		Strategy:  t.strategy,
		Activity:  tree,
		Instances: t.scenario.Capacity.NodeInstances,
		SyncLimit: syncShare * float64(tps.Num) / float64(tps.Den),
		Batch:     t.scenario.Capacity.PostingBatch,
	}
}

// ports are one instance's ways to everything it stands on, through faults.
func (t *town) ports(i *fault.Instance, sealer wallet.Sealer, ledger wallet.Ledger) (node.Ports, error) {
	link := func(name string) fault.Link { return t.needs[name].Link(i) }
	probe := t.probe()
	p := node.Ports{
		Clock:       i,
		Identities:  intercept.Identities(t.identities, link("identity")),
		Orders:      intercept.Orders(probed(probe, intercept.Orders, wallet.Orders(t.orders)), link("orders")),
		OpenOrders:  intercept.OpenOrders(probed(probe, intercept.OpenOrders, wallet.OpenOrders(t.orders)), link("orders")),
		Budgets:     intercept.Budgets(t.budgets, link("budget")),
		Tokens:      fault.Tokens(probed(probe, intercept.Tokens, wallet.Tokens(t.tokens)), link("tokens"), t.gates),
		Backlog:     fault.Backlog(probed(probe, intercept.Backlog, wallet.Backlog(t.backlog)), link("backlog"), t.gates),
		Ledger:      intercept.Ledger(probed(probe, intercept.Ledger, ledger), link("ledger")),
		Withdrawals: intercept.Withdrawals(probed(probe, intercept.Withdrawals, wallet.Withdrawals(t.withdrawals)), link("withdrawals")),
		Bank:        intercept.Bank(probed(probe, intercept.Bank, wallet.Bank(t.bank)), link("bank")),
		Sealer:      sealer,
		Settings:    func() wallet.Settings { return t.settings },
		Alarm:       func(k wallet.AlarmKind, _ string) { t.alarms[k]++ },
	}
	if t.days != nil {
		p.Days = intercept.Days(t.days, link("withdrawals"))
	}
	if t.packets != nil {
		p.Packets = intercept.Packets(probed(probe, intercept.Packets, wallet.Packets(t.packets)), link("packets"))
	}
	if t.shops == nil {
		return p, nil
	}
	err := t.shops.fit(i, &p)
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
func (t *town) alive(n int) *instance {
	for k := range t.instances {
		if i := t.instances[(n+k)%len(t.instances)]; i.Up() {
			return i
		}
	}
	return nil
}

// newSealer returns the tokens' sealer: the real one, or the modelled one with a share of real ones among them.
func newSealer(crypto Crypto, share scenarios.Ratio, random io.Reader) (wallet.Sealer, error) {
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
func (t *town) control(tr *traffic.Traffic) (wallet.Settings, error) {
	w := t.scenario.Withdraw
	out := wallet.Settings{Release: wallet.Release{Num: w.Release.Num, Den: w.Release.Den}, WithdrawPerDay: w.PerDay, WithdrawTimes: w.Times}
	ctx, accounts := context.Background(), identity.New(t.identities, worldClock{t.world})
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

// enrol tells the account centre of an account and its phone, without passing through the world.
func (t *town) enrol(ctx context.Context, a wallet.Account, p wallet.Phone) error {
	_, err := identity.New(t.identities, worldClock{t.world}).Bind(ctx, a, p)
	return err
}
