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

// operators is what operators have in a town: a config centre with the switches that they throw, locks, common counts, the running
// total, and in a drill what is measured of it. A town in which nobody throws anything has none.
type operators struct {
	cluster  *Cluster
	probe    *probe // nil: the scenario is no drill
	Measured *drills.Measured
	leases   *mem.Leases
	permits  *mem.Permits
	primary  *mem.Totals
	backup   *mem.Totals
	asked    map[string]int64 // calls of each dependency when the present phase began
}

// controls is what one instance has of it.
type controls struct {
	name     string
	set      *degrade.Set
	guard    *degrade.Guard
	settings wallet.Settings
	config   fault.Link
	locks    fault.Link
	writer   *runningtotal.Writer
	reader   *runningtotal.Reader
	twofold  *runningtotal.Replicated
	shown    wallet.Money // of the running total, at the last look
}

// How the operators' town goes. Ours.
const (
	configEvery = time.Second      // an instance reads the config centre this often, and the running total
	drillChores = 10 * time.Second // so that a drill of a minute sees chores before, while and after
	lockTTL     = 15 * time.Second
	shortPage   = 1
)

// newOperators returns the operators of a town, or nil.
func newOperators(t *Cluster) *operators {
	s := t.Scenario
	if len(s.Switches) == 0 && s.Drill == nil {
		return nil
	}
	clock := WorldClock{t.world}
	o := &operators{cluster: t, leases: mem.NewLeases(clock), permits: mem.NewPermits(), primary: mem.NewTotals(), backup: mem.NewTotals()}
	if s.Drill != nil {
		o.Measured = drills.New(*s.Drill, s.Windows[0].Start, s.End())
		o.probe = &probe{world: t.world, measured: o.Measured}
	}
	return o
}

// fit gives an instance its desk.
func (o *operators) fit(i *fault.Instance, n int, p *node.Ports) (*controls, error) {
	link := func(name string) fault.Link { return o.cluster.Dependencies[name].Link(i) }
	d := &controls{name: fmt.Sprintf("instance-%d", n), set: degrade.NewSet(i), config: link("config"), locks: link("locks")}
	d.settings = o.cluster.Settings
	d.settings.ShortPage = shortPage
	p.Switched, p.Watch, p.Settings = d.set.On, d.set.Watch, func() wallet.Settings { return d.settings }
	p.Permits = intercept.Permits(probed(o.probe, intercept.Permits, wallet.Permits(o.permits)), link("limits"))
	var err error
	if d.guard, err = degrade.NewGuard(d.set, i, degrade.DefaultRules()); err != nil {
		return nil, err
	}
	d.protect(p)
	totals := func(store *mem.Totals, name string) runningtotal.CentralStore {
		return intercept.Totals(intercept.Totals(store, link("totals")), totalsProbe{probe: o.probe, name: name})
	}
	d.twofold = runningtotal.NewReplicated(totals(o.primary, drills.TotalPrimary), totals(o.backup, drills.TotalBackup))
	d.writer = runningtotal.NewWriter(d.name, d.twofold)
	var stages []wallet.Stage
	for _, c := range o.cluster.Scenario.Activity.Children {
		stages = append(stages, c.Stage)
	}
	if d.reader, err = runningtotal.NewReader(d.twofold, stages...); err != nil {
		return nil, err
	}
	p.Ledger = runningtotal.CountingLedger{Ledger: p.Ledger, Writer: d.writer}
	return d, nil
}

// start sets the operators' chores to work.
func (o *operators) start(ctx context.Context) {
	for n, i := range o.cluster.Instances {
		first := o.cluster.world.Now() + int64(configEvery)*int64(n)/int64(len(o.cluster.Instances)) // not all at once
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
	o.asked = map[string]int64{}
	for at, phase := range map[time.Time]drills.Phase{o.cluster.Scenario.Windows[0].Start: drills.Between, d.From: drills.Before, d.To: drills.On} {
		o.cluster.world.At(at.UnixNano(), func() { o.ask(phase) })
	}
	o.cluster.world.At(d.From.Add(d.To.Sub(d.From)/2).UnixNano(), o.look)
}

// ask notes how often each dependency was asked in the phase that ends now.
func (o *operators) ask(ends drills.Phase) {
	for name, d := range o.cluster.Dependencies {
		o.Measured.Count(ends, "asked "+name, d.Stats().Calls-o.asked[name])
		o.asked[name] = d.Stats().Calls
	}
}

// look notes how many instances have the switch on.
func (o *operators) look() {
	for _, i := range o.cluster.Instances {
		if o.Measured.Instances++; i.controls.set.On(o.cluster.Scenario.Drill.Switch) {
			o.Measured.Seen++
		}
	}
}

// Judge says whether the drilled switch kept its promise.
func (o *operators) Judge() reports.Check {
	o.ask(drills.After)
	return o.Measured.Judge()
}

// refresh is what an instance does every second: it reads what operators have thrown, and keeps its part of the total.
func (o *operators) refresh(ctx context.Context, i *instance) {
	d := i.controls
	err := d.config.Call(0, func() error {
		o.probe.count(drills.ConfigRead)
		d.set.Apply(o.thrown())
		return nil
	})
	d.set.Watch(wallet.SwitchLocalConfig, "config centre", err)
	i.Node.DistrustTokens(d.set.On(wallet.SwitchDistrustTokens))
	d.twofold.UseBackup(d.set.On(wallet.SwitchTotalsBackup))
	if d.writer.Flush(ctx) != nil || d.reader.Refresh(ctx) != nil {
		return // the next round does it
	}
	sum, _ := d.reader.Total(wallet.Official)
	if sum < d.shown {
		o.probe.count(drills.TotalBack)
	}
	d.shown = sum
}

// thrown returns what operators have on at the moment.
func (o *operators) thrown() map[wallet.Switch]bool {
	on, now := map[wallet.Switch]bool{}, time.Unix(0, o.cluster.world.Now())
	for _, s := range o.cluster.Scenario.Switches {
		if !now.Before(s.On) && now.Before(s.Off) {
			on[s.Switch] = true
		}
	}
	return on
}

// alone says whether an instance should do the chores. Where the lock cannot be asked it does, and where operators say so.
func (o *operators) alone(ctx context.Context, i *instance) bool {
	d := i.controls
	if d.set.ByOperator(wallet.SwitchSkipLocks) {
		return true
	}
	mine := false
	err := d.locks.Call(0, func() (err error) {
		o.probe.count(drills.LocksHold)
		mine, err = o.leases.Hold(ctx, "chores", d.name, lockTTL)
		return err
	})
	d.set.Watch(wallet.SwitchSkipLocks, "locks", err)
	return mine || err != nil
}

// heardWithin is how long after operators have turned a switch off the last instance hears of it, at the latest. Ours: some
// reads of the config centre, of which a few may fail.
const heardWithin = 5 * time.Second

// MayBeOn returns when a scenario's switches may be on, for the oracle; nil: none ever is.
func MayBeOn(s *scenarios.Scenario) func(wallet.Switch, wallet.Instant, wallet.Instant) bool {
	if len(s.Switches) == 0 {
		return nil
	}
	return func(name wallet.Switch, from, to wallet.Instant) bool {
		return slices.ContainsFunc(s.Switches, func(t scenarios.SwitchTurn) bool {
			return t.Switch == name && wallet.InstantOf(t.On) <= to && wallet.InstantOf(t.Off.Add(heardWithin)) >= from
		})
	}
}

// chores is the chores of a town with operators: each instance does them in turn if it holds the lock, and every one of
// them where nobody can ask for it.
func (o *operators) chores(ctx context.Context) {
	for {
		o.cluster.world.Sleep(drillChores)
		o.cluster.gates.RingAll()
		for _, i := range o.cluster.Instances {
			_ = i.Run(func() error {
				if o.alone(ctx, i) {
					o.probe.count(drills.Chores)
					o.cluster.chore(ctx, i)
				}
				return nil
			})
		}
	}
}
