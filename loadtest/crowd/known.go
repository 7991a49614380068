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
	mu      sync.Mutex
	rewards map[win]wallet.OrderNo
	packets map[win]packet
}

// packet is a sent packet and the number of its shares: the first recipients of the planned ones.
type packet struct {
	no     wallet.PacketNo
	shares int
}

func newKnown() *known {
	return &known{rewards: map[win]wallet.OrderNo{}, packets: map[win]packet{}}
}

// won stores the order number of a reward; a repeat stores it again.
func (t *known) won(w win, no wallet.OrderNo) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rewards) < maxKnown {
		t.rewards[w] = no
	}
}

// reward returns the order number of the reward of a win; false: not known.
func (t *known) reward(w win) (wallet.OrderNo, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	no, ok := t.rewards[w]
	return no, ok
}

// sent stores a packet.
func (t *known) sent(w win, p packet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.packets) < maxKnown {
		t.packets[w] = p
	}
}

// packet returns the packet that the winner sent; false: not known.
func (t *known) packet(w win) (packet, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.packets[w]
	return p, ok
}

// bytes returns the approximate memory held: the maps' entries in the worst case, just doubled.
func (t *known) bytes() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	const reward, sent = int64(unsafe.Sizeof(win{}) + unsafe.Sizeof(wallet.OrderNo{})), int64(unsafe.Sizeof(win{}) + unsafe.Sizeof(packet{}))
	return (int64(len(t.rewards))*reward + int64(len(t.packets))*sent) * 16 / 7
}
