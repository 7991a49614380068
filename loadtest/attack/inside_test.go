package attack

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A latency is counted in a bucket whose middle is near it, and longer ones in later buckets.
func TestBuckets(t *testing.T) {
	top := topLatency.Microseconds()
	require.Less(t, bucketOf(top), buckets)
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.Int64Range(0, 300), rapid.Int64Range(0, top)).Draw(t, "µs")
		middle := middleOf(bucketOf(v))
		require.InDelta(t, v, middle, float64(v)*0.008)
		require.LessOrEqual(t, bucketOf(v), bucketOf(v+1))
		require.Equal(t, bucketOf(v), bucketOf(middle))
	})
}

// A latency above the histogram's range counts as its longest value, and is counted separately.
func TestClamp(t *testing.T) {
	b := newRecorder(newSeries(time.Second, 1), 1, 1)
	s := b.shards[0]
	b.series.scheduled(0, 0)
	require.True(t, b.begin(s, 0, 0, time.Hour))
	b.end(s, 0, 0, time.Hour, 2*time.Hour, OK, false)
	b.close()
	r := newReport(Config{Kinds: []string{"a"}, Duration: time.Second}, b)
	require.NoError(t, r.check(b))
	require.EqualValues(t, 1, r.Kinds[0].Clamped)
	require.Equal(t, topLatency, r.Seconds[0].Max)
	require.InEpsilon(t, topLatency.Microseconds(), r.Kinds[0].Corrected.Max(), 0.001)
}

// Each equation of the counts detects its error.
func TestCheckBites(t *testing.T) {
	for _, c := range []struct {
		why   string
		spoil func(b *recorder, t *kindCounts, c *cell)
	}{
		{"one scheduled and not counted", func(_ *recorder, _ *kindCounts, c *cell) { c.offered.Add(1) }},
		{"one sent that was not scheduled", func(_ *recorder, t *kindCounts, c *cell) { t.sent++; t.inFlight++; c.sent.Add(1) }},
		{"one sent that never ended", func(_ *recorder, t *kindCounts, _ *cell) { t.inFlight-- }},
		{"one that ended twice", func(_ *recorder, t *kindCounts, _ *cell) { t.ok++ }},
		{"one sent in another second", func(_ *recorder, _ *kindCounts, c *cell) { c.sent.Add(-1) }},
		{"one unsent in another second", func(_ *recorder, _ *kindCounts, c *cell) { c.unsent.Add(-1) }},
		{"one done in no second", func(_ *recorder, _ *kindCounts, c *cell) { c.done.Add(-1) }},
		{"one failed in no second", func(_ *recorder, _ *kindCounts, c *cell) { c.failed.Add(-1) }},
		{"a latency that was not counted", func(_ *recorder, t *kindCounts, _ *cell) { t.corrected = lazyHistogram{} }},
		{"one latency too many", func(_ *recorder, t *kindCounts, _ *cell) { t.uncorrected.record(1) }},
	} {
		t.Run(c.why, func(t *testing.T) {
			b := newRecorder(newSeries(time.Second, 1), 1, 1)
			s := b.shards[0]
			for i, o := range []Outcome{OK, Refused, Failed} {
				b.series.scheduled(0, 0)
				require.True(t, b.begin(s, 0, 0, 0))
				b.end(s, 0, 0, 0, time.Duration(i), o, false)
			}
			for _, leave := range []bool{true, false} {
				b.series.scheduled(0, 0)
				if leave {
					b.skip(s, 0, 0, time.Second)
				} else {
					b.begin(s, 0, 0, 0)
				}
			}
			config := Config{Kinds: []string{"a"}, Duration: time.Second}
			require.NoError(t, newReport(config, b).check(b))
			c.spoil(b, &s.kinds[0], b.series.cell(0, 0))
			require.ErrorIs(t, newReport(config, b).check(b), errCounts)
		})
	}
}

// A jump of the wall clock against the monotonic one is recorded; a small drift is not.
func TestClockJumps(t *testing.T) {
	start := time.Date(2022, 1, 31, 12, 0, 0, 0, time.UTC)
	mono, wall := time.Duration(0), start
	m := newMonitor(func() time.Duration { return mono }, func() time.Time { return wall })
	step := func(mono2, wall2 time.Duration) {
		mono += mono2
		wall = wall.Add(wall2)
		m.sample()
	}
	step(time.Second, time.Second)
	step(time.Second, time.Second+900*time.Millisecond) // small adjustment
	step(time.Second, time.Hour)                        // suspended
	step(time.Second, time.Second)
	step(time.Second, -time.Minute) // set back
	require.Equal(t, []Jump{{At: 3 * time.Second, By: time.Hour - time.Second}, {At: 5 * time.Second, By: -time.Minute - time.Second}}, m.jumps)
	for range 100 {
		step(0, time.Hour)
	}
	require.Len(t, m.jumps, maxJumps)
}

// Each reason for saturation applies by itself, and only beyond its bound.
func TestSaturated(t *testing.T) {
	lateness := func(d time.Duration) *hdrhistogram.Histogram {
		h := newHistogram()
		record(h, d.Microseconds(), 1)
		return h
	}
	for _, c := range []struct {
		unsent, scheduled int64
		late, full        time.Duration
		want              int
		why               string
	}{
		{0, 0, 0, 0, 0, "nothing was due"},
		{1, 1000, 0, 0, 0, "one unsent in a thousand is the bound"},
		{1, 999, 0, 0, 1, "one in 999 exceeds it"},
		{0, 10, maxLateness - time.Millisecond, 0, 0, "late, within the bound"},
		{0, 10, maxLateness + time.Millisecond, 0, 1, "later than the bound"},
		{0, 10, 0, time.Second, 1, "all workers in use"},
		{10, 10, time.Minute, time.Second, 3, "all three reasons"},
	} {
		r := &Report{Kinds: []Kind{{Scheduled: c.scheduled, Unsent: c.unsent}}}
		require.Len(t, saturated(r, Health{Lateness: lateness(c.late), FirstSaturate: c.full}), c.want, c.why)
	}
}

// A feed passes operations on in order, bounded by its capacity. Operations that are too late are dropped, and free
// capacity even if no worker takes one.
func TestFeed(t *testing.T) {
	f, stop := newFeed[int](), make(chan struct{})
	batch := make([]Op[int], feedRoom+10)
	for i := range batch {
		batch[i] = Op[int]{At: time.Duration(i), What: i}
	}
	put := make(chan int)
	go func() { put <- f.add(batch, stop) }()
	for i := range batch {
		p, ok := f.pace(0, stop)
		require.True(t, ok)
		require.Equal(t, paced{at: time.Duration(i)}, p)
		op, ok := f.take()
		require.True(t, ok)
		require.Equal(t, i, op.What)
		_, ok = f.take()
		require.False(t, ok, "nothing beyond the paced operations")
	}
	require.Equal(t, len(batch), <-put)

	go func() { put <- f.add(batch, stop) }()
	_, ok := f.pace(0, stop)
	require.True(t, ok)
	for range feedRoom - 1 {
		p, ok := f.pace(feedRoom, stop)
		require.True(t, ok)
		require.True(t, p.dropped)
	}
	op, ok := f.take()
	require.True(t, ok)
	require.Zero(t, op.What, "the operation before the dropped ones")
	require.Equal(t, len(batch), <-put, "taking it freed capacity")
	p, ok := f.pace(feedRoom, stop)
	require.True(t, ok)
	require.False(t, p.dropped)
	op, ok = f.take()
	require.True(t, ok)
	require.Equal(t, feedRoom, op.What, "dropped operations are skipped")
	taken, left := f.close()
	require.EqualValues(t, len(batch)+feedRoom+1, taken)
	require.Len(t, left, 9)
}

// Adding more than the capacity waits; what did not fit is not added after a stop.
func TestFeedIsBounded(t *testing.T) {
	f, stop := newFeed[int](), make(chan struct{})
	close(stop)
	require.Equal(t, feedRoom, f.add(make([]Op[int], feedRoom+10), stop))
}
