package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"hongbao/reference/wallet"
)

// DefaultTries is how often a call is sent unless told otherwise: with the waits below, over about a second. MaxTries is
// the most that can be asked for: whoever wants more has a queue to keep, not a call to make.
const (
	DefaultTries = 4
	MaxTries     = 100
)

// The waits before the second, third, … try: twice as long each time, and each cut at random by up to a half, so that
// callers that failed together do not come back together.
const (
	firstWait   = 100 * time.Millisecond
	longestWait = 5 * time.Second
)

// repeat makes a call until it is answered for good: what is unknown, overloaded or unavailable is sent again. Each try
// has a timeout of its own within ctx. As in wallet.Repeat, an answer that speaks of one try alone does not settle a
// call whose earlier try had no answer.
func (c *caller) repeat(ctx context.Context, call func(context.Context) error) error {
	unknown := false
	for n := 1; ; n++ {
		err := c.try(ctx, call)
		code := wallet.CodeOf(err)
		unknown = unknown || err != nil && code == wallet.CodeUnknown
		if !wallet.Retryable(err) || n >= c.config.Tries || c.config.Wait(ctx, jitter(pause(n))) != nil {
			if err != nil && unknown && !settles(code) {
				return wallet.Unsettled(err)
			}
			return err
		}
	}
}

// try makes the call once. ErrUnavailable: ctx had ended before.
func (c *caller) try(ctx context.Context, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("client: not sent: %w: %w", wallet.ErrUnavailable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	return walletError(call(ctx))
}

// settles says whether a refusal is about the call by its number, and so about its earlier tries too. Who may not ask,
// or meets a defect, learns nothing about those.
func settles(c wallet.Code) bool {
	switch c {
	case wallet.CodeInvalid, wallet.CodeNotFound, wallet.CodeConflict, wallet.CodeRefused:
		return true
	default:
		return false
	}
}

// pause returns the wait after the n-th try, from 1.
func pause(n int) time.Duration {
	d := firstWait
	for range n - 1 {
		if d *= 2; d >= longestWait {
			return longestWait
		}
	}
	return d
}

// jitter cuts d at random by up to a half.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/2+1) }

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
