package attack

import (
	"fmt"
	"time"
)

// dealBatch is the number of operations added to a feed at a time: large enough that its lock is cheap, small compared
// with feedRoom.
const dealBatch = 256

// dealer reads the plan and deals its operations to the feeds in turn, so that each attacker has an equal share of the
// load at any time.
type dealer[T any] struct {
	plan     Plan[T]
	feeds    []*feed[T]
	kinds    int
	duration time.Duration
	series   *series
	batches  [][]Op[T]     // dealt but not added yet, one batch for each feed
	ready    chan struct{} // closed when the first batches are added, or the plan has ended
	started  bool
}

func newDealer[T any](c Config, p Plan[T], feeds []*feed[T], s *series) *dealer[T] {
	d := &dealer[T]{plan: p, feeds: feeds, kinds: len(c.Kinds), duration: c.Duration, series: s, batches: make([][]Op[T], len(feeds)),
		ready: make(chan struct{})}
	for i := range d.batches {
		d.batches[i] = make([]Op[T], 0, dealBatch)
	}
	return d
}

// run deals until the plan or the run ends. errPlan: the plan violated its contract.
func (d *dealer[T]) run(stop <-chan struct{}) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: it panicked: %s", errPlan, panicText(p))
		}
		for _, f := range d.feeds {
			f.end()
		}
		d.begin()
	}()
	last := time.Duration(0)
	for i := 0; ; i++ {
		op, ok := d.plan.Next()
		if !ok {
			break
		}
		if err := d.check(op, last); err != nil {
			return err
		}
		last = op.At
		d.series.scheduled(op.At, op.Kind)
		to := i % len(d.feeds)
		d.batches[to] = append(d.batches[to], op)
		if to == len(d.feeds)-1 && len(d.batches[to]) == dealBatch && !d.flush(stop) {
			return nil
		}
	}
	d.flush(stop)
	return nil
}

func (d *dealer[T]) check(op Op[T], last time.Duration) error {
	switch {
	case op.At < last:
		return fmt.Errorf("%w: an operation due at %s after one due at %s", errPlan, op.At, last)
	case op.At > d.duration:
		return fmt.Errorf("%w: an operation due at %s in a run of %s", errPlan, op.At, d.duration)
	case int(op.Kind) >= d.kinds:
		return fmt.Errorf("%w: an operation of kind %d of %d", errPlan, op.Kind, d.kinds)
	}
	return nil
}

// flush adds the batches to the feeds. False: the run was stopped.
func (d *dealer[T]) flush(stop <-chan struct{}) bool {
	for i, f := range d.feeds {
		n := f.add(d.batches[i], stop)
		if n < len(d.batches[i]) {
			d.batches[i] = d.batches[i][n:]
			return false
		}
		clear(d.batches[i])
		d.batches[i] = d.batches[i][:0]
	}
	d.begin()
	return true
}

// begin signals that the run can start.
func (d *dealer[T]) begin() {
	if !d.started {
		d.started = true
		close(d.ready)
	}
}

// left returns the operations that were dealt but not added, after run has returned.
func (d *dealer[T]) left() []Op[T] {
	var all []Op[T]
	for _, h := range d.batches {
		all = append(all, h...)
	}
	return all
}
