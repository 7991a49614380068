// Package fault puts latency, capacity and faults between a service instance and the ports it stands on. A decorated
// call sleeps in virtual time and then makes the real one, so that every port call is a point where other processes
// interleave, where an answer can get lost, and where the instance can die.
//
// Durations are virtual. The package decides nothing about money; it only lets things go wrong as the scenario says.
package fault

import (
	"fmt"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// Dependency is one system that instances call: its latency, its capacity and what befalls it.
type Dependency struct {
	world    *world.World
	stream   *world.Stream
	latency  scenarios.Latency
	timeout  time.Duration
	queue    *Queue // nil: as much as anybody asks
	timeouts []scenarios.Fault
	downs    []scenarios.Fault
	hurt     Hurt
}

// Hurt counts what befell a dependency's calls.
type Hurt struct{ Calls, TimedOut, Refused, Down int64 }

// callTimeout is how long an instance waits for a dependency, beside what it waits in its queue. Ours: well above
// every latency's maximum and well below what a client waits.
const callTimeout = 500 * time.Millisecond

// NewDependency returns the dependency of that name as the scenario describes it.
func NewDependency(w *world.World, name string, s *scenarios.Scenario, q *Queue) *Dependency {
	d := &Dependency{world: w, stream: w.Stream("dependency " + name), latency: s.Latency[name], timeout: callTimeout, queue: q}
	for _, f := range s.Faults {
		switch {
		case f.Dependency != name:
		case f.Kind == scenarios.FaultTimeout:
			d.timeouts = append(d.timeouts, f)
		case f.Kind == scenarios.FaultDown:
			d.downs = append(d.downs, f)
		}
	}
	return d
}

// Hurt returns what befell the calls so far.
func (d *Dependency) Hurt() Hurt { return d.hurt }

// outcome is what becomes of one call.
type outcome uint8

const (
	answered    outcome = iota
	lost                // never arrived: not applied
	unanswered          // applied, the answer got lost
	appliedLate         // applied after the caller gave up
	refused             // not applied, said at once
)

// draw decides what becomes of the next call.
func (d *Dependency) draw() outcome {
	now := d.world.Now()
	for i := range d.downs {
		if within(&d.downs[i], now) {
			d.hurt.Down++
			return refused
		}
	}
	for i := range d.timeouts {
		f := &d.timeouts[i]
		if !within(f, now) || !d.stream.Hit(f.Ratio.Num, f.Ratio.Den) {
			continue
		}
		d.hurt.TimedOut++
		switch {
		case !d.stream.Hit(f.Applied.Num, f.Applied.Den):
			return lost
		case d.stream.Hit(1, 2):
			return unanswered
		}
		return appliedLate
	}
	return answered
}

// within says whether a fault is on.
func within(f *scenarios.Fault, now int64) bool {
	return f.From.UnixNano() <= now && (f.To.IsZero() || now < f.To.UnixNano())
}

// delay draws a latency.
func (d *Dependency) delay() time.Duration {
	return d.latency.Quantile(d.stream.IntN(scenarios.LatencyDraws))
}

// Link is one instance's way to a dependency.
type Link struct {
	*Dependency
	instance *Instance
}

// Link returns the instance's way to the dependency.
func (d *Dependency) Link(i *Instance) Link { return Link{d, i} }

// do makes one call that costs weight units of the dependency's capacity. apply is the real call; it may run after do
// has returned (applied late), so it must own what it uses.
func (l Link) do(weight int64, apply func() error) error {
	l.instance.check()
	l.hurt.Calls++
	wait, ok := time.Duration(0), true
	what := l.draw()
	if l.queue != nil && weight > 0 && what != refused {
		wait, ok = l.queue.enter(l.world.Now(), weight)
		if !ok {
			what = refused
			l.hurt.Refused++
		}
	}
	if what == refused {
		l.sleep(l.delay())
		if !ok {
			return wallet.ErrOverloaded
		}
		return wallet.ErrUnavailable
	}
	if what == answered {
		l.sleep(wait + l.delay())
		return apply()
	}
	l.fail(what, wait, apply)
	return fmt.Errorf("%w: no answer in %s", wallet.ErrUnknown, l.timeout)
}

// fail makes the caller wait in vain, with what it asked for done now, later or never.
func (l Link) fail(what outcome, wait time.Duration, apply func() error) {
	switch what {
	case unanswered:
		took := wait + l.delay()
		l.sleep(took)
		_ = apply()
		l.sleep(l.timeout - took)
	case appliedLate:
		late := l.timeout + wait + time.Duration(l.stream.IntN(int64(4*l.timeout)))
		l.world.At(l.world.Now()+int64(late), func() { _ = apply() })
		l.sleep(l.timeout)
	default:
		l.sleep(l.timeout)
	}
}

// sleep passes virtual time and then makes sure that the instance still lives.
func (l Link) sleep(d time.Duration) {
	l.world.Sleep(d)
	l.instance.check()
}

// Ask carries a client's request to an instance and its answer back, for a client that waits no longer than patience.
// wallet.ErrUnavailable: it never left. wallet.ErrUnknown: no answer in time, and serve may have run or may still.
func (d *Dependency) Ask(patience time.Duration, serve func() error) error {
	d.hurt.Calls++
	what, start := d.draw(), d.world.Now()
	switch what {
	case refused:
		d.world.Sleep(d.delay())
		return wallet.ErrUnavailable
	case lost:
		d.world.Sleep(patience)
		return wallet.ErrUnknown
	}
	d.world.Sleep(d.delay())
	err := serve()
	d.world.Sleep(d.delay())
	took := time.Duration(d.world.Now() - start)
	if what != answered || took > patience {
		d.world.Sleep(patience - took)
		return wallet.ErrUnknown
	}
	return err
}
