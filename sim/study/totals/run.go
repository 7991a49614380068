package totals

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hongbao/reference/runningtotal"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// The resolution of time.
const (
	grantTick   = 10 * time.Millisecond // grants of one tick are made at its end
	samplesEach = 10                    // samples per interval of the values that the readers show
	roamers     = 1000                  // people who read at another instance at each sample
	settled     = runningtotal.MinRepairInterval / runningtotal.Interval
)

// run is one design under the load, from the start of all instances to the end of all repairs.
type run struct {
	*scenarios.RunningTotal
	ctx    context.Context
	world  *world.World
	load   load
	design design
	figures
	truth  wallet.Money
	grants int64
	down   []bool                // by writer: crashed and not restarted
	open   []bool                // by reader: it answers people
	fresh  []int64               // by reader: time of the last successful refresh
	seen   [roamers]wallet.Money // by roamer: the value shown last
	people *world.Stream
	end    int64 // no task begins after it
}

// play runs a design. The result is a function of scenario, seed and design. The error is that of ctx or of start.
func play(ctx context.Context, r *scenarios.RunningTotal, seed uint64, start func(*world.World) (design, error)) (*run, error) {
	w := world.New(seed, time.Unix(0, 0))
	defer w.Close()
	d, err := start(w)
	if err != nil {
		return nil, err
	}
	p := &run{RunningTotal: r, ctx: ctx, world: w, load: newLoad(r, seed), design: d, truth: r.Before,
		down: make([]bool, r.Writers), open: make([]bool, r.Readers), fresh: make([]int64, r.Readers), people: w.Stream("people")}
	p.errorAfter = make([]wallet.Money, len(r.Rounds))
	p.staleIn = make([]time.Duration, len(r.Rounds))
	p.startTasks()
	at := int64(r.Interval) * warmIntervals
	for i := range r.Rounds {
		at = p.plan(i, at)
	}
	p.end = at
	p.planRepairs()
	w.Run(func() bool { return ctx.Err() != nil })
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("running total: %w", err)
	}
	p.finish()
	return p, nil
}

// warmIntervals is the time before the first round, in intervals: one in which each instance starts its tasks at its own moment,
// and another one until each has read once more.
const warmIntervals = 2

// startTasks starts the tasks of every instance, each at its own moment of the interval, and the samples.
func (p *run) startTasks() {
	for i, at := range p.phases("writers", p.Writers) {
		p.every(at, p.Interval, func() {
			if !p.down[i] {
				p.design.flush(p.ctx, i)
			}
		})
	}
	for i, at := range p.phases("readers", p.Readers) {
		p.world.Go(at, func() { p.join(i) })
		p.every(at+int64(p.Interval), p.Interval, func() { p.refresh(i) })
	}
	p.every(int64(p.Interval), p.Interval/samplesEach, p.sample)
}

// phases draws n moments of an interval and sorts them. Then instances that are adjacent in time are adjacent in memory, which
// saves a third of the time of a run.
func (p *run) phases(of string, n int) []int64 {
	stream, all := p.world.Stream("phases of "+of), make([]int64, n)
	for i := range all {
		all[i] = stream.IntN(int64(p.Interval))
	}
	slices.Sort(all)
	return all
}

// every runs a task as a process from at on, once per period. A task that takes longer than a period starts again when it ends.
func (p *run) every(at int64, period time.Duration, task func()) {
	var again func()
	again = func() {
		task()
		if at = max(at+int64(period), p.world.Now()); at < p.end {
			p.world.Go(at, again)
		}
	}
	p.world.Go(at, again)
}

// join starts a reader: it reads until it is ready, and then answers people.
func (p *run) join(reader int) {
	began := p.world.Now()
	for !p.design.ready(reader) {
		p.refresh(reader)
		if p.world.Now() > began+int64(maxJoin*p.Interval) {
			break // the reader opens without a value, and a check fails
		}
	}
	p.open[reader] = true
	p.opened++
	p.firstValue = max(p.firstValue, time.Duration(p.world.Now()-began))
	if _, ok := p.design.shown(reader); !ok {
		p.openedEmpty++
	}
}

// maxJoin bounds the start of a reader, in intervals.
const maxJoin = 10

// refresh is a reader's task. It counts decreases of the shown value.
func (p *run) refresh(reader int) {
	was, had := p.design.shown(reader)
	if p.design.refresh(p.ctx, reader) {
		p.fresh[reader] = p.world.Now()
	}
	now, has := p.design.shown(reader)
	p.refreshes++
	if had && (!has || now < was) {
		p.decreases++
		if p.decreaseFirst == "" {
			p.decreaseFirst = fmt.Sprintf("%s after the start, the value of reader %d fell from %d to %d fen", time.Duration(p.world.Now()), reader, int64(was), int64(now))
		}
	}
}

// plan schedules a round and the rest after it, and returns the end of the rest.
func (p *run) plan(i int, at int64) int64 {
	r := p.Rounds[i]
	from, ends := at+int64(r.After), at+int64(r.Takes)
	to := from + int64(r.For)
	over := ends + int64(p.Rest)
	p.world.At(at, func() { p.round = i })
	p.world.At(at+int64(grantTick), func() { p.tick(at, at, ends) })
	switch r.Fault {
	case scenarios.FaultTimeout:
		for _, s := range p.design.servers() {
			s.faults = append(s.faults, faultPeriod{from, to, r.Fault, r.Ratio, r.Applied})
		}
	case scenarios.FaultDown:
		first := p.design.servers()[0]
		first.faults = append(first.faults, faultPeriod{from: from, to: to, kind: r.Fault})
		p.world.At(to-1, p.design.primaryLost)
		if noticed := from + int64(p.SwitchAfter); noticed < ends {
			p.world.At(noticed, func() { p.design.readBackup(true) })
		}
		p.world.At(ends+3*int64(p.Interval), func() { p.design.readBackup(false) })
	case scenarios.FaultCrash:
		n := r.Ratio.Floor(int64(p.Writers))
		victims := p.world.Stream("victims of " + r.Name)
		for range n {
			p.world.At(from+victims.IntN(max(int64(r.For), 1)), func() { p.crash(int(victims.IntN(int64(p.Writers)))) })
		}
	}
	p.world.At(ends, func() { clear(p.down) })
	p.world.Go(ends+2*int64(p.Interval), func() { p.design.synchronize(p.ctx) })
	p.world.At(over, func() { p.errorAfter[i] = p.worst() })
	return over
}

// crash stops a writer, unless it is down already.
func (p *run) crash(writer int) {
	if !p.down[writer] {
		p.down[writer] = true
		p.design.crash(writer)
	}
}

// tick makes the grants of a round since its last tick, and schedules the next one.
func (p *run) tick(start, last, ends int64) {
	now := min(p.world.Now(), ends)
	for range p.load.made(time.Duration(now-start)) - p.load.made(time.Duration(last-start)) {
		g := p.load.at(p.grants, p.Writers)
		for tried := 0; p.down[g.writer] && tried < p.Writers; tried++ { // the load balancer selects the next writer that is up
			g.writer = (g.writer + 1) % p.Writers
		}
		p.design.add(g)
		p.truth += g.fen
		p.grants++
	}
	if now < ends {
		p.world.At(min(now+int64(grantTick), ends), func() { p.tick(start, now, ends) })
	}
}

// planRepairs schedules the repair chore: as often as in the service, and twice after the last round, because a repair needs two
// observations. Between these two nothing changes, so the other tasks have stopped; then every reader reads once more.
func (p *run) planRepairs() {
	every, last := int64(settled*p.Interval), p.end
	for at := every; at < last; at += every {
		p.world.Go(at, func() { p.design.repair(p.ctx, p.truth) })
	}
	p.world.Go(last, func() {
		p.unrepaired = p.worst()
		if !p.design.repair(p.ctx, p.truth) {
			return
		}
		p.world.Go(last+every, func() {
			p.design.repair(p.ctx, p.truth)
			for i := range p.Readers {
				p.world.Go(p.world.Now()+p.people.IntN(int64(p.Interval)), func() { p.refresh(i) })
			}
		})
	})
}
