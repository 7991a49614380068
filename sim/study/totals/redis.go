package totals

import (
	"fmt"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/fault"
	"hongbao/sim/world"
)

// server is one simulated Redis, or a cluster of as many nodes as the keys of a design need: latency, rate limit of each key,
// and faults.
type server struct {
	world   *world.World
	stream  *world.Stream
	latency scenarios.Latency
	timeout time.Duration
	maxRate int64 // calls a second that one key can process, rounded up
	faults  []faultPeriod
	keys    []key
	gets    int64
	incrs   int64
}

// key is the load of one key: a queue of calls, processed one after the other.
type key struct {
	queue     *fault.Queue
	second    int64 // the current second
	n         int64 // calls in it
	over      int64 // seconds with more calls than maxRate
	mostCalls int64 // maximum calls in one second
}

// faultPeriod is a period in which calls fail.
type faultPeriod struct {
	from, to int64 // Unix ns
	kind     scenarios.FaultKind
	ratio    scenarios.Ratio
	applied  scenarios.Ratio
}

func newServer(w *world.World, name string, r *scenarios.RunningTotal, keys int) *server {
	s := &server{world: w, stream: w.Stream("redis " + name), latency: r.Latency, timeout: r.Timeout,
		maxRate: r.KeyRate.Ceil(1), keys: make([]key, keys)}
	for k := range s.keys {
		s.keys[k].queue = fault.NewQueue(r.KeyRate, r.Timeout) // no call waits longer than its caller
	}
	return s
}

// outcome is the outcome of one call.
type outcome uint8

const (
	answered    outcome = iota
	lost                // never arrived: not applied
	unanswered          // applied, but the answer was lost
	appliedLate         // applied after the caller's timeout
	refused             // not applied; the caller knows at once
)

// draw draws the outcome of the next call.
func (s *server) draw() outcome {
	now := s.world.Now()
	for i := range s.faults {
		f := &s.faults[i]
		if now < f.from || now >= f.to {
			continue
		}
		switch {
		case f.kind == scenarios.FaultDown:
			return refused
		case !s.stream.Hit(f.ratio.Num, f.ratio.Den):
		case !s.stream.Hit(f.applied.Num, f.applied.Den):
			return lost
		case s.stream.Hit(1, 2):
			return unanswered
		default:
			return appliedLate
		}
	}
	return answered
}

// troubled reports whether a fault is active now. Without a fault no outcome is drawn.
func (s *server) troubled() bool {
	now := s.world.Now()
	for i := range s.faults {
		if s.faults[i].from <= now && now < s.faults[i].to {
			return true
		}
	}
	return false
}

// delay draws a latency no lower than the quantile least, in scenarios.LatencyDraws.
func (s *server) delay(least int64) time.Duration {
	return s.latency.Quantile(least + s.stream.IntN(scenarios.LatencyDraws-least))
}

// count records n calls that reach a key.
func (s *server) count(k int, n int64) {
	c := &s.keys[k]
	if second := s.world.Now() / int64(time.Second); second != c.second {
		c.second, c.n = second, 0
	}
	was := c.n
	c.n += n
	c.mostCalls = max(c.mostCalls, c.n)
	if was <= s.maxRate && c.n > s.maxRate {
		c.over++
	}
}

// get and incr make a read call and a write call. apply is the effect of the call; it may run after get or incr has returned.
// They return when the call takes effect. The latency of the answer, about half a millisecond, counts only for the timeout: to
// wait for it would make the comparison half as long again. wallet.ErrUnavailable: refused without effect. wallet.ErrUnknown: no
// answer in time.
func (s *server) get(k int, apply func() error) error {
	s.gets++
	return s.call(k, apply)
}

func (s *server) incr(k int, apply func() error) error {
	s.incrs++
	return s.call(k, apply)
}

func (s *server) call(k int, apply func() error) error {
	what := s.draw()
	switch what {
	case refused:
		s.world.Sleep(s.delay(0))
		return wallet.ErrUnavailable
	case lost:
		s.world.Sleep(s.timeout)
		return fmt.Errorf("%w: no answer in %s", wallet.ErrUnknown, s.timeout)
	}
	s.count(k, 1)
	there := s.delay(0)
	wait, ok := s.keys[k].queue.Enter(s.world.Now()+int64(there), 1)
	if !ok {
		s.world.Sleep(there)
		return wallet.ErrOverloaded
	}
	there += wait
	if what == appliedLate {
		there = s.timeout + time.Duration(s.stream.IntN(int64(4*s.timeout)))
	}
	back := s.delay(0)
	if what != answered || there+back > s.timeout {
		s.world.At(s.world.Now()+int64(there), func() { _ = apply() })
		s.world.Sleep(s.timeout)
		return fmt.Errorf("%w: no answer in %s", wallet.ErrUnknown, s.timeout)
	}
	s.world.Sleep(there)
	return apply()
}

// hottest returns the calls of the busiest key in its busiest second, and the number of seconds in which a key had more than
// maxRate calls.
func (s *server) hottest() (most, over int64) {
	for i := range s.keys {
		most = max(most, s.keys[i].mostCalls)
		over += s.keys[i].over
	}
	return most, over
}
