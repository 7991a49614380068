package attack

import (
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// shardsEach is how many shards of the books each attacker has, so that its workers rarely wait for each other.
const shardsEach = 4

// book counts what became of operations. Every operation goes to one shard, and each shard has a lock of its own.
type book struct {
	series *series
	shards []*shard
}

type shard struct {
	mu       sync.Mutex
	closed   bool
	kinds    []tally
	recalled int64 // taken by a worker, and not due before the run was stopped
	lateness lasting
	panics   int64
	panicked string // what the first panic said
	_        [64]byte
}

// tally holds one kind's counts of one shard.
type tally struct {
	sent, unsent, ok, refused, failed, inFlight int64
	clamped                                     int64 // latencies above topLatency
	cut                                         int64 // in flight at the end, and back soon after
	corrected, uncorrected                      lasting
}

func newBook(s *series, shards, kinds int) *book {
	b := &book{series: s}
	for range shards {
		b.shards = append(b.shards, &shard{kinds: make([]tally, kinds)})
	}
	return b
}

// begin counts an operation that is being sent, late after it was due. False: the books are closed.
func (b *book) begin(s *shard, at time.Duration, kind uint8, late time.Duration) bool {
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

// leave counts an operation that is not sent, in a run that offers until end: it is unsent if it fell due, and otherwise
// was never asked for.
func (b *book) leave(s *shard, at time.Duration, kind uint8, end time.Duration) {
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

// end counts an operation that ended: sent and done are moments of the run. After the cut a failure is our own doing: the
// operation was in flight when the run ended, and its latency is at least what it is now.
func (b *book) end(s *shard, at time.Duration, kind uint8, sent, done time.Duration, o Outcome, cut bool) {
	corrected, over := clamp(done - at)
	uncorrected, _ := clamp(done - sent)
	c := b.series.cell(at, kind)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return // it stays in flight
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

// panicked notes that a sender panicked with p.
func (b *book) panicked(s *shard, p any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.panics++
	if s.panicked == "" {
		s.panicked = words(p)
	}
}

// close ends all counting.
func (b *book) close() {
	for _, s := range b.shards {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
	}
}

// progress sums up the counts so far; it does not stop the workers all at once, so counts may be a few operations apart.
func (b *book) progress() Progress {
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

// lateness returns how late operations were sent, in µs.
func (b *book) lateness() *hdrhistogram.Histogram {
	h := newHistogram()
	for _, s := range b.shards {
		s.lateness.mergeInto(h)
	}
	return h
}

// maxWords bounds what is kept of a panic's text.
const maxWords = 200

// words returns what a panic said, in one short line.
func words(p any) string {
	s := fmt.Sprint(p)
	if len(s) > maxWords {
		s = s[:maxWords] + "…"
	}
	return s
}
