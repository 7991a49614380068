package fault

import "time"

// Call makes one call of a port that has no decorator here, as the decorators do: it draws a latency and a fate. weight is
// what it costs of the dependency's capacity; apply is the real call and may run after Call has returned, so it must
// own what it uses.
func (l Link) Call(weight int64, apply func() error) error { return l.do(weight, apply) }

// Timeout returns how long a caller waits for an answer before it is unknown.
func (d *Dependency) Timeout() time.Duration { return d.timeout }
