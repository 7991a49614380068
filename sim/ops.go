package sim

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

// ops is what operators have in a town: a config centre with the switches that they throw, locks, common counts, the running
// total, and in a drill what is measured of it. A town in which nobody throws anything has none.
type ops struct {
	town     *town
	probe    *probe // nil: the scenario is no drill
	measured *drills.Measured
	leases   *mem.Leases
	permits  *mem.Permits
	primary  *mem.Totals
	backup   *mem.Totals
	asked    map[string]int64 // calls of each dependency when the present phase began
}

// desk is what one instance has of it.
type desk struct {
	name     string
	set      *degrade.Set
	guard    *degrade.Guard
	settings wallet.Settings
	config   fault.Link
	locks    fault.Link
	writer   *runningtotal.Writer
	reader   *runningtotal.Reader
	twofold  *runningtotal.Twofold
	shown    wallet.Money // of the running total, at the last look
}

// How the operators' town goes. Ours.
const (
	configEvery = time.Second      // an instance reads the config centre this often, and the running total
	drillChores = 10 * time.Second // so that a drill of a minute sees chores before, while and after
	lockTTL     = 15 * time.Second
	shortPage   = 1
)

// newOps returns the operators of a town, or nil.
func newOps(t *town) *ops {
	s := t.scenario
	if len(s.Switches) == 0 && s.Drill == nil {
		return nil
	}
	clock := worldClock{t.world}
	o := &ops{town: t, leases: mem.NewLeases(clock), permits: mem.NewPermits(), primary: mem.NewTotals(), backup: mem.NewTotals()}
	if s.Drill != nil {
		o.measured = drills.New(*s.Drill, s.Windows[0].Start, s.End())
		o.probe = &probe{world: t.world, measured: o.measured}
	}
	return o
}

// fit gives an instance its desk.
func (o *ops) fit(i *fault.Instance, n int, p *node.Ports) (*desk, error) {
	link := func(name string) fault.Link { return o.town.needs[name].Link(i) }
	d := &desk{name: fmt.Sprintf("instance-%d", n), set: degrade.NewSet(i), config: link("config"), locks: link("locks")}
	d.settings = o.town.settings
	d.settings.ShortPage = shortPage
	p.Switched, p.Watch, p.Settings = d.set.On, d.set.Watch, func() wallet.Settings { return d.settings }
	p.Permits = intercept.Permits(probed(o.probe, intercept.Permits, wallet.Permits(o.permits)), link("limits"))
	var err error
	if d.guard, err = degrade.NewGuard(d.set, i, degrade.DefaultRules()); err != nil {
		return nil, err
	}
	d.protect(p)
	totals := func(store *mem.Totals, name string) runningtotal.Central {
		return intercept.Totals(intercept.Totals(store, link("totals")), totalsProbe{probe: o.probe, name: name})
	}
	d.twofold = runningtotal.NewTwofold(totals(o.primary, drills.TotalPrimary), totals(o.backup, drills.TotalBackup))
	d.writer = runningtotal.NewWriter(d.name, d.twofold)
	var stages []wallet.Stage
	for _, c := range o.town.scenario.Activity.Children {
		stages = append(stages, c.Stage)
	}
	if d.reader, err = runningtotal.NewReader(d.twofold, stages...); err != nil {
		return nil, err
	}
	p.Ledger = runningtotal.Counted{Ledger: p.Ledger, Writer: d.writer}
	return d, nil
}

// start sets the operators' chores to work.
func (o *ops) start(ctx context.Context) {
	for n, i := range o.town.instances {
		first := o.town.world.Now() + int64(configEvery)*int64(n)/int64(len(o.town.instances)) // not all at once
		o.town.world.Go(first, func() {
			for {
				_ = i.Run(func() error { o.refresh(ctx, i); return nil })
				o.town.world.Sleep(configEvery)
			}
		})
	}
	d := o.town.scenario.Drill
	if d == nil {
		return
	}
	o.asked = map[string]int64{}
	for at, phase := range map[time.Time]drills.Phase{o.town.scenario.Windows[0].Start: drills.Between, d.From: drills.Before, d.To: drills.On} {
		o.town.world.At(at.UnixNano(), func() { o.ask(phase) })
	}
	o.town.world.At(d.From.Add(d.To.Sub(d.From)/2).UnixNano(), o.look)
}

// ask notes how often each dependency was asked in the phase that ends now.
func (o *ops) ask(ends drills.Phase) {
	for name, d := range o.town.needs {
		o.measured.Count(ends, "asked "+name, d.Stats().Calls-o.asked[name])
		o.asked[name] = d.Stats().Calls
	}
}

// look notes how many instances have the switch on.
func (o *ops) look() {
	for _, i := range o.town.instances {
		if o.measured.Instances++; i.desk.set.On(o.town.scenario.Drill.Switch) {
			o.measured.Seen++
		}
	}
}

// judge says whether the drilled switch kept its promise.
func (o *ops) judge() reports.Check {
	o.ask(drills.After)
	return o.measured.Judge()
}

// refresh is what an instance does every second: it reads what operators have thrown, and keeps its part of the total.
func (o *ops) refresh(ctx context.Context, i *instance) {
	d := i.desk
	err := d.config.Call(0, func() error {
		o.probe.count(drills.ConfigRead)
		d.set.Apply(o.thrown())
		return nil
	})
	d.set.Watch(wallet.SwitchLocalConfig, "config centre", err)
	i.node.DistrustTokens(d.set.On(wallet.SwitchDistrustTokens))
	d.twofold.ReadBackup(d.set.On(wallet.SwitchTotalsBackup))
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
func (o *ops) thrown() map[wallet.Switch]bool {
	on, now := map[wallet.Switch]bool{}, time.Unix(0, o.town.world.Now())
	for _, s := range o.town.scenario.Switches {
		if !now.Before(s.On) && now.Before(s.Off) {
			on[s.Switch] = true
		}
	}
	return on
}

// alone says whether an instance should do the chores. Where the lock cannot be asked it does, and where operators say so.
func (o *ops) alone(ctx context.Context, i *instance) bool {
	d := i.desk
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

// mayBeOn returns when a scenario's switches may be on, for the oracle; nil: none ever is.
func mayBeOn(s *scenarios.Scenario) func(wallet.Switch, wallet.Instant, wallet.Instant) bool {
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
func (o *ops) chores(ctx context.Context) {
	for {
		o.town.world.Sleep(drillChores)
		o.town.gates.RingAll()
		for _, i := range o.town.instances {
			_ = i.Run(func() error {
				if o.alone(ctx, i) {
					o.probe.count(drills.Chores)
					o.town.chore(ctx, i)
				}
				return nil
			})
		}
	}
}
