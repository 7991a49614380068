package redis

import (
	"fmt"
	"strconv"
	"strings"
)

// A stream's entry is numbered "milliseconds-sequence" by the server. A handle packs that in 64 bits: 42 of
// milliseconds, which last until the year 2109, and 22 of sequence. The sequence counts what came within one
// millisecond, and all that comes while a server's clock that was set back catches up: four million a shard.
const (
	sequenceBits = 22
	maxSequence  = 1<<sequenceBits - 1
	maxMillis    = 1<<(64-sequenceBits) - 1
)

// handle packs an entry's number. The error says that it is none, or that it does not fit.
func handle(id string) (uint64, error) {
	ms, seq, _ := strings.Cut(id, "-")
	m, err1 := strconv.ParseUint(ms, 10, 64)
	s, err2 := strconv.ParseUint(seq, 10, 64)
	if err1 != nil || err2 != nil || m > maxMillis || s > maxSequence {
		return 0, fmt.Errorf("redis: stream entry %q has no handle", id)
	}
	return m<<sequenceBits | s, nil
}

// entryID is the number that a handle was packed from.
func entryID(handle uint64) string {
	b := strconv.AppendUint(make([]byte, 0, 24), handle>>sequenceBits, 10)
	return string(strconv.AppendUint(append(b, '-'), handle&maxSequence, 10))
}
