package attack_test

import (
	"context"
	"time"

	"hongbao/loadtest/attack"
)

// sendFunc is a function as a Sender.
type sendFunc func(ctx context.Context, op attack.Op[int]) attack.Outcome

func (f sendFunc) Send(ctx context.Context, op attack.Op[int]) attack.Outcome { return f(ctx, op) }

// planFunc is a function as a Plan.
type planFunc func() (attack.Op[int], bool)

func (f planFunc) Next() (attack.Op[int], bool) { return f() }

// steady plans rate operations a second, evenly spaced, each in the middle of its interval. What is its number from 0.
func steady(rate int, d time.Duration) planFunc {
	n, total := 0, int(int64(rate)*int64(d)/int64(time.Second))
	return func() (attack.Op[int], bool) {
		if n == total {
			return attack.Op[int]{}, false
		}
		at := time.Duration((2*int64(n) + 1) * int64(time.Second) / int64(2*rate))
		n++
		return attack.Op[int]{At: at, What: n - 1}, true
	}
}

// fixedPlan plans the given operations.
func fixedPlan(ops ...attack.Op[int]) planFunc {
	return func() (attack.Op[int], bool) {
		if len(ops) == 0 {
			return attack.Op[int]{}, false
		}
		op := ops[0]
		ops = ops[1:]
		return op, true
	}
}

func ok(context.Context, attack.Op[int]) attack.Outcome { return attack.OK }
