package wallet

import (
	"math"
	"time"
)

// Instant is a moment in Unix microseconds, UTC. It is an integer, so all stores save and compare it in the same way.
type Instant int64

// Never is after every real moment: the open end of a range.
const Never Instant = math.MaxInt64

// InstantOf returns t truncated to the microsecond.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time returns i as a time.Time in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// Add returns i+d, with d truncated to the microsecond.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d/time.Microsecond) }

// Sub returns i-j.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Microsecond }

// String returns RFC 3339 in UTC with microseconds.
func (i Instant) String() string { return i.Time().Format("2006-01-02T15:04:05.000000Z") }

// Clock is the port to time. The clocks of instances may differ by their skew; the order of money movements does not
// depend on them.
type Clock interface {
	// Now returns the present by this instance's clock.
	Now() Instant
}
