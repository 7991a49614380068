package token

import (
	"container/list"
	"crypto/cipher"
	"crypto/hpke"
	"fmt"
	"sync"
)

// receive makes the receiving end of a context. It fails if enc is not a valid sender's key.
func receive(g *generation, enc []byte) (cipher.AEAD, error) {
	from, err := hpke.NewRecipient(enc, g.envelope, hpke.HKDFSHA256(), hpke.AES128GCM(), []byte(envelopeInfo))
	if err != nil {
		return nil, fmt.Errorf("token: envelope: %w", err)
	}
	return aeadOf(from)
}

// maxReceivers bounds the contexts in the cache, about 1 KB each. Every sealing instance has one at a time, so this
// covers a large part of the source's fleet; an evicted context costs 40 µs to make again.
const maxReceivers = 4096

// envelopeID identifies a context.
type envelopeID struct {
	keys keyID
	enc  [encSize]byte
}

// receivers caches the contexts used most recently. Only contexts with an authentic token are stored, so a flood of
// forged tokens evicts nothing and takes no memory: each costs one key exchange, about 40 µs, as much as verifying a
// valid token. A client with valid tokens of many contexts can evict other contexts, which costs the same 40 µs per
// token. Contexts of a retired generation are not used any more and are evicted in time.
type receivers struct {
	mu    sync.Mutex
	byID  map[envelopeID]*list.Element
	order list.List // of receiver; most recently used first
}

type receiver struct {
	id   envelopeID
	aead cipher.AEAD
}

func newReceivers() *receivers { return &receivers{byID: map[envelopeID]*list.Element{}} }

// find returns the context if it is cached.
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

// keep stores a context. If the cache is full, it evicts the least recently used one.
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
