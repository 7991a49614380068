package token

import (
	"encoding/binary"
	"math/bits"

	"hongbao/reference/wallet"
)

// A modelled token has fixed offsets, so that making and reading it is cheap:
//
//	version 1 · key id 4 · purpose 1 · issued 8 · app 1 · act id 8 · amount 8 · opened 8 · rain 4 · award 1 · stage 1 ·
//	length of activity 1 · length of scene 1 · activity · scene · check 8
const (
	standKeyAt      = 1
	standPurposeAt  = standKeyAt + 4
	standIssuedAt   = standPurposeAt + 1
	standAppAt      = standIssuedAt + 8
	standActAt      = standAppAt + 1
	standAmountAt   = standActAt + 8
	standOpenedAt   = standAmountAt + 8
	standRainAt     = standOpenedAt + 8
	standAwardAt    = standRainAt + 4
	standStageAt    = standAwardAt + 1
	standActivityAt = standStageAt + 1    // length of activity
	standSceneAt    = standActivityAt + 1 // length of scene
	standTextAt     = standSceneAt + 1
	checkSize       = 8
)

// Modelled replaces Real in simulations, where the cryptography would take most of the time: nanoseconds instead of
// microseconds. It refuses altered, foreign, expired, misused and unknown-key tokens with the same errors, but it hides
// nothing and resists no attacker: never use it with real clients. Deterministic. Safe for concurrent use.
type Modelled struct {
	keys   *Keyring
	policy Policy
}

var _ wallet.Sealer = (*Modelled)(nil)

// NewModelled returns a sealer with these keys. ErrInvalid: the policy is invalid.
func NewModelled(keys *Keyring, p Policy) (*Modelled, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return &Modelled{keys, p}, nil
}

// Seal implements wallet.Sealer. ErrInvalid: no grant makes such a token.
func (m *Modelled) Seal(t wallet.Token, now wallet.Instant) ([]byte, error) {
	if err := validate(t); err != nil {
		return nil, err
	}
	keys := m.keys.sealing()
	b := make([]byte, 0, standTextAt+len(t.Activity)+len(t.Order.Scene)+checkSize)
	b = append(b, versionModelled)
	b = binary.LittleEndian.AppendUint32(b, uint32(keys.id))
	b = append(b, byte(m.policy.Purpose))
	b = binary.LittleEndian.AppendUint64(b, uint64(now))
	b = append(b, byte(t.App))
	b = binary.LittleEndian.AppendUint64(b, uint64(t.Order.ActID))
	b = binary.LittleEndian.AppendUint64(b, uint64(t.Amount))
	b = binary.LittleEndian.AppendUint64(b, uint64(t.Opened))
	b = binary.LittleEndian.AppendUint32(b, uint32(t.Order.Rain))
	b = append(b, byte(t.Order.Award), byte(t.Order.Stage), byte(len(t.Activity)), byte(len(t.Order.Scene)))
	b = append(b, t.Activity...)
	b = append(b, t.Order.Scene...)
	return binary.LittleEndian.AppendUint64(b, mix(keys.stand, b)), nil
}

// Open implements wallet.Sealer. Errors as for Real.
func (m *Modelled) Open(sealed []byte, who wallet.Person, now wallet.Instant) (wallet.Token, error) {
	if len(sealed) < standTextAt+checkSize || len(sealed) > maxSealed || sealed[0] != versionModelled {
		return wallet.Token{}, wallet.ErrTokenUnreadable
	}
	keys, err := m.keys.opening(keyID(binary.LittleEndian.Uint32(sealed[standKeyAt:])))
	if err != nil {
		return wallet.Token{}, err
	}
	b, check := sealed[:len(sealed)-checkSize], sealed[len(sealed)-checkSize:]
	if mix(keys.stand, b) != binary.LittleEndian.Uint64(check) {
		return wallet.Token{}, wallet.ErrTokenForged
	}
	activity, scene := int(b[standActivityAt]), int(b[standSceneAt])
	if len(b) != standTextAt+activity+scene {
		return wallet.Token{}, wallet.ErrTokenUnreadable
	}
	text := string(b[standTextAt:]) // one copy for both, since the token outlives the bytes
	t := wallet.Token{
		App:      wallet.App(b[standAppAt]),
		Activity: wallet.ActivityID(text[:activity]),
		Order: wallet.OrderNo{
			ActID: wallet.ActID(binary.LittleEndian.Uint64(b[standActAt:])),
			Scene: wallet.SceneID(text[activity:]),
			Rain:  int32(binary.LittleEndian.Uint32(b[standRainAt:])),
			Award: wallet.AwardType(b[standAwardAt]),
			Stage: wallet.Stage(b[standStageAt]),
		},
		Amount: wallet.Money(binary.LittleEndian.Uint64(b[standAmountAt:])),
		Opened: wallet.Instant(binary.LittleEndian.Uint64(b[standOpenedAt:])),
	}
	if validate(t) != nil {
		return wallet.Token{}, wallet.ErrTokenUnreadable
	}
	issued := wallet.Instant(binary.LittleEndian.Uint64(b[standIssuedAt:]))
	if err := m.policy.admit(Purpose(b[standPurposeAt]), t.Order.ActID, issued, who, now); err != nil {
		return wallet.Token{}, err
	}
	return t, nil
}

// mix is a keyed hash of b, eight bytes per step. For a given word each step is a bijection of the state, and different
// words give different states, so two texts of one length that differ within one word never have the same hash: an
// altered byte is always detected. It detects accidents, not attacks.
func mix(key uint64, b []byte) uint64 {
	const odd = 0x9e3779b97f4a7c15 // 2⁶⁴ / golden ratio: odd, so the multiplication is invertible
	h := key ^ uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		h = bits.RotateLeft64((h^binary.LittleEndian.Uint64(b))*odd, 29)
	}
	var last [8]byte
	copy(last[:], b)
	h = (h ^ binary.LittleEndian.Uint64(last[:])) * odd
	return h ^ h>>32
}
