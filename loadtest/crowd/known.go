package crowd

import (
	"sync"
	"unsafe"

	"hongbao/reference/wallet"
)

// maxKnown bounds the known rewards and packets: at some 150 bytes each in its map they take a few hundred megabytes. Above it
// people have nothing to use and nothing to open, which is counted.
const maxKnown = 1 << 20

// win identifies a win, and the packet that its winner sends afterwards.
type win struct {
	person       uint32
	window, time uint16
}

// known is what people learned from answers and need later: the order numbers of their rewards, and the numbers of the packets
// sent. Safe for concurrent use.
type known struct {
	rewards learned[wallet.OrderNo]
	packets learned[packet]
}

// learned holds values by the win that they belong to.
type learned[V any] struct {
	mu sync.Mutex
	of map[win]V
}

// packet is a sent packet and the number of its shares: the first recipients of the planned ones.
type packet struct {
	no     wallet.PacketNo
	shares int
}

func newKnown() *known {
	return &known{learned[wallet.OrderNo]{of: map[win]wallet.OrderNo{}}, learned[packet]{of: map[win]packet{}}}
}

// keep stores a value; a repeat stores it again.
func (l *learned[V]) keep(w win, v V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.of) < maxKnown {
		l.of[w] = v
	}
}

// get returns the value of a win; false: not known.
func (l *learned[V]) get(w win) (V, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.of[w]
	return v, ok
}

// bytes returns the approximate memory held: the map's entries in the worst case, just doubled.
func (l *learned[V]) bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var v V
	return int64(len(l.of)) * int64(unsafe.Sizeof(win{})+unsafe.Sizeof(v)) * 16 / 7
}

func (t *known) bytes() int64 { return t.rewards.bytes() + t.packets.bytes() }
