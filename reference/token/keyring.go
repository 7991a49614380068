package token

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// keyID numbers a generation of keys, from 1. A number is never used again.
type keyID uint32

// maxGenerations bounds the generations of a ring: the current one and those whose tokens are still in use. With one
// rotation a week even the default lifetime needs no more than six.
const maxGenerations = 8

// Keyring stores the generations of keys. New tokens are sealed with the current one; tokens of the others are opened
// until their generation is retired. Safe for concurrent use. Printing it never shows a key; only Save does.
type Keyring struct {
	mu      sync.RWMutex
	current *generation
	byID    map[keyID]*generation
}

// NewKeyring returns a ring with generation 1, made from random: crypto/rand.Reader, or a seeded stream if a run must
// be repeatable. Errors are those of random.
func NewKeyring(random io.Reader) (*Keyring, error) {
	k := &Keyring{byID: map[keyID]*generation{}}
	if _, err := k.Rotate(random); err != nil {
		return nil, err
	}
	return k, nil
}

// Rotate adds a generation made from random and makes it current (T7). Tokens of earlier generations stay valid.
// ErrInvalid: the ring already has MaxGenerations; retire one first. Other errors are those of random.
func (k *Keyring) Rotate(random io.Reader) (keyID, error) {
	seed := make([]byte, seedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return 0, fmt.Errorf("token: new keys: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.byID) >= maxGenerations {
		return 0, fmt.Errorf("%w: the ring already has %d key generations: retire one first", wallet.ErrInvalid, maxGenerations)
	}
	g, err := newGeneration(k.newest()+1, seed)
	if err != nil {
		return 0, err
	}
	k.byID[g.id], k.current = g, g
	return g.id, nil
}

// Retire deletes a generation older than the current one; its tokens are then refused with ErrTokenKey. Idempotent.
// ErrInvalid for the current and newer generations: if the newest were deleted, its number would be assigned to other
// keys.
func (k *Keyring) Retire(id keyID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id >= k.current.id {
		return fmt.Errorf("%w: key generation %d is not older than the current one, %d", wallet.ErrInvalid, id, k.current.id)
	}
	delete(k.byID, id)
	return nil
}

// ids returns the generations of the ring, oldest first.
func (k *Keyring) ids() []keyID {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Sorted(maps.Keys(k.byID))
}

// newest returns the highest number assigned so far. The caller holds the lock.
func (k *Keyring) newest() keyID {
	var id keyID
	for existing := range k.byID {
		id = max(id, existing)
	}
	return id
}

// sealing returns the current generation.
func (k *Keyring) sealing() *generation {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.current
}

// opening returns a generation of the ring. ErrTokenKey: the ring does not have it.
func (k *Keyring) opening(id keyID) (*generation, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if g, ok := k.byID[id]; ok {
		return g, nil
	}
	return nil, wallet.ErrTokenKey
}
