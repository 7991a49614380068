package token

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hpke"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
)

// seedSize is the size in bytes of a generation's secret: 32 for the signing key, 32 for the envelope's key, 8 for
// Modelled's. The parts are independent: none reveals another.
const seedSize = ed25519.SeedSize + 32 + 8

// generation is one generation of keys. It never changes.
type generation struct {
	id       keyID
	seed     []byte // the other keys are derived from it
	sign     ed25519.PrivateKey
	verify   ed25519.PublicKey
	envelope hpke.PrivateKey
	stand    uint64 // key of Modelled's hash
}

// newGeneration derives the keys from the seed. It fails if the seed has another size.
func newGeneration(id keyID, seed []byte) (*generation, error) {
	if len(seed) != seedSize {
		return nil, fmt.Errorf("token: key generation %d: seed of %d bytes, not %d", id, len(seed), seedSize)
	}
	envelope, err := hpke.DHKEM(ecdh.X25519()).DeriveKeyPair(seed[ed25519.SeedSize : ed25519.SeedSize+32])
	if err != nil {
		return nil, fmt.Errorf("token: key generation %d: %w", id, err)
	}
	sign := ed25519.NewKeyFromSeed(seed[:ed25519.SeedSize])
	return &generation{
		id: id, seed: seed, sign: sign, verify: sign.Public().(ed25519.PublicKey),
		envelope: envelope, stand: binary.LittleEndian.Uint64(seed[seedSize-8:]),
	}, nil
}

// Format prints only the generation's number, whatever the verb.
func (g *generation) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "token.generation{%d, keys redacted}", g.id)
}

// text is the only text that printing a ring may show.
func (k *Keyring) text() string {
	return fmt.Sprintf("token.Keyring{current %d of %d, keys redacted}", k.sealing().id, k.ids())
}

// Format prints only the numbers of the generations, whatever the verb.
func (k *Keyring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.text()) }

// MarshalJSON writes the same as Format, so that a logged configuration shows no key.
func (k *Keyring) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", k.text()), nil }

// LogValue logs the same as Format.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.text()) }
