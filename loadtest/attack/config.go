package attack

import (
	"fmt"
	"math"
	"runtime"
	"time"
)

// Config says how a plan is offered.
type Config struct {
	// Kinds names the kinds of operation, by Op.Kind. At least one.
	Kinds []string

	// Duration is the plan's length: no operation may be due later. At most MaxDuration.
	Duration time.Duration

	// Attackers is how many vegeta attackers share the plan; each has one goroutine that paces. 0 = GOMAXPROCS.
	Attackers int

	// MaxInFlight bounds the operations under way at a time, and with them the workers. 0 = DefaultInFlight.
	MaxInFlight int

	// Patience is how late an operation may be sent; later than that it is left out and counted as unsent. 0 =
	// DefaultPatience.
	Patience time.Duration

	// Settle is how long operations in flight may take to end after the plan. 0 = DefaultSettle.
	Settle time.Duration

	// Progress, if set, is called about every progressEvery with the counts so far, by one goroutine, and once at the end.
	Progress func(Progress)
}

// What Config stands for where it says nothing.
const (
	// DefaultInFlight is a second of a 4,000/s load that nobody answers; each takes a goroutine's few KiB and a connection.
	DefaultInFlight = 4096
	// DefaultPatience is as long as people wait before they tap again: later, it is another load than the planned one.
	DefaultPatience = time.Second
	// DefaultSettle is above a client's own timeouts and repeats, so that as a rule the client says how it ended.
	DefaultSettle = 30 * time.Second
)

// Bounds of Config.
const (
	// MaxDuration bounds a run, because each second of each kind keeps a histogram of about 6 KB.
	MaxDuration = 2 * time.Hour
	// maxAttackers: more than a few a core only take time from each other.
	maxAttackers = 256
	// maxInFlight is more connections than one address pair of TCP has ports.
	maxInFlight = 1 << 17
	// maxWait bounds Patience and Settle.
	maxWait = time.Hour
)

// withDefaults returns the configuration with its blanks filled. ErrConfig: it makes no sense.
func (c Config) withDefaults() (Config, error) {
	if c.Attackers == 0 {
		c.Attackers = runtime.GOMAXPROCS(0)
	}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = DefaultInFlight
	}
	if c.Patience == 0 {
		c.Patience = DefaultPatience
	}
	if c.Settle == 0 {
		c.Settle = DefaultSettle
	}
	switch {
	case len(c.Kinds) == 0 || len(c.Kinds) > math.MaxUint8+1:
		return c, fmt.Errorf("%w: %d kinds of operation, want 1 to %d", ErrConfig, len(c.Kinds), math.MaxUint8+1)
	case c.Duration <= 0 || c.Duration > MaxDuration:
		return c, fmt.Errorf("%w: a run of %s, want above 0 and at most %s", ErrConfig, c.Duration, MaxDuration)
	case c.MaxInFlight < 0 || c.MaxInFlight > maxInFlight:
		return c, fmt.Errorf("%w: %d operations in flight, want 1 to %d", ErrConfig, c.MaxInFlight, maxInFlight)
	case c.Attackers < 0 || c.Attackers > maxAttackers:
		return c, fmt.Errorf("%w: %d attackers, want 1 to %d", ErrConfig, c.Attackers, maxAttackers)
	case c.Patience < 0 || c.Patience > maxWait || c.Settle < 0 || c.Settle > maxWait:
		return c, fmt.Errorf("%w: patience %s, settle %s, want at most %s", ErrConfig, c.Patience, c.Settle, maxWait)
	}
	c.Attackers = min(c.Attackers, c.MaxInFlight)
	return c, nil
}
