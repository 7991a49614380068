package redis

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// The leases of a shard's entries are stored in a zset beside its stream. A member is a span of the stream: all
// entries that remain between two entries, scored with the end of its lease. So there is one member per batch, however
// many credits it contains. Spans never overlap. Two members are not leases:
//
//   - "last:" and an entry, scored +inf: the entry that was handed out last. It is stored with the leases so that it
//     cannot outlast them: if only the leases were lost, their entries would never be taken again.
//   - "gone", scored with minus the number of single deletions of entries: so that a span that was read before a
//     deletion is not leased after it, and a span that was leased before is not assumed to be complete.
const (
	lastMember = "last:"
	goneMember = "gone"
)

// span is one lease: the entries of the stream from first to last, their number n when it was leased, and the
// generation of the leases then.
type span struct {
	first, last string
	n           int
	generation  int64
}

// name returns the span's member. A taker's acknowledgement has the same entries and so computes the same name.
func (s span) name() string {
	return s.first + " " + s.last + " " + strconv.Itoa(s.n) + " " + strconv.FormatInt(s.generation, 10)
}

// parseSpan parses a name. Count and generation are not restored; expired leases do not need them.
func parseSpan(name string) (s span, ok bool) {
	part := strings.SplitN(name, " ", 3)
	if len(part) != 3 {
		return span{}, false
	}
	_, err1 := handle(part[0])
	_, err2 := handle(part[1])
	return span{first: part[0], last: part[1]}, err1 == nil && err2 == nil
}

// leaseIndex is a snapshot of the leases of a shard.
type leaseIndex struct {
	held       int64    // entries of the stream
	last       string   // handed out last; empty: nothing yet
	generation int64    // score of goneMember: it changes with each single deletion
	ended      []string // names of spans whose leases have ended, in stream order; names that are not spans come first
}

// readLeaseIndex parses the replies to an XLEN, to a ZRANGEBYSCORE with scores up to now, and to one of the members
// without an end.
func readLeaseIndex(answers []rueidis.RedisMessage) (b leaseIndex, err error) {
	if b.held, err = answers[0].AsInt64(); err != nil {
		return b, err
	}
	ended, err := answers[1].AsZScores()
	if err != nil {
		return b, err
	}
	for _, z := range ended {
		if z.Member == goneMember {
			b.generation = int64(z.Score)
		} else {
			b.ended = append(b.ended, z.Member)
		}
	}
	slices.SortFunc(b.ended, func(x, y string) int { return cmp.Compare(spanStart(x), spanStart(y)) })
	endless, err := answers[2].AsStrSlice()
	if err == nil && len(endless) > 0 {
		b.last = endless[0]
	}
	return b, err
}

// spanStart returns the position in the stream where a span begins, or 0 if name is not a lease.
func spanStart(name string) uint64 {
	first, _, _ := strings.Cut(name, " ")
	at, _ := handle(first)
	return at
}

// entry is one entry of a stream.
type entry struct{ id, credit string }

// entries parses the reply to an XRANGE. It avoids the driver's maps, which cost more than everything else here.
func entries(m rueidis.RedisMessage) ([]entry, error) {
	all, err := m.ToArray()
	if err != nil {
		return nil, err
	}
	out := make([]entry, len(all))
	for i := range all {
		parts, err := all[i].ToArray()
		if err != nil || len(parts) != 2 {
			return nil, fmt.Errorf("redis: an entry has %d parts: %w", len(parts), err)
		}
		fields, err := parts[1].ToArray()
		if err != nil || len(fields) != 2 {
			return nil, fmt.Errorf("redis: an entry has %d fields: %w", len(fields), err)
		}
		id, err1 := parts[0].ToString()
		credit, err2 := fields[1].ToString()
		if err := cmp.Or(err1, err2); err != nil {
			return nil, err
		}
		out[i] = entry{id, credit}
	}
	return out, nil
}

// claimScript leases spans if the lease index is unchanged since it was read, and returns whether it did.
//
// KEYS: the leases. ARGV: the last member as it was read, or empty, and its new value; gone as it was read; now;
// seconds after which untouched leases expire, or empty; the number of spans to remove, whose leases must still have
// ended; those spans; then the new ones, each after the end of its lease.
const claimScript = `
local leased, now, ended = KEYS[1], tonumber(ARGV[4]), tonumber(ARGV[6])
if (redis.call('ZRANGEBYSCORE', leased, '+inf', '+inf')[1] or '') ~= ARGV[1] then return 0 end
if tonumber(redis.call('ZSCORE', leased, 'gone') or '0') ~= tonumber(ARGV[3]) then return 0 end
for i = 7, 6 + ended do
  local till = redis.call('ZSCORE', leased, ARGV[i])
  if not till or tonumber(till) > now then return 0 end
end
for i = 7, 6 + ended do redis.call('ZREM', leased, ARGV[i]) end
if ARGV[1] ~= ARGV[2] then
  if ARGV[1] ~= '' then redis.call('ZREM', leased, ARGV[1]) end
  redis.call('ZADD', leased, '+inf', ARGV[2])
end
for i = 7 + ended, #ARGV, 2 do redis.call('ZADD', leased, ARGV[i], ARGV[i + 1]) end
if ARGV[5] ~= '' then redis.call('EXPIRE', leased, ARGV[5]) end
return 1
`

// ackScript removes a whole span from the head of the stream, and returns whether it did. If the span is leased and
// nothing was deleted meanwhile, it contains n entries; if its first entry is the stream's first, they are the first
// n. A poster that keeps pace acknowledges only such spans. They are trimmed together, which the embedded server does
// in one step, whereas it moves the rest of the stream for each entry that is deleted alone.
//
// KEYS: the shard's stream; its leases. ARGV: the first entry; the last; n.
const ackScript = `
local stream, leased = KEYS[1], KEYS[2]
local span = ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. (redis.call('ZSCORE', leased, 'gone') or '0')
local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
if not oldest or oldest[1] ~= ARGV[1] or redis.call('ZREM', leased, span) == 0 then return 0 end
redis.call('XTRIM', stream, 'MAXLEN', redis.call('XLEN', stream) - ARGV[3])
return 1
`
