package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"hongbao/reference/wallet"
)

// DefaultTries is how often a call is sent by default: with the waits below, over about a second. MaxTries is the
// largest setting: a caller that needs more should use a queue.
const (
	DefaultTries = 4
	MaxTries     = 100
)

// The waits before the second, third, … try: each is twice the previous one, and is shortened at random by up to a
// half, so that callers that failed together do not retry together.
const (
	firstWait   = 100 * time.Millisecond
	longestWait = 5 * time.Second
)

// repeat makes a call until it has a definite result: unknown, overloaded and unavailable are repeated. Each try has a
// separate timeout within ctx. As in wallet.Repeat, a refusal that concerns one try only does not settle a call whose
// earlier try had no response.
func repeat[Q, V any](ctx context.Context, c *caller, call method[Q, V], request Q) (V, error) {
	unknown := false
	for n := 1; ; n++ {
		reply, err := try(ctx, c, call, request)
		code := wallet.CodeOf(err)
		unknown = unknown || err != nil && code == wallet.CodeUnknown
		if !wallet.Retryable(err) || n >= c.config.Tries || c.config.Wait(ctx, jitter(pause(n))) != nil {
			if err != nil && unknown && !settles(code) {
				err = wallet.AsUnknown(err)
			}
			return reply, err
		}
	}
}

// try makes the call once. ErrUnavailable: ctx had already ended.
func try[Q, V any](ctx context.Context, c *caller, call method[Q, V], request Q) (V, error) {
	if err := ctx.Err(); err != nil {
		var none V
		return none, fmt.Errorf("client: not sent: %w: %w", wallet.ErrUnavailable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	reply, err := call(ctx, request)
	return reply, walletError(err)
}

// settles reports whether a refusal concerns the call's number, and so its earlier tries too. A permission error or an
// internal error says nothing about those.
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
