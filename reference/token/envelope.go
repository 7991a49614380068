package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"encoding/binary"
	"fmt"
	"sync"
)

// An envelope is one HPKE context (X25519, HKDF-SHA256, AES-128-GCM). One context takes about 80 µs to make and 40 µs
// to open, so it seals many tokens: its exporter yields one AEAD key, and each token has the context's next number as
// nonce, carried in clear. HPKE's own Seal does the same with a number that it keeps to itself, but then tokens could
// only be opened in the order they were sealed.
//
// No nonce is used twice under one key: the key follows from an ephemeral secret that NewSender draws from the
// system's generator and nobody stores, so every context, process and restart has its own; within a context numbers
// are given out under one lock and never again. (The one way to break this is to resume one memory image of a running
// instance twice.)

// envelopeTokens bounds the tokens of one context, so that a key taken from memory opens no more than what one core
// seals in half a minute at the peak. It is far below the 2³² messages AES-GCM allows, and the renewal costs nothing
// measurable.
const envelopeTokens = 1 << 20

const (
	encSize     = 32 // an X25519 public key
	numberSize  = 4  // holds envelopeTokens
	envelopeKey = 16 // AES-128
	tagSize     = 16 // of GCM
)

// envelopeInfo separates this use of the keys from any other (HPKE's info).
const envelopeInfo = "hongbao token envelope v1"

// exporter is what both ends of an HPKE context have in common.
type exporter interface {
	Export(exporterContext string, length int) ([]byte, error)
}

// aeadOf returns the AEAD of a context. It has no state, so that goroutines share it.
func aeadOf(e exporter) (cipher.AEAD, error) {
	key, err := e.Export("aead", envelopeKey)
	if err != nil {
		return nil, fmt.Errorf("token: envelope: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("token: envelope: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("token: envelope: %w", err)
	}
	return aead, nil
}

// nonceOf returns the nonce of a context's token number.
func nonceOf(aead cipher.AEAD, number uint32) []byte {
	nonce := make([]byte, aead.NonceSize())
	binary.BigEndian.PutUint32(nonce[len(nonce)-numberSize:], number)
	return nonce
}

// sending is the context that seals now, as of one token.
type sending struct {
	keys   *generation
	enc    []byte
	aead   cipher.AEAD
	number uint32 // of this token
}

// sender gives each token its place in a context.
type sender struct {
	mu   sync.Mutex
	next sending
}

// take returns the place of one token, in a new context when the keys were rotated or the old one is full. Renewing
// under the lock makes other callers wait its 80 µs, once in envelopeTokens; it also keeps the generations in order.
func (s *sender) take(k *Keyring) (sending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := k.sealing(); s.next.keys != g || s.next.number == envelopeTokens {
		enc, to, err := hpke.NewSender(g.envelope.PublicKey(), hpke.HKDFSHA256(), hpke.AES128GCM(), []byte(envelopeInfo))
		if err != nil {
			return sending{}, fmt.Errorf("token: envelope: %w", err)
		}
		aead, err := aeadOf(to)
		if err != nil {
			return sending{}, err
		}
		s.next = sending{keys: g, enc: enc, aead: aead}
	}
	out := s.next
	s.next.number++
	return out, nil
}
