package redis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// maxPipeline bounds the commands of one round trip, because they delay the other callers of the connection.
const maxPipeline = 500

// withTimeout bounds a call by the configured timeout, unless the caller's own deadline is earlier.
func (c *Client) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if d, ok := ctx.Deadline(); ok && time.Until(d) <= c.timeout {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.timeout)
}

// do sends one command. A nil reply is not an error.
func (c *Client) do(ctx context.Context, e effect, what string, cmd rueidis.Completed) (rueidis.RedisMessage, error) {
	if err := ctx.Err(); err != nil {
		return rueidis.RedisMessage{}, notSent(what, err)
	}
	ctx, cancel := c.withTimeout(ctx)
	defer cancel()
	m, err := c.r.Do(ctx, cmd).ToMessage()
	return m, failure(e, what, err)
}

// eval runs a script, which reads and writes atomically.
func (c *Client) eval(ctx context.Context, e effect, what, script string, keys []string, args ...string) (rueidis.RedisMessage, error) {
	return c.do(ctx, e, what, c.script(script, keys, args...))
}

// number runs a script that returns a number.
func (c *Client) number(ctx context.Context, e effect, what, script string, keys []string, args ...string) (int64, error) {
	m, err := c.eval(ctx, e, what, script, keys, args...)
	if err != nil {
		return 0, err
	}
	return asNumber(what, m)
}

// readNumber sends a command whose reply is a number, or nil for zero.
func (c *Client) readNumber(ctx context.Context, e effect, what string, cmd rueidis.Completed) (int64, error) {
	m, err := c.do(ctx, e, what, cmd)
	if err != nil || m.IsNil() {
		return 0, err
	}
	return asNumber(what, m)
}

func asNumber(what string, m rueidis.RedisMessage) (int64, error) {
	n, err := m.AsInt64()
	if err != nil {
		err = fmt.Errorf("redis: %s: %w", what, err)
	}
	return n, err
}

// script builds an EVAL with the whole text. That costs some hundred bytes and avoids a second attempt when the server
// does not have the script cached.
func (c *Client) script(script string, keys []string, args ...string) rueidis.Completed {
	return c.r.B().Eval().Script(script).Numkeys(int64(len(keys))).Key(keys...).Arg(args...).Build()
}

// pipeline sends independent commands, maxPipeline at a time. When some writes were done and some were not, the
// outcome as a whole is unknown.
func (c *Client) pipeline(ctx context.Context, e effect, what string, all rueidis.Commands) ([]rueidis.RedisMessage, error) {
	out := make([]rueidis.RedisMessage, 0, len(all))
	var failed error
	done := false
	for len(all) > 0 && failed == nil {
		n := min(len(all), maxPipeline)
		answers, err := c.roundTrip(ctx, e, what, all[:n])
		for _, a := range answers {
			if a.failed == nil {
				done = true
			}
			failed = worse(failed, a.failed)
			out = append(out, a.message)
		}
		failed = worse(failed, err)
		all = all[n:]
	}
	if failed != nil && done && e == writing && wallet.CodeOf(failed) == wallet.CodeUnavailable {
		failed = wallet.AsUnknown(failed)
	}
	return out, failed
}

type answer struct {
	message rueidis.RedisMessage
	failed  error
}

func (c *Client) roundTrip(ctx context.Context, e effect, what string, cmds rueidis.Commands) ([]answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, notSent(what, err)
	}
	ctx, cancel := c.withTimeout(ctx)
	defer cancel()
	out := make([]answer, len(cmds))
	for i, r := range c.r.DoMulti(ctx, cmds...) {
		m, err := r.ToMessage()
		out[i] = answer{m, failure(e, what, err)}
	}
	return out, nil
}

// transact sends commands on keys of one slot between MULTI and EXEC: one round trip, all or none of them. The
// connection is shared with other callers; the driver keeps the commands of one call together.
func (c *Client) transact(ctx context.Context, what string, cmds ...rueidis.Completed) ([]rueidis.RedisMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, notSent(what, err)
	}
	ctx, cancel := c.withTimeout(ctx)
	defer cancel()
	all := make(rueidis.Commands, 0, len(cmds)+2)
	all = append(all, c.r.B().Multi().Build())
	all = append(append(all, cmds...), c.r.B().Exec().Build())
	answers := c.r.DoMulti(ctx, all...)
	last := len(answers) - 1
	out, err := answers[last].ToArray()
	if err != nil {
		return nil, transactionError(what, answers, err)
	}
	for i := range out {
		if err := out[i].Error(); err != nil && !rueidis.IsRedisNil(err) {
			return nil, failure(writing, what, err)
		}
	}
	return out, nil
}

// transactionError returns the error of a transaction whose EXEC failed. A server that discards it returns EXECABORT,
// and the reason with the command that it refused. But a server that refused MULTI, for example while it loads its
// data, may have executed the following commands one by one.
func transactionError(what string, answers []rueidis.RedisResult, exec error) error {
	last := len(answers) - 1
	if _, answered := rueidis.IsRedisErr(exec); !answered {
		return failure(writing, what, exec)
	}
	cause := exec
	for i, a := range answers[:last] {
		err := a.Error()
		if err == nil && i > 0 {
			if s, _ := a.ToString(); s != "QUEUED" {
				return fmt.Errorf("redis: %s: %w: part of a transaction was executed alone", what, wallet.ErrUnknown)
			}
		}
		if err != nil && cause == exec {
			cause = err
		}
	}
	return failure(writing, what, cause)
}

// sum adds up the replies of commands that each return a count.
func (c *Client) sum(ctx context.Context, what string, cmds rueidis.Commands) (int64, error) {
	counts, err := c.pipeline(ctx, reading, what, cmds)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for i := range counts {
		n, err := asNumber(what, counts[i])
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// expiry makes a key expire when it is not written to for the configured time. Only for clients with an expiry.
func (c *Client) expiry(key string) rueidis.Completed {
	return c.r.B().Arbitrary("EXPIRE").Keys(key).Args(c.expire).Build()
}

// text formats a number as a command's argument.
func text[N ~int | ~int64 | ~uint8](n N) string { return strconv.FormatInt(int64(n), 10) }
