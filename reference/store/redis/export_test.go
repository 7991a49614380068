package redis

import (
	"context"

	"github.com/redis/rueidis"
)

// Apart returns a view of c whose keys begin with another prefix, over the same connections.
func (c *Client) Apart(prefix string) *Client {
	v := *c
	v.prefix = prefix
	return &v
}

// Wipe removes all keys with a prefix.
func (c *Client) Wipe(ctx context.Context, begin string) error {
	for _, node := range c.r.Nodes() {
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			e, err := node.Do(ctx, node.B().Scan().Cursor(cursor).Match(begin+"*").Count(scanCount).Build()).AsScanEntry()
			if err != nil {
				return err
			}
			var dels rueidis.Commands
			for _, key := range e.Elements {
				dels = append(dels, c.r.B().Unlink().Key(key).Build())
			}
			if _, err := c.pipeline(ctx, writing, "wipe", dels); err != nil {
				return err
			}
			cursor = e.Cursor
		}
	}
	return nil
}
