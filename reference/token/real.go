package token

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"

	"hongbao/reference/wallet"
)

// A sealed token is
//
//	header     version 1 · key id 4 · enc 32 · number 4
//	body       AES-128-GCM, the header as associated data, of
//	             statement  purpose 1 · issued 8 · the token's protobuf without its status
//	             signature  64, Ed25519 of signDomain · header · statement
//	tag        16
//
// The signature covers the header, so that a statement taken out of its envelope does not fit into another one, and the
// statement, so that the owner, the time and the purpose are signed too. It is inside the encryption: clients see
// nothing.
const (
	keyAt      = 1 // offsets in the header
	encAt      = keyAt + 4
	numberAt   = encAt + encSize
	headerSize = numberAt + numberSize
	issuedAt   = 1 // offsets in the statement
	tokenAt    = issuedAt + 8
	minSealed  = headerSize + tokenAt + ed25519.SignatureSize + tagSize
)

// signDomain separates these signatures from all other uses of the keys.
const signDomain = "hongbao token v1\x00"

// Real seals tokens with public-key cryptography (T7). Safe for concurrent use. Sealing the same token twice gives
// different bytes, even with seeded keys: a simulation may depend only on the results of Open.
type Real struct {
	keys      *Keyring
	policy    Policy
	sender    *sender    // pointers: whatever the verb,
	receivers *receivers // fmt does not follow them to the keys
}

var _ wallet.Sealer = (*Real)(nil)

// NewReal returns a sealer with these keys. ErrInvalid: the policy is invalid.
func NewReal(keys *Keyring, p Policy) (*Real, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return &Real{keys, p, &sender{}, newReceivers()}, nil
}

// Seal implements wallet.Sealer. ErrInvalid: no grant makes such a token.
func (r *Real) Seal(t wallet.Token, now wallet.Instant) ([]byte, error) {
	if err := validate(t); err != nil {
		return nil, err
	}
	to, err := r.sender.take(r.keys)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(signDomain)+maxSealed)
	b = append(b, signDomain...)
	b = append(b, versionReal)
	b = binary.BigEndian.AppendUint32(b, uint32(to.keys.id))
	b = append(b, to.enc...)
	b = binary.BigEndian.AppendUint32(b, to.number)
	b = append(b, byte(r.policy.Purpose))
	b = binary.BigEndian.AppendUint64(b, uint64(now))
	if b, err = appendSigned(b, t); err != nil {
		return nil, err
	}
	b = append(b, ed25519.Sign(to.keys.sign, b)...)
	sealed := b[len(signDomain):]
	header, body := sealed[:headerSize], sealed[headerSize:]
	return to.aead.Seal(header, nonceOf(to.aead, to.number), body, header), nil
}

// Open implements wallet.Sealer. Bytes without the form of a token are ErrTokenUnreadable. Bytes with that form that were
// not sealed with our keys, or were altered, are ErrTokenForged, which the alarm counts.
func (r *Real) Open(sealed []byte, who wallet.Person, now wallet.Instant) (wallet.Token, error) {
	if len(sealed) < minSealed || len(sealed) > maxSealed || sealed[0] != versionReal {
		return wallet.Token{}, wallet.ErrTokenUnreadable
	}
	header, body := sealed[:headerSize], sealed[headerSize:]
	keys, err := r.keys.opening(keyID(binary.BigEndian.Uint32(header[keyAt:])))
	if err != nil {
		return wallet.Token{}, err
	}
	statement, err := r.authentic(keys, header, body)
	if err != nil {
		return wallet.Token{}, err
	}
	t, err := decodeSigned(statement[tokenAt:])
	if err != nil {
		return wallet.Token{}, err
	}
	issued := wallet.Instant(binary.BigEndian.Uint64(statement[issuedAt:]))
	if err := r.policy.admit(Purpose(statement[0]), t.Order.ActID, issued, who, now); err != nil {
		return wallet.Token{}, err
	}
	return t, nil
}

// authentic decrypts the body and returns the statement. ErrTokenForged: the signature is not from our keys.
func (r *Real) authentic(keys *generation, header, body []byte) ([]byte, error) {
	id := envelopeID{keys.id, [encSize]byte(header[encAt:])}
	aead, cached := r.receivers.find(id)
	if !cached {
		var err error
		if aead, err = receive(keys, id.enc[:]); err != nil {
			return nil, fmt.Errorf("%w: %v", wallet.ErrTokenForged, err)
		}
	}
	b := make([]byte, 0, len(signDomain)+maxSealed)
	b = append(b, signDomain...)
	b = append(b, header...)
	number := binary.BigEndian.Uint32(header[numberAt:])
	b, err := aead.Open(b, nonceOf(aead, number), body, header)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", wallet.ErrTokenForged, err)
	}
	signed, signature := b[:len(b)-ed25519.SignatureSize], b[len(b)-ed25519.SignatureSize:]
	if !ed25519.Verify(keys.verify, signed, signature) {
		return nil, wallet.ErrTokenForged
	}
	if !cached {
		r.receivers.keep(id, aead)
	}
	return signed[len(signDomain)+headerSize:], nil
}
