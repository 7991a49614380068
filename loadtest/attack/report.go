package attack

import (
	"errors"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Report is the result of a run. For every kind Scheduled = Sent + Unsent and Sent = OK + Refused + Failed + InFlight.
type Report struct {
	Kinds   []Kind
	Seconds []Second // of the run, by due time
	Busiest int      // index into Seconds of the one with the most offered operations; -1 = none was offered

	Started     time.Time     // wall clock
	Offered     time.Duration // how long operations were offered: the plan's length unless interrupted
	Elapsed     time.Duration // from the start until the last count
	Interrupted bool          // ended before the plan; only operations due before the end count as scheduled

	Panics     int64  // sends that panicked; each counts as Failed
	FirstPanic string // the first panic's text, shortened

	Health Health

	series *series
}

// Kind is the result of one kind of operation.
type Kind struct {
	Name string

	Scheduled int64 // due in the run
	Sent      int64
	Unsent    int64 // later than Config.Patience, or never sent
	OK        int64
	Refused   int64
	Failed    int64
	InFlight  int64 // not ended when the run ended

	// Corrected holds the latencies from the due time, Uncorrected those from the sending, in µs, of all ended
	// operations, failed ones too. For operations in flight at the end that returned soon after, they hold the time
	// until then.
	Corrected, Uncorrected *hdrhistogram.Histogram
	Clamped                int64 // latencies above ten minutes, which count as ten minutes

	// Peak holds the corrected latencies of operations due in the busiest second; off by less than 0.8%.
	Peak *hdrhistogram.Histogram
}

// Second is the result of the operations that were due in one second.
type Second struct {
	At                                  time.Duration // its start
	Offered, Sent, Unsent, Done, Failed int64         // Done includes Failed
	P50, P99, Max                       time.Duration // corrected latency; zero when nothing was done
}

// Progress is a run's state. The counts may differ by a few operations.
type Progress struct {
	Elapsed                                     time.Duration
	Sent, Unsent, OK, Refused, Failed, InFlight int64
}

// scheduled returns the number of operations of all kinds that were due.
func (r *Report) scheduled() int64 { return r.sum(func(k Kind) int64 { return k.Scheduled }) }

// unsent returns the number of operations of all kinds that were not sent in time.
func (r *Report) unsent() int64 { return r.sum(func(k Kind) int64 { return k.Unsent }) }

func (r *Report) sum(of func(Kind) int64) int64 {
	n := int64(0)
	for _, k := range r.Kinds {
		n += of(k)
	}
	return n
}

// Between returns the corrected latencies in µs of one kind, by index, or of all for -1, that were due in the seconds
// [from, to); from is rounded down and to rounded up. A value is off by less than 0.8%.
func (r *Report) Between(kind int, from, to time.Duration) *hdrhistogram.Histogram {
	return r.series.between(kind, int(from/time.Second), ceilSeconds(to))
}

// SecondsOf returns the seconds of one kind, by index.
func (r *Report) SecondsOf(kind int) []Second {
	out := make([]Second, len(r.Seconds))
	for i := range out {
		out[i] = r.series.second(i, kind)
	}
	return out
}

func ceilSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// newReport summarises a closed recorder.
func newReport(c Config, b *recorder) *Report {
	r := &Report{Busiest: -1, series: b.series}
	for i := range b.series.seconds() {
		s := b.series.second(i, -1)
		if i == b.series.seconds()-1 && s.Offered == 0 {
			break // it begins at the run's end, and nothing was due exactly then
		}
		r.Seconds = append(r.Seconds, s)
		if s.Offered > 0 && (r.Busiest < 0 || s.Offered > r.Seconds[r.Busiest].Offered) {
			r.Busiest = i
		}
	}
	for i, name := range c.Kinds {
		k := Kind{Name: name, Corrected: newHistogram(), Uncorrected: newHistogram(), Peak: newHistogram()}
		for second := range b.series.seconds() {
			k.Scheduled += b.series.count(second, i)
		}
		for _, s := range b.shards {
			s.addTo(&k, i)
		}
		if r.Busiest >= 0 {
			k.Peak = b.series.between(i, r.Busiest, r.Busiest+1)
		}
		r.Kinds = append(r.Kinds, k)
	}
	for _, s := range b.shards {
		r.Panics += s.panics
		if r.FirstPanic == "" {
			r.FirstPanic = s.panicked
		}
	}
	return r
}

// addTo adds one shard's counts of a kind.
func (s *shard) addTo(k *Kind, kind int) {
	t := &s.kinds[kind]
	k.Sent += t.sent
	k.Unsent += t.unsent
	k.OK += t.ok
	k.Refused += t.refused
	k.Failed += t.failed
	k.InFlight += t.inFlight
	k.Clamped += t.clamped
	t.corrected.mergeInto(k.Corrected)
	t.uncorrected.mergeInto(k.Uncorrected)
}

// check compares counts that are kept independently. errCounts: they disagree.
func (r *Report) check(b *recorder) error {
	var wrong []error
	for i, k := range r.Kinds {
		cut := int64(0)
		for _, s := range b.shards {
			cut += s.kinds[i].cut
		}
		seconds := Second{}
		for _, s := range r.SecondsOf(i) {
			seconds.Sent += s.Sent
			seconds.Unsent += s.Unsent
			seconds.Done += s.Done
			seconds.Failed += s.Failed
		}
		done := k.OK + k.Refused + k.Failed
		for _, c := range []struct {
			what        string
			left, right int64
		}{
			{"scheduled = sent + unsent", k.Scheduled, k.Sent + k.Unsent},
			{"sent = ok + refused + failed + in flight", k.Sent, done + k.InFlight},
			{"sent = sent by seconds", k.Sent, seconds.Sent},
			{"unsent = unsent by seconds", k.Unsent, seconds.Unsent},
			{"done = done by seconds", done, seconds.Done},
			{"failed = failed by seconds", k.Failed, seconds.Failed},
			{"done + cut = corrected latencies", done + cut, k.Corrected.TotalCount()},
			{"done + cut = uncorrected latencies", done + cut, k.Uncorrected.TotalCount()},
		} {
			if c.left != c.right {
				wrong = append(wrong, fmt.Errorf("%w: %s: %s: %d and %d", errCounts, k.Name, c.what, c.left, c.right))
			}
		}
	}
	return errors.Join(wrong...)
}
