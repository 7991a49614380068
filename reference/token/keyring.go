package token

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// KeyID numbers a generation of keys, from 1. A number is never used again.
type KeyID uint32

// MaxGenerations bounds the generations that a ring holds: the current one and those whose tokens are still out. With
// one rotation a week even the default lifetime needs no more than six.
const MaxGenerations = 8

// Keyring holds the generations of keys. New tokens are sealed with the current one; tokens of all others are opened
// until their generation is retired. Safe for concurrent use. No way of printing it shows a key; Save alone does.
type Keyring struct {
	mu      sync.RWMutex
	current *generation
	byID    map[KeyID]*generation
}

// NewKeyring returns a ring with generation 1, made of what random yields: crypto/rand.Reader, or a seeded stream
// where a run has to be repeated. The error is random's.
func NewKeyring(random io.Reader) (*Keyring, error) {
	k := &Keyring{byID: map[KeyID]*generation{}}
	if _, err := k.Rotate(random); err != nil {
		return nil, err
	}
	return k, nil
}

// Rotate adds a generation made of what random yields and makes it current (T7). Tokens of the earlier ones stay
// good. ErrInvalid when MaxGenerations are held: retire one first. Otherwise the error is random's.
func (k *Keyring) Rotate(random io.Reader) (KeyID, error) {
	seed := make([]byte, seedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return 0, fmt.Errorf("token: new keys: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.byID) >= MaxGenerations {
		return 0, fmt.Errorf("%w: %d key generations are held, retire one first", wallet.ErrInvalid, MaxGenerations)
	}
	g, err := newGeneration(k.newest()+1, seed)
	if err != nil {
		return 0, err
	}
	k.byID[g.id], k.current = g, g
	return g.id, nil
}

// Retire forgets a generation older than the current one; its tokens are refused with ErrTokenKey from now on.
// Idempotent. ErrInvalid for the current one and later ones: were the newest forgotten, its number would be given
// to other keys.
func (k *Keyring) Retire(id KeyID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id >= k.current.id {
		return fmt.Errorf("%w: key generation %d is not older than the current one, %d", wallet.ErrInvalid, id, k.current.id)
	}
	delete(k.byID, id)
	return nil
}

// Current returns the generation that seals.
func (k *Keyring) Current() KeyID { return k.sealing().id }

// IDs returns the generations held, oldest first.
func (k *Keyring) IDs() []KeyID {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Sorted(maps.Keys(k.byID))
}

// newest returns the highest number given so far. The caller holds the lock.
func (k *Keyring) newest() KeyID {
	var id KeyID
	for have := range k.byID {
		id = max(id, have)
	}
	return id
}

// sealing returns the current generation.
func (k *Keyring) sealing() *generation {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.current
}

// opening returns a generation that is held.
func (k *Keyring) opening(id KeyID) (*generation, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if g, ok := k.byID[id]; ok {
		return g, nil
	}
	return nil, wallet.ErrTokenKey
}
