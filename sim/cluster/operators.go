package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hongbao/reference/degrade"
	"hongbao/reference/intercept"
	"hongbao/reference/node"
	"hongbao/reference/runningtotal"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim/drills"
	"hongbao/sim/fault"
)

// operators holds what a scenario with switches or a drill adds to the cluster: the config centre, the locks, the common
// permit counts, the running total, and the measurements of a drill.
type operators struct {
	cluster  *Cluster
	calls    *callCounter // nil: the scenario is no drill
	Measured *drills.Measured
	leases   *mem.Leases
	permits  *mem.Permits
	primary  *mem.Totals
	backup   *mem.Totals

	callsBefore map[string]int64 // calls of each dependency before the current phase
}

// controls is one instance's switches, locks and running total.
type controls struct {
	name     string
	set      *degrade.Set
	guard    *degrade.Guard
	settings wallet.Settings
	config   fault.Link
	locks    fault.Link
	writer   *runningtotal.Writer
	reader   *runningtotal.Reader
	totals   *runningtotal.Replicated

	lastTotal wallet.Money // the running total, as last read
}

// Intervals of clusters with operators. Our choice.
const (
	configEvery     = time.Second      // of reading the config centre and the running total
	drillChoreEvery = 10 * time.Second // so that a drill of a minute has chores before, during and after it
	lockTTL         = 15 * time.Second
	shortPage       = 1
)

// newOperators returns the operators of a cluster, or nil if its scenario has no switches and no drill.
func newOperators(t *Cluster) *operators {
	s := t.Scenario
	if len(s.Switches) == 0 && s.Drill == nil {
		return nil
	}
	clock := WorldClock{t.world}
	o := &operators{cluster: t, leases: mem.NewLeases(clock), permits: mem.NewPermits(), primary: mem.NewTotals(), backup: mem.NewTotals()}
	if s.Drill != nil {
		o.Measured = drills.New(*s.Drill, s.Windows[0].Start, s.End())
		o.calls = &callCounter{world: t.world, measured: o.Measured}
	}
	return o
}

// connect gives an instance its controls, and puts breakers and counters around its ports.
func (o *operators) connect(i *fault.Instance, n int, p *node.Ports) (*controls, error) {
	link := func(name string) fault.Link { return o.cluster.Dependencies[name].Link(i) }
	d := &controls{name: fmt.Sprintf("instance-%d", n), set: degrade.NewSet(i), config: link("config"), locks: link("locks")}
	d.settings = o.cluster.Settings
	d.settings.ShortPage = shortPage
	p.Switched, p.Watch, p.Settings = d.set.On, d.set.Watch, func() wallet.Settings { return d.settings }
	p.Permits = intercept.Permits(counted(o.calls, intercept.Permits, wallet.Permits(o.permits)), link("limits"))
	var err error
	if d.guard, err = degrade.NewGuard(d.set, i, degrade.DefaultRules()); err != nil {
		return nil, err
	}
	d.protect(p)
	totals := func(store *mem.Totals, name string) runningtotal.CentralStore {
		return intercept.Totals(intercept.Totals(store, link("totals")), totalsCounter{calls: o.calls, name: name})
	}
	d.totals = runningtotal.NewReplicated(totals(o.primary, drills.TotalPrimary), totals(o.backup, drills.TotalBackup))
	d.writer = runningtotal.NewWriter(d.name, d.totals)
	var stages []wallet.Stage
	for _, c := range o.cluster.Scenario.Activity.Children {
		stages = append(stages, c.Stage)
	}
	if d.reader, err = runningtotal.NewReader(d.totals, stages...); err != nil {
		return nil, err
	}
	p.Ledger = runningtotal.CountingLedger{Ledger: p.Ledger, Writer: d.writer}
	return d, nil
}

// start starts the instances' refreshes and schedules the measurements of the drill.
func (o *operators) start(ctx context.Context) {
	for n, i := range o.cluster.Instances {
		first := o.cluster.world.Now() + int64(configEvery)*int64(n)/int64(len(o.cluster.Instances)) // the instances take turns
		o.cluster.world.Go(first, func() {
			for {
				_ = i.Run(func() error { o.refresh(ctx, i); return nil })
				o.cluster.world.Sleep(configEvery)
			}
		})
	}
	d := o.cluster.Scenario.Drill
	if d == nil {
		return
	}
	o.callsBefore = map[string]int64{}
	for at, phase := range map[time.Time]drills.Phase{o.cluster.Scenario.Windows[0].Start: drills.Between, d.From: drills.Before, d.To: drills.On} {
		o.cluster.world.At(at.UnixNano(), func() { o.countCalls(phase) })
	}
	o.cluster.world.At(d.From.Add(d.To.Sub(d.From)/2).UnixNano(), o.countInstances)
}

// countCalls records the number of calls of each dependency in the phase that ends now.
func (o *operators) countCalls(ends drills.Phase) {
	for name, d := range o.cluster.Dependencies {
		o.Measured.Count(ends, "asked "+name, d.Stats().Calls-o.callsBefore[name])
		o.callsBefore[name] = d.Stats().Calls
	}
}

// countInstances counts the instances in which the switch is on.
func (o *operators) countInstances() {
	for _, i := range o.cluster.Instances {
		if o.Measured.Instances++; i.controls.set.On(o.cluster.Scenario.Drill.Switch) {
			o.Measured.Seen++
		}
	}
}

// Judge checks whether the drilled switch kept its promise.
func (o *operators) Judge() reports.Check {
	o.countCalls(drills.After)
	return o.Measured.Judge()
}

// refresh is an instance's work of every second: it reads the switches and updates the running total.
func (o *operators) refresh(ctx context.Context, i *instance) {
	d := i.controls
	err := d.config.Call(0, func() error {
		o.calls.count(drills.ConfigRead)
		d.set.Apply(o.turnedOn())
		return nil
	})
	d.set.Watch(wallet.SwitchLocalConfig, "config centre", err)
	i.Node.DistrustTokens(d.set.On(wallet.SwitchDistrustTokens))
	d.totals.UseBackup(d.set.On(wallet.SwitchTotalsBackup))
	if d.writer.Flush(ctx) != nil || d.reader.Refresh(ctx) != nil {
		return // the next round retries
	}
	sum, _ := d.reader.Total(wallet.Official)
	if sum < d.lastTotal {
		o.calls.count(drills.TotalBack)
	}
	d.lastTotal = sum
}

// turnedOn returns the switches that operators have on now.
func (o *operators) turnedOn() map[wallet.Switch]bool {
	on, now := map[wallet.Switch]bool{}, time.Unix(0, o.cluster.world.Now())
	for _, s := range o.cluster.Scenario.Switches {
		if !now.Before(s.On) && now.Before(s.Off) {
			on[s.Switch] = true
		}
	}
	return on
}

// shouldRun reports whether an instance should do the chores: it holds the lock, or the lock is unreachable or turned off.
func (o *operators) shouldRun(ctx context.Context, i *instance) bool {
	d := i.controls
	if d.set.ByOperator(wallet.SwitchSkipLocks) {
		return true
	}
	mine := false
	err := d.locks.Call(0, func() (err error) {
		o.calls.count(drills.LocksHold)
		mine, err = o.leases.Hold(ctx, "chores", d.name, lockTTL)
		return err
	})
	d.set.Watch(wallet.SwitchSkipLocks, "locks", err)
	return mine || err != nil
}

// readWithin bounds the time until the last instance has read that a switch was turned off. Our choice: a few reads of the
// config centre, of which some may fail.
const readWithin = 5 * time.Second

// MayBeOn returns a function that reports whether a switch may be on at some time of an interval, for the oracle; nil: no
// switch ever is.
func MayBeOn(s *scenarios.Scenario) func(wallet.Switch, wallet.Instant, wallet.Instant) bool {
	if len(s.Switches) == 0 {
		return nil
	}
	return func(name wallet.Switch, from, to wallet.Instant) bool {
		return slices.ContainsFunc(s.Switches, func(t scenarios.SwitchPeriod) bool {
			return t.Switch == name && wallet.InstantOf(t.On) <= to && wallet.InstantOf(t.Off.Add(readWithin)) >= from
		})
	}
}

// chores is the loop of the chores in a cluster with operators: the instance that holds the lock does them, or every
// instance if the lock is unreachable.
func (o *operators) chores(ctx context.Context) {
	for {
		o.cluster.world.Sleep(drillChoreEvery)
		o.cluster.gates.RingAll()
		for _, i := range o.cluster.Instances {
			_ = i.Run(func() error {
				if o.shouldRun(ctx, i) {
					o.calls.count(drills.Chores)
					o.cluster.chore(ctx, i)
				}
				return nil
			})
		}
	}
}
