package redis

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// ShadowPrefix ends the prefix of load-test data (K2), and of no other data.
const ShadowPrefix = "shadow:"

// Discard deletes every key of load-test data at this endpoint and returns their number. Keys that are written
// meanwhile may remain. Idempotent. ErrInvalid: the client is not one of load-test data. ErrUnknown and
// ErrUnavailable: some keys may remain; repeat the call.
func (c *Client) Discard(ctx context.Context) (int64, error) {
	if !strings.HasSuffix(c.prefix, ShadowPrefix) {
		return 0, fmt.Errorf("%w: redis: live data cannot be discarded", wallet.ErrInvalid)
	}
	deleted := int64(0)
	err := c.eachKeys(ctx, c.prefix+"*", func(keys []string) error {
		n, err := c.unlink(ctx, keys)
		deleted += n
		return err
	})
	return deleted, err
}

// unlink deletes keys, each with a separate command, because they are in different slots. It returns how many existed:
// a replica lists the keys of its primary.
func (c *Client) unlink(ctx context.Context, keys []string) (int64, error) {
	cmds := make(rueidis.Commands, len(keys))
	for i, key := range keys {
		cmds[i] = c.r.B().Unlink().Key(key).Build()
	}
	answers, err := c.pipeline(ctx, writing, "discard", cmds)
	deleted := int64(0)
	for i := range answers {
		n, _ := answers[i].AsInt64() // a failed one counts 0; err reports it
		deleted += n
	}
	return deleted, err
}
