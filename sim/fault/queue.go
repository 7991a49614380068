package fault

import (
	"math/bits"
	"time"

	"hongbao/scenarios"
)

// Queue is a capacity: one queue of work, served at a steady rate. Work that would wait longer than the bound is refused.
type Queue struct {
	rate  scenarios.Ratio // units a second
	bound time.Duration
	busy  int64 // Unix ns until which there is work
}

// NewQueue returns a queue that serves rate units a second and lets no work wait longer than bound for its turn.
func NewQueue(rate scenarios.Ratio, bound time.Duration) *Queue {
	return &Queue{rate: rate, bound: bound}
}

// Enter adds weight units of work at now, in Unix nanoseconds, and returns how long until they are done; false: refused, with
// nothing added.
func (q *Queue) Enter(now, weight int64) (time.Duration, bool) {
	start := max(now, q.busy)
	if time.Duration(start-now) > q.bound {
		return 0, false
	}
	hi, lo := bits.Mul64(uint64(weight)*uint64(q.rate.Den), uint64(time.Second))
	service, _ := bits.Div64(hi, lo, uint64(q.rate.Num))
	q.busy = start + int64(service)
	return time.Duration(q.busy - now), true
}
