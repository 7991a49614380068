// Package attack sends planned operations to a system at their due times, however the system responds, and counts the
// outcome of each. It paces with the vegeta library: an open loop, shared among several attackers.
//
// Units: times are durations since the run's start, on the monotonic clock; histograms are in microseconds. Latency is
// measured from the time an operation was due (corrected); the latency from its sending is reported too (uncorrected).
// Operations that were not sent in time are counted as unsent, and a generator that could not keep up reports it.
//
// It does not know what an operation does. It must not repeat one, drop one without counting it, or store data for each
// operation.
package attack

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Op is one planned operation.
type Op[T any] struct {
	At   time.Duration // due time, from the run's start
	Kind uint8         // index into Config.Kinds
	What T             // for the sender
}

// Plan returns the operations in ascending order of At; false at the end. One goroutine calls Next, some thousand
// operations ahead of the clock. Next must not block: the next operation is known, or there is none.
type Plan[T any] interface {
	Next() (Op[T], bool)
}

// Sender carries out one operation completely, including its repeats, and returns its outcome. Many goroutines call
// Send, each for another operation. When ctx ends, the run is over and Send must return soon: an operation that returns
// Failed after that is counted as in flight. A Send that panics counts as Failed.
type Sender[T any] interface {
	Send(ctx context.Context, op Op[T]) Outcome
}

// Outcome is how an operation ended.
type Outcome uint8

// The outcomes.
const (
	OK      Outcome = iota // answered as requested
	Refused                // a final refusal
	Failed                 // no answer, or a malformed one
)

// String returns the outcome's name.
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
	// ErrConfig: the configuration is invalid; nothing was sent.
	ErrConfig = errors.New("attack: configuration")
	// errPlan: the plan violated its contract. The report covers what was done before that.
	errPlan = errors.New("attack: plan")
	// errCounts: the counts do not add up, which is a bug of this package. No figure of the report is reliable.
	errCounts = errors.New("attack: internal error: counts do not add up")
)
