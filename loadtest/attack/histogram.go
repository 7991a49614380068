package attack

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// topLatency is the longest latency that histograms distinguish. A longer one counts as this value, and is also counted
// separately. It is longer than any client's timeout.
const topLatency = 10 * time.Minute

// significantDigits is the precision of histograms: a value is off by less than 0.1%.
const significantDigits = 3

// newHistogram returns an empty histogram from 1 µs to topLatency, of about 170 KB.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, topLatency.Microseconds(), significantDigits)
}

// record records n values of v µs. v must be within the histogram's range.
func record(h *hdrhistogram.Histogram, v, n int64) {
	if err := h.RecordValues(v, n); err != nil {
		panic("attack: " + err.Error()) // a bug: clamp and newHistogram disagree
	}
}

// clamp returns d in whole microseconds, limited to the histogram's range, and whether it was longer.
func clamp(d time.Duration) (us int64, over bool) {
	if d > topLatency {
		return topLatency.Microseconds(), true
	}
	return max(d.Microseconds(), 0), false
}

// micros returns a percentile as a duration.
func micros(h *hdrhistogram.Histogram, percentile float64) time.Duration {
	return time.Duration(h.ValueAtPercentile(percentile)) * time.Microsecond
}

// lazyHistogram is a histogram that is allocated when the first value is recorded.
type lazyHistogram struct{ h *hdrhistogram.Histogram }

func (l *lazyHistogram) record(us int64) {
	if l.h == nil {
		l.h = newHistogram()
	}
	record(l.h, us, 1)
}

// mergeInto adds the recorded values to h.
func (l *lazyHistogram) mergeInto(h *hdrhistogram.Histogram) {
	if l.h != nil {
		h.Merge(l.h)
	}
}
