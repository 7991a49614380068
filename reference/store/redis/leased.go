package redis

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// Leases of a shard's entries live in a zset beside its stream. A member is a span of the stream, which holds whatever
// is left between two entries, scored with the end of its lease: one member a batch, however many credits are in it.
// Spans never overlap. Two members are no leases:
//
//   - "last:" and an entry, scored +inf: what was handed out last. It lives among the leases so that it cannot outlast
//     them: were they lost alone, nobody would ever take what they stood for.
//   - "gone", scored with minus the number of times that entries were deleted one by one: so that a span which was read
//     before is not leased after, and one that was leased before is not known to hold what it held.
const (
	lastMember = "last:"
	goneMember = "gone"
)

// span is one lease: entries of the stream from first to last, n of them when it was taken, and gone as it stood then.
type span struct {
	first, last string
	n           int
	gone        int64
}

// name is the span's member: a taker's acknowledgement, which has the same entries, spells the same one.
func (s span) name() string {
	return s.first + " " + s.last + " " + strconv.Itoa(s.n) + " " + strconv.FormatInt(s.gone, 10)
}

// parseSpan reads what name wrote. What is not needed of a lease that has ended is left out.
func parseSpan(name string) (s span, ok bool) {
	part := strings.SplitN(name, " ", 3)
	if len(part) != 3 {
		return span{}, false
	}
	_, err1 := handle(part[0])
	_, err2 := handle(part[1])
	return span{first: part[0], last: part[1]}, err1 == nil && err2 == nil
}

// book is what the leases of a shard say at one moment.
type book struct {
	held  int64    // entries of the stream
	last  string   // handed out last; empty: none
	gone  int64    //
	ended []string // names of spans whose leases have ended, by their places in the stream; those that are none come first
}

// readBook reads the answers to an XLEN, to a ZRANGEBYSCORE with scores up to now, and to one of what has no end.
func readBook(answers []rueidis.RedisMessage) (b book, err error) {
	if b.held, err = answers[0].AsInt64(); err != nil {
		return b, err
	}
	ended, err := answers[1].AsZScores()
	if err != nil {
		return b, err
	}
	for _, z := range ended {
		if z.Member == goneMember {
			b.gone = int64(z.Score)
		} else {
			b.ended = append(b.ended, z.Member)
		}
	}
	slices.SortFunc(b.ended, func(x, y string) int { return cmp.Compare(place(x), place(y)) })
	endless, err := answers[2].AsStrSlice()
	if err == nil && len(endless) > 0 {
		b.last = endless[0]
	}
	return b, err
}

// place is where a span begins in the stream; 0 of what is none.
func place(name string) uint64 {
	first, _, _ := strings.Cut(name, " ")
	at, _ := handle(first)
	return at
}

// entry is one of a stream.
type entry struct{ id, credit string }

// entries reads the answer to an XRANGE. The maps that the driver would make cost more than all the rest.
func entries(m rueidis.RedisMessage) ([]entry, error) {
	all, err := m.ToArray()
	if err != nil {
		return nil, err
	}
	out := make([]entry, len(all))
	for i := range all {
		parts, err := all[i].ToArray()
		if err != nil || len(parts) != 2 {
			return nil, fmt.Errorf("redis: an entry of %d parts: %w", len(parts), err)
		}
		fields, err := parts[1].ToArray()
		if err != nil || len(fields) != 2 {
			return nil, fmt.Errorf("redis: an entry of %d fields: %w", len(fields), err)
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

// claimScript leases spans if the book is still as it was read, and says whether it did.
//
// KEYS: the leases. ARGV: the last member as it was, or nothing, and as it shall be; gone as it was; now; seconds after
// which untouched leases expire, or nothing; how many spans to end for good, whose leases must still have ended; those;
// then the new ones, each after the end of its lease.
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

// ackScript removes a whole span from the head of the stream, and says whether it did: if it is leased and nothing was
// deleted meanwhile, it holds n entries, and if its first is the stream's, they are the first n. A poster that
// keeps pace acknowledges nothing else. They are cut off together, which the embedded server does at once, while it
// moves the whole rest of the stream for each that is deleted alone.
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
