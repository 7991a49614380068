package redis

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// ShadowPrefix ends the prefix of marked data (K2), and of no other.
const ShadowPrefix = "shadow:"

// Discard deletes every key of marked data at this endpoint and returns how many there were. Keys that are written
// meanwhile may be left. Idempotent. ErrInvalid: the client is not one of marked data. ErrUnknown and ErrUnavailable:
// some keys may be left; repeat the call.
func (c *Client) Discard(ctx context.Context) (int64, error) {
	if !strings.HasSuffix(c.prefix, ShadowPrefix) {
		return 0, fmt.Errorf("%w: redis: live data is not for discarding", wallet.ErrInvalid)
	}
	gone := int64(0)
	for _, node := range c.r.Nodes() {
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			within, cancel := c.within(ctx)
			e, err := node.Do(within, node.B().Scan().Cursor(cursor).Match(c.prefix+"*").Count(scanCount).Build()).AsScanEntry()
			cancel()
			if err != nil {
				return gone, failure(reading, "scan", err)
			}
			n, err := c.unlink(ctx, e.Elements)
			if gone += n; err != nil {
				return gone, err
			}
			cursor = e.Cursor
		}
	}
	return gone, nil
}

// unlink deletes keys, each by a command of its own, because they lie in different slots. It returns how many were
// there: a replica names those that its primary has.
func (c *Client) unlink(ctx context.Context, keys []string) (int64, error) {
	cmds := make(rueidis.Commands, len(keys))
	for i, key := range keys {
		cmds[i] = c.r.B().Unlink().Key(key).Build()
	}
	answers, err := c.pipeline(ctx, writing, "discard", cmds)
	gone := int64(0)
	for i := range answers {
		n, _ := answers[i].AsInt64() // of a failed one: err says so
		gone += n
	}
	return gone, err
}
