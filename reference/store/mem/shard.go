package mem

import (
	"slices"
	"sort"
	"time"
	"unsafe"

	"hongbao/reference/wallet"
)

// heldChunk is the number of credits that are allocated and freed together: 6 KiB, of which every shard has at most
// one partly used at either end.
const heldChunk = 256

// shard is one queue of the backlog. Its credits are numbered in the order of arrival; the number is the handle for
// the acknowledgement. Numbers below firstNew have been handed out, in leases; the others never.
type shard struct {
	chunks   []*chunk // chunk i contains the numbers from (base+i)*heldChunk; nil once all of them are acknowledged
	base     uint64
	firstNew uint64
	next     uint64 // number of the next arrival
	leases   []lease
	arrivals []arrival // ascending, at least arrivalStep apart
}

// arrivalStep is the resolution of arrival times. A time for each credit would take a third more memory.
const arrivalStep = time.Second

// arrival says that the credits from a number on, up to the next arrival, were pushed at a time or within arrivalStep after it.
type arrival struct {
	from uint64
	at   wallet.Instant
}

type heldRecord struct {
	opened wallet.Instant
	amount wallet.Money
	owner  uint32
	kind   uint16
	acked  bool
}

type chunk struct {
	records [heldChunk]heldRecord
	left    int // slots that are not acknowledged, including empty ones
}

// lease is a range of numbers, [from, to), of which left are not acknowledged. Live leases do not overlap. There is
// one per taker that is at work or crashed within the duration of a lease.
type lease struct {
	from, to uint64
	left     int
	until    wallet.Instant
}

// reset empties the shard. Numbers continue in a new chunk, above 0, so that no old handle matches a new credit.
func (s *shard) reset() {
	base := s.next/heldChunk + 1
	*s = shard{base: base, firstNew: base * heldChunk, next: base * heldChunk}
}

func (s *shard) push(r heldRecord, now wallet.Instant) {
	if n := len(s.arrivals); n == 0 || now.Sub(s.arrivals[n-1].at) >= arrivalStep {
		s.recordArrival(now)
	}
	i := s.next/heldChunk - s.base
	if i == uint64(len(s.chunks)) {
		s.chunks = append(s.chunks, &chunk{left: heldChunk})
	}
	s.chunks[i].records[s.next%heldChunk] = r
	s.next++
}

// recordArrival records when the next credit arrives, and forgets arrivals whose credits were all freed.
func (s *shard) recordArrival(now wallet.Instant) {
	for len(s.arrivals) > 1 && s.arrivals[1].from <= s.base*heldChunk {
		s.arrivals = s.arrivals[1:]
	}
	s.arrivals = append(s.arrivals, arrival{s.next, now})
}

// oldest returns when the first credit that is not acknowledged was pushed; Never: all are acknowledged.
func (s *shard) oldest() wallet.Instant {
	for id := s.base * heldChunk; id < s.next; id++ {
		if r := s.at(id); r != nil && !r.acked {
			after := sort.Search(len(s.arrivals), func(i int) bool { return s.arrivals[i].from > id })
			return s.arrivals[after-1].at
		}
	}
	return wallet.Never
}

// at returns the record of a number, or nil if its chunk was freed or the number is not used yet.
func (s *shard) at(id uint64) *heldRecord {
	if i := id/heldChunk - s.base; id < s.next && i < uint64(len(s.chunks)) && s.chunks[i] != nil {
		return &s.chunks[i].records[id%heldChunk]
	}
	return nil
}

// ready returns the number of credits that may be handed out now.
func (s *shard) ready(now wallet.Instant) int {
	n := int(s.next - s.firstNew)
	for _, l := range s.leases {
		if l.until <= now {
			n += l.left
		}
	}
	return n
}

// take hands out n of the ready credits, oldest first: credits of ended leases are older than all that were never
// handed out.
func (s *shard) take(n int, now, until wallet.Instant, out func(uint64, *heldRecord)) {
	for n > 0 {
		ended := -1
		for i, l := range s.leases {
			if l.until <= now && (ended < 0 || l.from < s.leases[ended].from) {
				ended = i
			}
		}
		if ended < 0 {
			break
		}
		n -= s.renew(ended, n, until, out)
	}
	if n == 0 {
		return
	}
	s.leases = append(s.leases, lease{from: s.firstNew, to: s.firstNew + uint64(n), left: n, until: until})
	for range n {
		out(s.firstNew, s.at(s.firstNew))
		s.firstNew++
	}
}

// renew hands out at most n credits of an ended lease under a new one, and returns their number.
func (s *shard) renew(ended, n int, until wallet.Instant, out func(uint64, *heldRecord)) int {
	old := s.leases[ended]
	renewed := lease{from: old.from, to: old.from, until: until}
	for ; renewed.to < old.to && renewed.left < n; renewed.to++ {
		if r := s.at(renewed.to); r != nil && !r.acked {
			out(renewed.to, r)
			renewed.left++
		}
	}
	s.leases[ended].from = renewed.to
	s.leases[ended].left -= renewed.left
	if s.leases[ended].left == 0 {
		s.leases = slices.Delete(s.leases, ended, ended+1)
	}
	s.leases = append(s.leases, renewed)
	return renewed.left
}

// ack removes a credit that was handed out, and reports whether it still existed.
func (s *shard) ack(id uint64) bool {
	r := s.at(id)
	if r == nil || r.acked || id >= s.firstNew {
		return false
	}
	r.acked = true
	for i := range s.leases {
		if l := &s.leases[i]; l.from <= id && id < l.to {
			if l.left--; l.left == 0 {
				s.leases = slices.Delete(s.leases, i, i+1)
			}
			break
		}
	}
	c := id/heldChunk - s.base
	if s.chunks[c].left--; s.chunks[c].left == 0 {
		s.chunks[c] = nil
	}
	for len(s.chunks) > 0 && s.chunks[0] == nil {
		s.chunks = s.chunks[1:]
		s.base++
	}
	return true
}

func (s *shard) bytes() int64 {
	n := int64(unsafe.Sizeof(*s)) + int64(cap(s.chunks))*int64(unsafe.Sizeof(s)) + int64(cap(s.leases))*int64(unsafe.Sizeof(lease{})) +
		int64(cap(s.arrivals))*int64(unsafe.Sizeof(arrival{}))
	for _, c := range s.chunks {
		if c != nil {
			n += int64(unsafe.Sizeof(*c))
		}
	}
	return n
}
