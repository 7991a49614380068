package attack

import (
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// shardsPerAttacker is the number of the recorder's shards for each attacker, so that its workers rarely wait for
// a lock.
const shardsPerAttacker = 4

// recorder counts the outcomes of operations. Each operation is counted in one shard, and each shard has its own lock.
type recorder struct {
	series *series
	shards []*shard
}

type shard struct {
	mu       sync.Mutex
	closed   bool
	kinds    []kindCounts
	recalled int64 // taken by a worker, but not due before the run was stopped
	lateness lazyHistogram
	panics   int64
	panicked string // the first panic's text
	_        [64]byte
}

// kindCounts holds one kind's counts in one shard.
type kindCounts struct {
	sent, unsent, ok, refused, failed, inFlight int64
	clamped                                     int64 // latencies above topLatency
	cut                                         int64 // in flight at the end, and returned soon after
	corrected, uncorrected                      lazyHistogram
}

func newRecorder(s *series, shards, kinds int) *recorder {
	b := &recorder{series: s}
	for range shards {
		b.shards = append(b.shards, &shard{kinds: make([]kindCounts, kinds)})
	}
	return b
}

// begin counts an operation that is being sent, late after its due time. False: the recorder is closed.
func (b *recorder) begin(s *shard, at time.Duration, kind uint8, late time.Duration) bool {
	us, _ := clamp(late)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return false
	}
	s.kinds[kind].sent++
	s.kinds[kind].inFlight++
	s.lateness.record(us)
	b.series.cell(at, kind).sent.Add(1)
	s.mu.Unlock()
	return true
}

// skip counts an operation that is not sent, in a run that offers until end: it is unsent if it was due by then, and
// otherwise it no longer counts as scheduled.
func (b *recorder) skip(s *shard, at time.Duration, kind uint8, end time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
	case at <= end:
		s.kinds[kind].unsent++
		b.series.cell(at, kind).unsent.Add(1)
	default:
		s.recalled++
		b.series.recalled(at, kind)
	}
}

// end counts an operation that ended; sent and done are times of the run. A failure after the cut is caused by the run
// itself: the operation was in flight when the run ended, and its latency is at least the value now.
func (b *recorder) end(s *shard, at time.Duration, kind uint8, sent, done time.Duration, o Outcome, cut bool) {
	corrected, over := clamp(done - at)
	uncorrected, _ := clamp(done - sent)
	c := b.series.cell(at, kind)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return // it stays counted as in flight
	}
	t := &s.kinds[kind]
	if over {
		t.clamped++
	}
	t.corrected.record(corrected)
	t.uncorrected.record(uncorrected)
	if cut && o != OK && o != Refused {
		t.cut++
		c.record(corrected)
		return
	}
	t.inFlight--
	switch o {
	case OK:
		t.ok++
	case Refused:
		t.refused++
	default:
		o = Failed
		t.failed++
	}
	c.end(o, corrected)
}

// panicked records that a sender panicked with p.
func (b *recorder) panicked(s *shard, p any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.panics++
	if s.panicked == "" {
		s.panicked = panicText(p)
	}
}

// close ends the counting.
func (b *recorder) close() {
	for _, s := range b.shards {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
	}
}

// progress sums the counts so far. It locks one shard at a time, so the sums may differ by a few operations.
func (b *recorder) progress() Progress {
	var p Progress
	for _, s := range b.shards {
		s.mu.Lock()
		for i := range s.kinds {
			t := &s.kinds[i]
			p.Sent += t.sent
			p.Unsent += t.unsent
			p.OK += t.ok
			p.Refused += t.refused
			p.Failed += t.failed
			p.InFlight += t.inFlight
		}
		s.mu.Unlock()
	}
	return p
}

// lateness returns the distribution of lateness of sent operations, in µs.
func (b *recorder) lateness() *hdrhistogram.Histogram {
	h := newHistogram()
	for _, s := range b.shards {
		s.lateness.mergeInto(h)
	}
	return h
}

// maxPanicText bounds a panic's recorded text.
const maxPanicText = 200

// panicText returns a panic's value as short text.
func panicText(p any) string {
	s := fmt.Sprint(p)
	if len(s) > maxPanicText {
		s = s[:maxPanicText] + "…"
	}
	return s
}
