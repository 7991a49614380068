package auth

import (
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// maxNonces bounds the nonces remembered per key: 50,000 requests a second over the Window. A nonce takes about 14
// bytes, so one key at that rate takes some 200 MB; at 1,000 requests a second it is 4 MB.
const maxNonces = 1 << 24

// slice is the time that one set of nonces covers. Sets are dropped as a whole.
const slice = time.Minute

// Nonces remembers the nonces of requests while their time is Fresh, so that a captured request cannot be replayed. It
// stores 64-bit hashes under a random seed: two of ten million nonces collide with probability 1 in 300,000, and then
// one valid request is refused, which the caller signs again. It does not know what other instances have seen. Safe for
// concurrent use.
type Nonces struct {
	seed maphash.Seed
	mu   sync.RWMutex
	of   map[string]*memory
}

// memory holds the nonces of one key.
type memory struct {
	mu     sync.Mutex
	count  int
	slices map[wallet.Instant]map[uint64]struct{} // by the requests' own time
}

// NewNonces returns an empty set of nonces.
func NewNonces() *Nonces { return &Nonces{seed: maphash.MakeSeed(), of: map[string]*memory{}} }

// Use records the nonce of a request whose signature is verified and whose time is Fresh. ErrReplayed: it was used
// before. wallet.ErrLimited: too many are remembered, so a replay could not be detected.
func (n *Nonces) Use(s Signed, now wallet.Instant) error {
	m := n.memory(s.ID)
	hash := maphash.String(n.seed, s.Nonce)
	at := s.At - s.At%wallet.Instant(slice/time.Microsecond)
	m.mu.Lock()
	defer m.mu.Unlock()
	set := m.slices[at]
	if set == nil {
		m.forget(now)
		set = map[uint64]struct{}{}
		m.slices[at] = set
	}
	if _, used := set[hash]; used {
		return ErrReplayed
	}
	if m.count >= maxNonces {
		return fmt.Errorf("%w: %d requests within %s", wallet.ErrLimited, m.count, Window)
	}
	set[hash] = struct{}{}
	m.count++
	return nil
}

// forget drops the sets whose requests are all stale. The caller holds the lock.
func (m *memory) forget(now wallet.Instant) {
	for at, set := range m.slices {
		if now.Sub(at.Add(slice)) > Window {
			m.count -= len(set)
			delete(m.slices, at)
		}
	}
}

// memory returns the nonces of a key. The key is in the keys file, so there are few.
func (n *Nonces) memory(id string) *memory {
	n.mu.RLock()
	m := n.of[id]
	n.mu.RUnlock()
	if m != nil {
		return m
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if m = n.of[id]; m == nil {
		m = &memory{slices: map[wallet.Instant]map[uint64]struct{}{}}
		n.of[id] = m
	}
	return m
}
