package redis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hongbao/reference/wallet"
)

// scanCount is the number of keys that a node examines per step, and listPage the number of lists that a scan reads at
// once: few enough that the node serves other requests in between.
const (
	scanCount = 1000
	listPage  = maxPipeline / 2
)

// list identifies the key of one wallet's records in one stage. suffix is the end of the key, "{shard}:actID:stage".
type list struct {
	suffix string
	id     wallet.ActID
	stage  wallet.Stage
}

// eachList reads all lists of a noun by ascending ActID and stage and yields their records. Lists that are created
// meanwhile may be missed.
func eachList[T any](ctx context.Context, c *Client, noun string, read func(context.Context, []string) ([][]T, error), yield func(T) bool) error {
	lists, err := c.lists(ctx, noun)
	if err != nil {
		return err
	}
	places := make([]string, 0, listPage)
	for page := range slices.Chunk(lists, listPage) {
		places = places[:0]
		for _, l := range page {
			places = append(places, l.suffix)
		}
		all, err := read(ctx, places)
		if err != nil {
			return err
		}
		for _, each := range all {
			for _, v := range each {
				if !yield(v) {
					return nil
				}
			}
		}
	}
	return nil
}

// eachKeys calls found with the keys that match a pattern, some at a time, from every node.
func (c *Client) eachKeys(ctx context.Context, pattern string, found func(keys []string) error) error {
	for _, node := range c.r.Nodes() {
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			within, cancel := c.withTimeout(ctx)
			e, err := node.Do(within, node.B().Scan().Cursor(cursor).Match(pattern).Count(scanCount).Build()).AsScanEntry()
			cancel()
			if err != nil {
				return failure(reading, "scan", err)
			}
			if err := found(e.Elements); err != nil {
				return err
			}
			cursor = e.Cursor
		}
	}
	return nil
}

// lists finds the lists of a noun on every node, without the duplicates that replicas return.
func (c *Client) lists(ctx context.Context, noun string) ([]list, error) {
	begin := c.prefix + noun
	var all []list
	err := c.eachKeys(ctx, begin+"{*", func(keys []string) error {
		for _, key := range keys {
			l, err := parseList(key[len(begin):])
			if err != nil {
				return err
			}
			all = append(all, l)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b list) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.stage, b.stage), strings.Compare(a.suffix, b.suffix))
	})
	return slices.Compact(all), nil
}

func parseList(place string) (list, error) {
	part := strings.Split(place, ":")
	if len(part) == 3 {
		id, err1 := strconv.ParseInt(part[1], 10, 64)
		stage, err2 := strconv.ParseUint(part[2], 10, 8)
		if err1 == nil && err2 == nil {
			return list{suffix: place, id: wallet.ActID(id), stage: wallet.Stage(stage)}, nil
		}
	}
	return list{}, fmt.Errorf("redis: key %q is not that of a list", place)
}
