package attack

import (
	"fmt"
	"time"
)

// dealBatch is how many operations go to a feed at a time: enough that its lock costs little, few beside feedRoom.
const dealBatch = 256

// dealer pulls the plan and deals it to the feeds, one operation each in turn, so that each attacker has its share of every
// moment's load.
type dealer[T any] struct {
	plan     Plan[T]
	feeds    []*feed[T]
	kinds    int
	duration time.Duration
	series   *series
	hands    [][]Op[T]     // dealt and not yet put, a batch for each feed
	ready    chan struct{} // closed when the first batches are put, or there is nothing more to put
	started  bool
}

func newDealer[T any](c Config, p Plan[T], feeds []*feed[T], s *series) *dealer[T] {
	d := &dealer[T]{plan: p, feeds: feeds, kinds: len(c.Kinds), duration: c.Duration, series: s, hands: make([][]Op[T], len(feeds)),
		ready: make(chan struct{})}
	for i := range d.hands {
		d.hands[i] = make([]Op[T], 0, dealBatch)
	}
	return d
}

// run deals until the plan or the run ends. ErrPlan: the plan broke its promise.
func (d *dealer[T]) run(stop <-chan struct{}) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: it panicked: %s", ErrPlan, words(p))
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
		d.hands[to] = append(d.hands[to], op)
		if to == len(d.feeds)-1 && len(d.hands[to]) == dealBatch && !d.flush(stop) {
			return nil
		}
	}
	d.flush(stop)
	return nil
}

func (d *dealer[T]) check(op Op[T], last time.Duration) error {
	switch {
	case op.At < last:
		return fmt.Errorf("%w: an operation due at %s after one due at %s", ErrPlan, op.At, last)
	case op.At > d.duration:
		return fmt.Errorf("%w: an operation due at %s in a run of %s", ErrPlan, op.At, d.duration)
	case int(op.Kind) >= d.kinds:
		return fmt.Errorf("%w: an operation of kind %d of %d", ErrPlan, op.Kind, d.kinds)
	}
	return nil
}

// flush puts what is in hand. False: the run was stopped.
func (d *dealer[T]) flush(stop <-chan struct{}) bool {
	for i, f := range d.feeds {
		n := f.add(d.hands[i], stop)
		if n < len(d.hands[i]) {
			d.hands[i] = d.hands[i][n:]
			return false
		}
		clear(d.hands[i])
		d.hands[i] = d.hands[i][:0]
	}
	d.begin()
	return true
}

// begin says that the run can.
func (d *dealer[T]) begin() {
	if !d.started {
		d.started = true
		close(d.ready)
	}
}

// left returns what is still in hand once run has returned.
func (d *dealer[T]) left() []Op[T] {
	var all []Op[T]
	for _, h := range d.hands {
		all = append(all, h...)
	}
	return all
}
