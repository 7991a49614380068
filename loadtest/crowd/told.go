package crowd

import (
	"sync"
	"unsafe"

	"hongbao/reference/wallet"
)

// maxTold bounds what people keep of rewards and packets: some 150 bytes each in its map, so that they take a few hundred
// megabytes at most. Who keeps no more has nothing to use and nothing to open, which is counted.
const maxTold = 1 << 20

// win names a win, and the packet that its winner sends after it.
type win struct {
	person       uint32
	window, time uint16
}

// told is what people were told and need later: the numbers of the rewards they won, and of the packets that were sent.
// Safe for concurrent use.
type told struct {
	mu      sync.Mutex
	rewards map[win]wallet.OrderNo
	packets map[win]packet
}

// packet is one that was sent, to the first so many of those whom its sender thought of.
type packet struct {
	no     wallet.PacketNo
	shares int
}

func newTold() *told {
	return &told{rewards: map[win]wallet.OrderNo{}, packets: map[win]packet{}}
}

// won keeps the number of a reward; a repeat brings it again.
func (t *told) won(w win, no wallet.OrderNo) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rewards) < maxTold {
		t.rewards[w] = no
	}
}

// reward returns the number of the reward that was won; false: none was, as far as anybody was told.
func (t *told) reward(w win) (wallet.OrderNo, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	no, ok := t.rewards[w]
	return no, ok
}

// sent keeps a packet.
func (t *told) sent(w win, p packet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.packets) < maxTold {
		t.packets[w] = p
	}
}

// packet returns the packet that the winner sent; false: none was, as far as anybody was told.
func (t *told) packet(w win) (packet, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.packets[w]
	return p, ok
}

// bytes is the memory held, about: a map's entries in the worst case, just doubled.
func (t *told) bytes() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	const reward, sent = int64(unsafe.Sizeof(win{}) + unsafe.Sizeof(wallet.OrderNo{})), int64(unsafe.Sizeof(win{}) + unsafe.Sizeof(packet{}))
	return (int64(len(t.rewards))*reward + int64(len(t.packets))*sent) * 16 / 7
}
