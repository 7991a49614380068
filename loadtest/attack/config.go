package attack

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"time"
)

// Config sets how a plan is offered.
type Config struct {
	// Kinds names the kinds of operation, by Op.Kind. At least one.
	Kinds []string

	// Duration is the plan's length: no operation may be due later. At most MaxDuration.
	Duration time.Duration

	// Attackers is the number of vegeta attackers that share the plan; each has one pacing goroutine. 0 = GOMAXPROCS.
	Attackers int

	// MaxInFlight bounds the concurrent operations, and with them the workers. 0 = defaultInFlight.
	MaxInFlight int

	// Patience bounds how late an operation may be sent. A later one is not sent and counts as unsent. 0 =
	// DefaultPatience.
	Patience time.Duration

	// Settle bounds the wait for operations in flight after the plan. 0 = DefaultSettle.
	Settle time.Duration

	// Progress, if set, is called with the counts so far about once a second, by one goroutine, and once at the end.
	Progress func(Progress)
}

// Defaults of Config.
const (
	// defaultInFlight is one second of a load of 4,000/s without any response. Each operation takes a goroutine's few
	// KiB and a connection.
	defaultInFlight = 4096
	// defaultPatience is about how long users wait before they tap again. A later operation would not be the
	// planned load.
	defaultPatience = time.Second
	// defaultSettle is longer than a client's own timeouts and repeats, so that usually the client reports the outcome.
	defaultSettle = 30 * time.Second
)

// Bounds of Config.
const (
	// MaxDuration bounds a run, because each second of each kind has a histogram of about 6 KB.
	MaxDuration = 2 * time.Hour
	// MaxAttackers: more than a few per core only compete for processors.
	MaxAttackers = 256
	// MaxInFlight is more than the number of TCP ports of one address pair.
	MaxInFlight = 1 << 17
	// maxWait bounds Patience and Settle.
	maxWait = time.Hour
)

// withDefaults returns the configuration with its defaults set. ErrConfig: it is invalid.
func (c Config) withDefaults() (Config, error) {
	c.Attackers = cmp.Or(c.Attackers, runtime.GOMAXPROCS(0))
	c.MaxInFlight = cmp.Or(c.MaxInFlight, defaultInFlight)
	c.Patience = cmp.Or(c.Patience, defaultPatience)
	c.Settle = cmp.Or(c.Settle, defaultSettle)
	switch {
	case len(c.Kinds) == 0 || len(c.Kinds) > math.MaxUint8+1:
		return c, fmt.Errorf("%w: %d kinds of operation, want 1 to %d", ErrConfig, len(c.Kinds), math.MaxUint8+1)
	case c.Duration <= 0 || c.Duration > MaxDuration:
		return c, fmt.Errorf("%w: a run of %s, want above 0 and at most %s", ErrConfig, c.Duration, MaxDuration)
	case c.MaxInFlight < 0 || c.MaxInFlight > MaxInFlight:
		return c, fmt.Errorf("%w: %d operations in flight, want 1 to %d", ErrConfig, c.MaxInFlight, MaxInFlight)
	case c.Attackers < 0 || c.Attackers > MaxAttackers:
		return c, fmt.Errorf("%w: %d attackers, want 1 to %d", ErrConfig, c.Attackers, MaxAttackers)
	case c.Patience < 0 || c.Patience > maxWait || c.Settle < 0 || c.Settle > maxWait:
		return c, fmt.Errorf("%w: patience %s, settle %s, want at most %s", ErrConfig, c.Patience, c.Settle, maxWait)
	}
	c.Attackers = min(c.Attackers, c.MaxInFlight)
	return c, nil
}
