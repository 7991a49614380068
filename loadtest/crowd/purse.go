package crowd

import (
	"slices"
	"sync"
	"unsafe"

	"hongbao/reference/wallet"
)

// maxHeld bounds the tokens that all clients together hold: some 300 bytes each, so that they take a few hundred
// megabytes at most. Beyond it clients keep no more, which is counted.
const maxHeld = 1 << 20

// promise is a client's copy of a token.
type promise struct {
	order  wallet.OrderNo
	family wallet.Family // whose apps hold it
	sealed []byte
}

// bytes is the memory that the promise takes, without what the map around it costs.
func (t promise) bytes() int64 { return int64(unsafe.Sizeof(t)) + int64(cap(t.sealed)) }

// purses are the tokens that people's clients hold (T2, T8). Safe for concurrent use.
type purses struct {
	mu       sync.Mutex
	held     map[uint32][]promise
	count    int
	bytes    int64
	overflow int64 // tokens that were not kept
}

func newPurses() *purses { return &purses{held: map[uint32][]promise{}} }

// keep keeps a token, unless the same app already holds one for its order: a repeat brings the promise again.
func (h *purses) keep(p uint32, t promise) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.ContainsFunc(h.held[p], func(o promise) bool { return o.order == t.order && o.family == t.family }) {
		return
	}
	if h.count >= maxHeld {
		h.overflow++
		return
	}
	h.count++
	h.bytes += t.bytes()
	h.held[p] = append(h.held[p], t)
}

// tokens returns the copies that the apps of one family hold, the newest ones when there are too many for a request.
func (h *purses) tokens(p uint32, f wallet.Family) [][]byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	var sealed [][]byte
	for _, t := range h.held[p] {
		if t.family == f {
			sealed = append(sealed, t.sealed)
		}
	}
	return sealed[max(0, len(sealed)-wallet.MaxClientTokens):]
}

// lacks says whether a page that shows the whole list does not show a grant of its stage that the app holds a token for.
func (h *purses) lacks(p uint32, f wallet.Family, page wallet.Page) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return page.Next == (wallet.Cursor{}) && slices.ContainsFunc(h.held[p], func(t promise) bool {
		return t.family == f && t.order.Stage == page.Stage && !slices.ContainsFunc(page.Grants, func(l wallet.Line) bool { return l.Order == t.order })
	})
}

// letGo forgets the tokens of grants that the page shows as posted.
func (h *purses) letGo(p uint32, page wallet.Page) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held, ok := h.held[p]
	if !ok {
		return
	}
	held = slices.DeleteFunc(held, func(t promise) bool {
		posted := slices.ContainsFunc(page.Grants, func(l wallet.Line) bool { return l.Order == t.order && l.Status == wallet.TokenSuccess })
		if posted {
			h.count--
			h.bytes -= t.bytes()
		}
		return posted
	})
	if h.held[p] = held; len(held) == 0 {
		delete(h.held, p)
	}
}
