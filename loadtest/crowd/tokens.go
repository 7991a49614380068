package crowd

import (
	"slices"
	"sync"
	"unsafe"

	"hongbao/reference/wallet"
)

// maxHeld bounds the tokens of all clients together: at some 300 bytes each they take a few hundred megabytes. Above it
// clients drop new tokens, which is counted.
const maxHeld = 1 << 20

// tokenCopy is a client's copy of a token.
type tokenCopy struct {
	order  wallet.OrderNo
	family wallet.Family // the family of the apps that hold it
	sealed []byte
}

// bytes returns the memory of the copy, without that of the map.
func (t tokenCopy) bytes() int64 { return int64(unsafe.Sizeof(t)) + int64(cap(t.sealed)) }

// clientTokens are the tokens held by people's clients (T2, T8). Safe for concurrent use.
type clientTokens struct {
	mu       sync.Mutex
	held     map[uint32][]tokenCopy
	count    int
	bytes    int64
	overflow int64 // tokens that were dropped
}

func newClientTokens() *clientTokens { return &clientTokens{held: map[uint32][]tokenCopy{}} }

// keep stores a token, unless the same family already holds one for its order: a repeat returns the token again.
func (h *clientTokens) keep(p uint32, t tokenCopy) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.ContainsFunc(h.held[p], func(o tokenCopy) bool { return o.order == t.order && o.family == t.family }) {
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

// tokens returns the copies held by the apps of one family: the newest ones if there are too many for a request.
func (h *clientTokens) tokens(p uint32, f wallet.Family) [][]byte {
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

// lacks reports whether a page that shows the whole list lacks a grant of its stage whose token the family holds.
func (h *clientTokens) lacks(p uint32, f wallet.Family, page wallet.Page) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return page.Next == (wallet.Cursor{}) && slices.ContainsFunc(h.held[p], func(t tokenCopy) bool {
		return t.family == f && t.order.Stage == page.Stage && !slices.ContainsFunc(page.Grants, func(l wallet.Line) bool { return l.Order == t.order })
	})
}

// dropPosted drops the tokens of grants that the page shows as posted.
func (h *clientTokens) dropPosted(p uint32, page wallet.Page) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held, ok := h.held[p]
	if !ok {
		return
	}
	held = slices.DeleteFunc(held, func(t tokenCopy) bool {
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
