// Package attack offers operations to a system at the moments a plan names, whatever the system does, and counts what
// became of each. It paces with the vegeta library: an open loop, shared among several attackers.
//
// Units: moments are durations since the run's start, on the monotonic clock; histograms are in microseconds. Latency is
// counted from the moment an operation was due (corrected); the figure from its sending stands beside it (uncorrected).
// What was not sent in time is counted as unsent, and a generator that could not keep up says so.
//
// It must not know what an operation is, repeat one, drop one uncounted, or keep anything for each operation.
package attack

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Op is one planned operation.
type Op[T any] struct {
	At   time.Duration // when it is due, from the run's start
	Kind uint8         // index into Config.Kinds
	What T             // for the sender
}

// Plan gives the operations in ascending order of At; false is the end. One goroutine calls Next, some thousand
// operations ahead of the clock. It must not block: the next operation is known, or there is none.
type Plan[T any] interface {
	Next() (Op[T], bool)
}

// Sender does one operation to its end, its repeats included, and says how it ended. Many goroutines call Send, each for
// another operation. When ctx ends, the run is over and Send must return soon: what comes back Failed from then on is
// counted as in flight. A Send that panics has Failed.
type Sender[T any] interface {
	Send(ctx context.Context, op Op[T]) Outcome
}

// Outcome says how an operation ended.
type Outcome uint8

// The outcomes.
const (
	OK      Outcome = iota // answered with what was asked for
	Refused                // a final answer that says no
	Failed                 // no answer, or none that can be understood
)

// String names the outcome.
func (o Outcome) String() string {
	switch o {
	case OK:
		return "ok"
	case Refused:
		return "refused"
	case Failed:
		return "failed"
	default:
		return fmt.Sprintf("outcome(%d)", uint8(o))
	}
}

// The errors of Run.
var (
	// ErrConfig: the configuration makes no sense; nothing was sent.
	ErrConfig = errors.New("attack: configuration")
	// ErrPlan: the plan broke its promise. The report covers what had been done until then.
	ErrPlan = errors.New("attack: plan")
	// ErrBooks: the counts do not add up, which is a defect of this package. No figure of the report is to be trusted.
	ErrBooks = errors.New("attack: internal error: counts do not add up")
)
