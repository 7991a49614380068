package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"encoding/binary"
	"fmt"
	"sync"
)

// An envelope is one HPKE context (X25519, HKDF-SHA256, AES-128-GCM). Creating one takes about 80 µs and opening one 40
// µs, so one context seals many tokens: its exporter yields one AEAD key, and each token has the context's next number
// as nonce, sent in clear. HPKE's own Seal does the same with an internal number, but then tokens could only be opened
// in the order in which they were sealed.
//
// No nonce is used twice under one key. The key is derived from an ephemeral secret that NewSender draws from the
// system's generator and nobody stores, so each context, process and restart has a different key. Within a context
// numbers are assigned under one lock and never reused. (The one way to break this is to resume one memory image of a
// running instance twice.)

// envelopeTokens bounds the tokens of one context, so that a key stolen from memory opens at most the tokens that one
// core seals in half a minute at the peak. It is far below the 2³² messages that AES-GCM allows, and the cost of
// renewal is not measurable.
const envelopeTokens = 1 << 20

const (
	encSize     = 32 // an X25519 public key
	numberSize  = 4  // bytes; enough for envelopeTokens
	envelopeKey = 16 // AES-128
	tagSize     = 16 // of GCM
)

// envelopeInfo separates this use of the keys from all others (HPKE's info).
const envelopeInfo = "hongbao token envelope v1"

// exporter is the common part of the sending and the receiving end of an HPKE context.
type exporter interface {
	Export(exporterContext string, length int) ([]byte, error)
}

// aeadOf returns the AEAD of a context. It has no state, so goroutines may share it.
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

// nonceOf returns the nonce of the context's token with that number.
func nonceOf(aead cipher.AEAD, number uint32) []byte {
	nonce := make([]byte, aead.NonceSize())
	binary.BigEndian.PutUint32(nonce[len(nonce)-numberSize:], number)
	return nonce
}

// sending is the context in use, and the number of one token in it.
type sending struct {
	keys   *generation
	enc    []byte
	aead   cipher.AEAD
	number uint32 // of this token
}

// sender assigns each token its number in a context.
type sender struct {
	mu   sync.Mutex
	next sending
}

// take returns the context and number of one token. It makes a new context if the keys were rotated or the old context
// is full. Renewing under the lock delays other callers by 80 µs, once in envelopeTokens; it also keeps the generations
// in order.
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
