package wallet

import (
	"math"
	"time"
)

// Instant is a moment in Unix microseconds, UTC. An integer, so that every store keeps and compares it alike.
type Instant int64

// Never lies after every real moment: the open end of a range.
const Never Instant = math.MaxInt64

// InstantOf returns t cut to the microsecond.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time returns i as a time.Time in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// Add returns i+d, cut to the microsecond.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d/time.Microsecond) }

// Sub returns i-j.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Microsecond }

// String prints RFC 3339 with microseconds.
func (i Instant) String() string { return i.Time().Format("2006-01-02T15:04:05.000000Z") }

// Clock is the port to time. Instances may disagree by their skew; nothing orders money by it.
type Clock interface {
	// Now returns this instance's idea of the present.
	Now() Instant
}
