package redis

import (
	"fmt"
	"strconv"
	"strings"
)

// The server numbers a stream's entries "milliseconds-sequence". A handle packs that into 64 bits: 42 for the
// milliseconds, which suffice until the year 2109, and 22 for the sequence. The sequence counts the entries of one
// millisecond, and, after the server's clock was set back, all entries until it catches up: four million per shard.
const (
	sequenceBits = 22
	maxSequence  = 1<<sequenceBits - 1
	maxMillis    = 1<<(64-sequenceBits) - 1
)

// handle packs an entry's id. The error means that the id is malformed, or that it does not fit.
func handle(id string) (uint64, error) {
	ms, seq, _ := strings.Cut(id, "-")
	m, err1 := strconv.ParseUint(ms, 10, 64)
	s, err2 := strconv.ParseUint(seq, 10, 64)
	if err1 != nil || err2 != nil || m > maxMillis || s > maxSequence {
		return 0, fmt.Errorf("redis: stream entry %q has no handle", id)
	}
	return m<<sequenceBits | s, nil
}

// entryID is the inverse of handle.
func entryID(handle uint64) string {
	b := strconv.AppendUint(make([]byte, 0, 24), handle>>sequenceBits, 10)
	return string(strconv.AppendUint(append(b, '-'), handle&maxSequence, 10))
}
