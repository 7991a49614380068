// Package fault puts latency, capacity and faults between a service instance and its ports. A Link is the hook that does it
// (reference/intercept): it sleeps in virtual time before the port is called. So at every port call other processes may run,
// an answer may be lost, and the instance may crash.
//
// Durations are virtual. The package decides nothing about money: it only causes the faults of the scenario.
package fault

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/intercept"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// Dependency is one system that instances call: its latency, its capacity and its faults.
type Dependency struct {
	world    *world.World
	stream   *world.Stream
	latency  scenarios.Latency
	timeout  time.Duration
	queue    *Queue // nil: unlimited capacity
	timeouts []scenarios.Fault
	downs    []scenarios.Fault
	stats    Stats
}

// Stats counts the calls of a dependency, and those of them that a fault or its capacity affected.
type Stats struct{ Calls, TimedOut, Refused, Down int64 }

// callTimeout is how long an instance waits for a dependency, not counting the wait in its queue. Ours: well above the
// maximum of every latency and well below the timeout of a client.
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

// Stats returns the counts so far.
func (d *Dependency) Stats() Stats { return d.stats }

// Timeout returns how long a caller waits for an answer before the outcome is unknown.
func (d *Dependency) Timeout() time.Duration { return d.timeout }

// outcome is what happens to one call.
type outcome uint8

const (
	answered    outcome = iota
	lost                // never arrived: not applied
	unanswered          // applied, but the answer got lost
	appliedLate         // applied after the caller gave up
	refused             // not applied, and refused at once
)

// draw draws the outcome of the next call.
func (d *Dependency) draw() outcome {
	now := d.world.Now()
	for i := range d.downs {
		if within(&d.downs[i], now) {
			d.stats.Down++
			return refused
		}
	}
	for i := range d.timeouts {
		f := &d.timeouts[i]
		if !within(f, now) || !d.stream.Hit(f.Ratio.Num, f.Ratio.Den) {
			continue
		}
		d.stats.TimedOut++
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

// within reports whether a fault is on.
func within(f *scenarios.Fault, now int64) bool {
	return f.From.UnixNano() <= now && (f.To.IsZero() || now < f.To.UnixNano())
}

// delay draws a latency.
func (d *Dependency) delay() time.Duration {
	return d.latency.Quantile(d.stream.IntN(scenarios.LatencyDraws))
}

// Link is the connection of one instance to a dependency: the hook through which it calls its ports.
type Link struct {
	*Dependency
	instance *Instance
}

var _ intercept.Hook = Link{}

// Link returns the instance's connection to the dependency.
func (d *Dependency) Link(i *Instance) Link { return Link{d, i} }

// Before implements intercept.Hook: it draws what happens to the call, and waits until the call reaches the store. A call
// costs as many units of the capacity as it writes records; reads cost none, because they go to replicas. The note of a call
// whose answer gets lost has the time that its caller still waits.
func (l Link) Before(_ context.Context, c intercept.Call) (intercept.Note, error) {
	l.instance.check()
	l.stats.Calls++
	what, wait := l.draw(), time.Duration(0)
	if l.queue != nil && c.Writes > 0 && what != refused {
		var ok bool
		if wait, ok = l.queue.Enter(l.world.Now(), c.Writes); !ok {
			l.stats.Refused++
			l.sleep(l.delay())
			return intercept.Note{}, wallet.ErrOverloaded
		}
	}
	switch what {
	case answered:
		l.sleep(wait + l.delay())
		return intercept.Note{}, nil
	case unanswered:
		took := wait + l.delay()
		l.sleep(took)
		return intercept.Note{N: int64(l.timeout - took), Flag: true}, nil
	case appliedLate:
		return intercept.Note{}, l.postpone(wait)
	case refused:
		l.sleep(l.delay())
		return intercept.Note{}, wallet.ErrUnavailable
	}
	l.sleep(l.timeout)
	return intercept.Note{}, l.unknown()
}

// After implements intercept.Hook: where the answer gets lost, the caller waits for it and the outcome is unknown.
func (l Link) After(_ context.Context, _ intercept.Call, n intercept.Note, a intercept.Answer) error {
	if !n.Flag {
		return a.Err
	}
	l.sleep(time.Duration(n.N))
	return l.unknown()
}

// Release implements intercept.Hook.
func (l Link) Release() {}

// postpone has the call made after its caller has given up.
func (l Link) postpone(wait time.Duration) *intercept.Postponed {
	late := l.timeout + wait + time.Duration(l.stream.IntN(int64(4*l.timeout)))
	return &intercept.Postponed{Schedule: func(call func()) error {
		l.world.At(l.world.Now()+int64(late), call)
		l.sleep(l.timeout)
		return l.unknown()
	}}
}

func (l Link) unknown() error {
	return fmt.Errorf("%w: no answer in %s", wallet.ErrUnknown, l.timeout)
}

// Call makes one call of a port that has no wrapper in reference/intercept. weight is its cost in units of the dependency's
// capacity. apply is the real call; it may run after Call has returned, so it must own what it uses.
func (l Link) Call(weight int64, apply func() error) error {
	return intercept.Do(context.Background(), l, intercept.Call{Writes: weight}, apply)
}

// sleep passes virtual time and then checks that the instance still runs.
func (l Link) sleep(d time.Duration) {
	l.world.Sleep(d)
	l.instance.check()
}

// Ask carries a client's request to an instance and the answer back. The client waits no longer than patience.
// wallet.ErrUnavailable: the request was not sent. wallet.ErrUnknown: no answer in time; serve may have run or may still
// run.
func (d *Dependency) Ask(patience time.Duration, serve func() error) error {
	d.stats.Calls++
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
