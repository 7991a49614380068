package token

import (
	"container/list"
	"crypto/cipher"
	"crypto/hpke"
	"fmt"
	"sync"
)

// receive makes the other end of a context. The error is that of an enc that is no sender's.
func receive(g *generation, enc []byte) (cipher.AEAD, error) {
	from, err := hpke.NewRecipient(enc, g.envelope, hpke.HKDFSHA256(), hpke.AES128GCM(), []byte(envelopeInfo))
	if err != nil {
		return nil, fmt.Errorf("token: envelope: %w", err)
	}
	return aeadOf(from)
}

// maxReceivers bounds the contexts that are kept open, about 1 KB each. Every sealing instance has one at a time, so
// this is a good part of the source's fleet; one that fell out costs 40 µs to make again.
const maxReceivers = 4096

// envelopeID names a context.
type envelopeID struct {
	keys KeyID
	enc  [encSize]byte
}

// receivers keeps the contexts used last. Only contexts that held an authentic token are put in, so a flood of bogus
// ones evicts nothing and takes no memory: each costs us one key exchange, about 40 µs, as much as verifying an honest
// token. Whoever holds real tokens of many contexts can evict others', which costs the same 40 µs a token. Contexts of a retired generation are not asked for any more and fall out in time.
type receivers struct {
	mu    sync.Mutex
	byID  map[envelopeID]*list.Element
	order list.List // of receiver; used last in front
}

type receiver struct {
	id   envelopeID
	aead cipher.AEAD
}

func newReceivers() *receivers { return &receivers{byID: map[envelopeID]*list.Element{}} }

// find returns the context if it is kept.
func (r *receivers) find(id envelopeID) (cipher.AEAD, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.byID[id]
	if !ok {
		return nil, false
	}
	r.order.MoveToFront(at)
	return at.Value.(receiver).aead, true
}

// keep puts a context in, in place of the one whose last use is longest ago.
func (r *receivers) keep(id envelopeID, aead cipher.AEAD) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.byID[id]; ok {
		return
	}
	if r.order.Len() >= maxReceivers {
		delete(r.byID, r.order.Remove(r.order.Back()).(receiver).id)
	}
	r.byID[id] = r.order.PushFront(receiver{id, aead})
}
