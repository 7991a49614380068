package token

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hpke"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

func TestContextIsRenewedWhenFullAndAtRotation(t *testing.T) {
	r := mustReal(t)
	enc := func() [encSize]byte {
		sealed, err := r.Seal(typical(), noon)
		require.NoError(t, err)
		_, err = r.Open(sealed, ownerOf(typical()), noon)
		require.NoError(t, err)
		return [encSize]byte(sealed[encAt:])
	}
	first := enc()
	require.Equal(t, first, enc(), "one context seals many tokens")
	r.sender.next.number = envelopeTokens - 1
	require.Equal(t, first, enc(), "to the last of its numbers")
	second := enc()
	require.NotEqual(t, first, second)
	require.EqualValues(t, 1, r.sender.next.number)
	_, err := r.keys.Rotate(seeded(2))
	require.NoError(t, err)
	require.NotEqual(t, second, enc())
	require.EqualValues(t, 2, r.sender.next.keys.id)
}

// TestTwoProcessesNeverShareAContext gives two sealers the same keys, as with two instances or after a restart.
func TestTwoProcessesNeverShareAContext(t *testing.T) {
	a, err := mustReal(t).Seal(typical(), noon)
	require.NoError(t, err)
	b, err := mustReal(t).Seal(typical(), noon)
	require.NoError(t, err)
	require.NotEqual(t, a[encAt:numberAt], b[encAt:numberAt])
	opener := mustReal(t)
	for _, sealed := range [][]byte{b, a, b} {
		got, err := opener.Open(sealed, ownerOf(typical()), noon)
		require.NoError(t, err, "instances open each other's tokens, in any order")
		require.Equal(t, typical(), got)
	}
}

// TestFloodEvictsNothing sends tokens of contexts that no sealer made, first without any key and then with the
// envelope's public key, as if it had leaked.
func TestFloodEvictsNothing(t *testing.T) {
	r := mustReal(t)
	sealed, err := r.Seal(typical(), noon)
	require.NoError(t, err)
	_, err = r.Open(sealed, ownerOf(typical()), noon)
	require.NoError(t, err)
	for i := range 50 {
		bogus := append([]byte(nil), sealed...)
		binary.BigEndian.PutUint32(bogus[encAt:], uint32(i))
		_, err = r.Open(bogus, ownerOf(typical()), noon)
		require.ErrorIs(t, err, wallet.ErrTokenForged)
	}
	thief := stolenEnvelope(t, r.keys)
	for range 50 {
		forged, err := must(NewReal(thief, DefaultPolicy()))(t).Seal(typical(), noon)
		require.NoError(t, err)
		_, err = r.Open(forged, ownerOf(typical()), noon)
		require.ErrorIs(t, err, wallet.ErrTokenForged, "it decrypts, but the signature is wrong")
	}
	require.Equal(t, 1, r.receivers.order.Len())
	_, cached := r.receivers.find(envelopeID{1, [encSize]byte(sealed[encAt:])})
	require.True(t, cached)
}

// stolenEnvelope returns a ring with k's envelope key and a different signing key.
func stolenEnvelope(t *testing.T, k *Keyring) *Keyring {
	_, sign, err := ed25519.GenerateKey(seeded(9))
	require.NoError(t, err)
	g := *k.sealing()
	g.sign = sign
	return &Keyring{current: &g, byID: map[keyID]*generation{g.id: &g}}
}

// TestPointOfLowOrderIsRefused covers an enc that makes the shared secret zero, which X25519 refuses.
func TestPointOfLowOrderIsRefused(t *testing.T) {
	r := mustReal(t)
	sealed, err := r.Seal(typical(), noon)
	require.NoError(t, err)
	clear(sealed[encAt:numberAt])
	_, err = r.Open(sealed, ownerOf(typical()), noon)
	require.ErrorIs(t, err, wallet.ErrTokenForged)
}

func TestReceiversForgetTheOneUsedLongestAgo(t *testing.T) {
	r := newReceivers()
	id := func(i int) envelopeID {
		var e envelopeID
		binary.BigEndian.PutUint32(e.enc[:], uint32(i))
		return e
	}
	for i := range maxReceivers {
		r.keep(id(i), nil)
	}
	_, found := r.find(id(0))
	require.True(t, found)
	r.keep(id(maxReceivers), nil)
	r.keep(id(maxReceivers), nil) // two goroutines may open the first token of a context at once
	require.Equal(t, maxReceivers, r.order.Len())
	require.Len(t, r.byID, maxReceivers)
	_, found = r.find(id(0))
	require.True(t, found, "it was just used")
	_, found = r.find(id(1))
	require.False(t, found)
}

// TestNumbersAreNeverGivenTwice seals and opens from many goroutines while the keys rotate.
func TestNumbersAreNeverGivenTwice(t *testing.T) {
	const workers, each = 8, 40
	r := mustReal(t)
	tokens := make([][][]byte, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				sealed, err := r.Seal(typical(), noon)
				if err == nil {
					_, err = r.Open(sealed, ownerOf(typical()), noon)
				}
				if err == nil && w == 0 && i%10 == 0 {
					_, err = r.keys.Rotate(seeded(uint64(i)))
				}
				if err != nil {
					t.Error(err)
					return
				}
				tokens[w] = append(tokens[w], sealed)
			}
		})
	}
	all.Wait()
	headers := map[[headerSize]byte]bool{}
	for _, list := range tokens {
		for _, sealed := range list {
			headers[[headerSize]byte(sealed)] = true
		}
	}
	require.Len(t, headers, workers*each, "the header holds the context and the number, hence the nonce")
}

func TestNoncesDifferAsNumbersDo(t *testing.T) {
	r := mustReal(t)
	_, err := r.Seal(typical(), noon)
	require.NoError(t, err)
	aead := r.sender.next.aead
	seen := map[[12]byte]bool{}
	for _, n := range []uint32{0, 1, 255, 256, 1 << 16, envelopeTokens - 1} {
		seen[[12]byte(nonceOf(aead, n))] = true
	}
	require.Len(t, seen, 6)
}

// TestSuiteIsTheOneNamed opens a context with the suite spelt out, so that it cannot change unnoticed.
func TestSuiteIsTheOneNamed(t *testing.T) {
	r := mustReal(t)
	sealed, err := r.Seal(typical(), noon)
	require.NoError(t, err)
	priv, err := r.keys.sealing().envelope.Bytes()
	require.NoError(t, err)
	own, err := hpke.DHKEM(ecdh.X25519()).NewPrivateKey(priv)
	require.NoError(t, err)
	kdf, err := hpke.NewKDF(0x0001) // HKDF-SHA256, RFC 9180 §7.2
	require.NoError(t, err)
	suite, err := hpke.NewAEAD(0x0001) // AES-128-GCM, RFC 9180 §7.3
	require.NoError(t, err)
	from, err := hpke.NewRecipient(sealed[encAt:numberAt], own, kdf, suite, []byte("hongbao token envelope v1"))
	require.NoError(t, err)
	aead, err := aeadOf(from)
	require.NoError(t, err)
	_, err = aead.Open(nil, make([]byte, 12), sealed[headerSize:], sealed[:headerSize])
	require.NoError(t, err)
}
