package crowd

import (
	"time"
	"unsafe"
)

// intent is something that somebody will do.
type intent struct {
	at    time.Duration // from the plan's start
	seq   uint32        // of intents for one moment, the first made comes first; it wraps around in no run
	kind  uint8
	visit Visit
}

// before says whether i comes before j.
func (i *intent) before(j *intent) bool { return i.at < j.at || i.at == j.at && i.seq < j.seq }

// agenda holds intents, the next one first: a heap in which each has four below it. It holds at most seven for each win
// (bind, look, withdraw, come back, list, use, send), and two for each share of a packet, until their delays have passed.
type agenda struct {
	heap []intent
	seq  uint32
}

// add takes an intent in.
func (a *agenda) add(n intent) {
	a.seq++
	n.seq = a.seq
	i := len(a.heap)
	a.heap = append(a.heap, n)
	for i > 0 && n.before(&a.heap[(i-1)/4]) {
		a.heap[i] = a.heap[(i-1)/4]
		i = (i - 1) / 4
	}
	a.heap[i] = n
}

// take removes the next intent; there is one.
func (a *agenda) take() intent {
	next, last := a.heap[0], a.heap[len(a.heap)-1]
	a.heap = a.heap[:len(a.heap)-1]
	if len(a.heap) == 0 {
		return next
	}
	for i := 0; ; {
		least, end := -1, min(4*i+5, len(a.heap))
		for j := 4*i + 1; j < end; j++ {
			if least < 0 || a.heap[j].before(&a.heap[least]) {
				least = j
			}
		}
		if least < 0 || !a.heap[least].before(&last) {
			a.heap[i] = last
			return next
		}
		a.heap[i] = a.heap[least]
		i = least
	}
}

// bytes is the memory held.
func (a *agenda) bytes() int64 { return int64(cap(a.heap)) * int64(unsafe.Sizeof(intent{})) }
