package attack

import (
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The buckets of a second's histogram: one for each microsecond below 64, then 64 for each doubling, so that a bucket's
// middle is off by less than 0.8%. 1,600 of them, 6.4 KB, reach topLatency.
const (
	bucketBits = 6
	perOctave  = 1 << bucketBits
	buckets    = 25 * perOctave
)

// bucketOf returns the bucket of a latency of v µs; v is at most topLatency.
func bucketOf(v int64) int {
	if v < perOctave {
		return int(max(v, 0))
	}
	e := bits.Len64(uint64(v)) - bucketBits - 1
	return e*perOctave + int(v>>e)
}

// middleOf returns the middle of a bucket in µs.
func middleOf(bucket int) int64 {
	if bucket < perOctave {
		return int64(bucket)
	}
	e := bucket/perOctave - 1
	return int64(bucket%perOctave+perOctave)<<e + int64(1)<<e/2
}

// cell holds the counts of one kind's operations that were due in one second.
type cell struct {
	offered, sent, unsent, done, failed atomic.Int64 // done includes failed
	max                                 atomic.Int64 // µs
	corrected                           [buckets]atomic.Uint32
}

// series holds a cell for each second of the run and each kind that has operations in it. Its memory is bounded by the
// run's length and independent of the load. Safe for concurrent use.
type series struct {
	kinds int
	cells []atomic.Pointer[cell] // by second, then by kind
}

func newSeries(d time.Duration, kinds int) *series {
	seconds := int(d/time.Second) + 1 // an operation may be due exactly at the end
	return &series{kinds: kinds, cells: make([]atomic.Pointer[cell], seconds*kinds)}
}

func (s *series) seconds() int { return len(s.cells) / s.kinds }

// cell returns the cell of an operation. The dealer's first access creates it.
func (s *series) cell(at time.Duration, kind uint8) *cell {
	p := &s.cells[int(at/time.Second)*s.kinds+int(kind)]
	if c := p.Load(); c != nil {
		return c
	}
	p.CompareAndSwap(nil, &cell{})
	return p.Load()
}

func (s *series) scheduled(at time.Duration, kind uint8) { s.cell(at, kind).offered.Add(1) }

// recalled removes an operation that was scheduled but is not due in this run.
func (s *series) recalled(at time.Duration, kind uint8) { s.cell(at, kind).offered.Add(-1) }

// count returns the number of a kind's operations due in a second.
func (s *series) count(second, kind int) int64 {
	if c := s.cells[second*s.kinds+kind].Load(); c != nil {
		return c.offered.Load()
	}
	return 0
}

// end counts an operation that ended v µs after it was due.
func (c *cell) end(o Outcome, v int64) {
	c.done.Add(1)
	if o == Failed {
		c.failed.Add(1)
	}
	c.record(v)
}

func (c *cell) record(v int64) {
	c.corrected[bucketOf(v)].Add(1)
	for high := c.max.Load(); v > high && !c.max.CompareAndSwap(high, v); high = c.max.Load() {
	}
}

// add adds the cell's latencies to h.
func (c *cell) add(h *hdrhistogram.Histogram) {
	for i := range c.corrected {
		if n := c.corrected[i].Load(); n > 0 {
			record(h, middleOf(i), int64(n))
		}
	}
}

// between returns the corrected latencies of one kind's operations due in the seconds [from, to), -1 for all kinds.
func (s *series) between(kind, from, to int) *hdrhistogram.Histogram {
	h := newHistogram()
	for second := max(from, 0); second < min(to, s.seconds()); second++ {
		for k := range s.kinds {
			if kind >= 0 && k != kind {
				continue
			}
			if c := s.cells[second*s.kinds+k].Load(); c != nil {
				c.add(h)
			}
		}
	}
	return h
}

// second summarises one second for one kind, or for all for -1.
func (s *series) second(i, kind int) Second {
	out := Second{At: time.Duration(i) * time.Second}
	for k := range s.kinds {
		c := s.cells[i*s.kinds+k].Load()
		if c == nil || kind >= 0 && k != kind {
			continue
		}
		out.Offered += c.offered.Load()
		out.Sent += c.sent.Load()
		out.Unsent += c.unsent.Load()
		out.Done += c.done.Load()
		out.Failed += c.failed.Load()
		out.Max = max(out.Max, time.Duration(c.max.Load())*time.Microsecond)
	}
	if h := s.between(kind, i, i+1); h.TotalCount() > 0 {
		out.P50 = min(micros(h, 50), out.Max)
		out.P99 = min(micros(h, 99), out.Max)
	}
	return out
}
