package token

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// makers are the sealers that must behave alike; each is made with the given keys.
var makers = []struct {
	name string
	make func(t testing.TB, k *Keyring, p Policy) wallet.Sealer
}{
	{"real", func(t testing.TB, k *Keyring, p Policy) wallet.Sealer { return must(NewReal(k, p))(t) }},
	{"modelled", func(t testing.TB, k *Keyring, p Policy) wallet.Sealer { return must(NewModelled(k, p))(t) }},
	{"sampled", func(t testing.TB, k *Keyring, p Policy) wallet.Sealer {
		return must(NewSampled(must(NewReal(k, p))(t), must(NewModelled(k, p))(t), 1, 2))(t)
	}},
	{"trust", func(t testing.TB, k *Keyring, p Policy) wallet.Sealer {
		return must(NewTrust(must(NewReal(k, p))(t), DefaultAlarmRule(), func(Alarm) {}))(t)
	}},
}

// must turns a constructor's two results into one.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}

// each runs the test with every sealer and fresh keys.
func each(t *testing.T, f func(t *testing.T, k *Keyring, s wallet.Sealer, other func(Policy) wallet.Sealer)) {
	for _, m := range makers {
		t.Run(m.name, func(t *testing.T) {
			k := mustKeys(t)
			f(t, k, m.make(t, k, DefaultPolicy()), func(p Policy) wallet.Sealer { return m.make(t, k, p) })
		})
	}
}

func TestRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, _ *Keyring, s wallet.Sealer, _ func(Policy) wallet.Sealer) {
		rapid.Check(t, func(t *rapid.T) {
			tok := anyToken().Draw(t, "token")
			sealed, err := s.Seal(tok, noon)
			require.NoError(t, err)
			require.LessOrEqual(t, len(sealed), maxSealed)
			former := wallet.Person{ActID: 1 << 40, Former: []wallet.ActID{tok.Order.ActID}}
			got, err := s.Open(sealed, former, noon)
			require.NoError(t, err, "a former wallet's tokens belong to the person too")
			tok.Status = wallet.TokenIssued
			require.Equal(t, tok, got)
		})
	})
}

func TestRefusals(t *testing.T) {
	const lifetime, skew = wallet.Instant(DefaultLifetime / time.Microsecond), wallet.Instant(defaultSkew / time.Microsecond)
	stranger := wallet.Person{ActID: 9, Former: []wallet.ActID{8}}
	cases := []struct {
		name  string
		alter func([]byte) []byte
		who   wallet.Person
		now   wallet.Instant
		want  error
	}{
		// The bounds of time are inclusive.
		{"to the last microsecond", nil, ownerOf(typical()), noon + lifetime, nil},
		{"one microsecond too late", nil, ownerOf(typical()), noon + lifetime + 1, wallet.ErrTokenExpired},
		{"by a clock as slow as allowed", nil, ownerOf(typical()), noon - skew, nil},
		{"from the future", nil, ownerOf(typical()), noon - skew - 1, wallet.ErrTokenExpired},
		// Another user's token, whether copied or guessed.
		{"foreign", nil, stranger, noon, wallet.ErrTokenForeign},
		{"nobody's", nil, wallet.Person{}, noon, wallet.ErrTokenForeign},
		// The owner is checked before the age.
		{"foreign and expired", nil, stranger, wallet.Never, wallet.ErrTokenForeign},
		// Not the form of a token.
		{"no bytes", func([]byte) []byte { return nil }, ownerOf(typical()), noon, wallet.ErrTokenUnreadable},
		{"one byte", func(b []byte) []byte { return b[:1] }, ownerOf(typical()), noon, wallet.ErrTokenUnreadable},
		{"unknown version", func(b []byte) []byte { b[0] = 77; return b }, ownerOf(typical()), noon, wallet.ErrTokenUnreadable},
		{"oversized", func(b []byte) []byte { return append(b, make([]byte, maxSealed)...) }, ownerOf(typical()), noon, wallet.ErrTokenUnreadable},
		// The form of a token, but not sealed by us.
		{"cut", func(b []byte) []byte { return b[:len(b)-1] }, ownerOf(typical()), noon, wallet.ErrTokenForged},
		{"longer", func(b []byte) []byte { return append(b, 0) }, ownerOf(typical()), noon, wallet.ErrTokenForged},
		{"altered at the end", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, ownerOf(typical()), noon, wallet.ErrTokenForged},
		// The same in both byte orders, since the two schemes differ there.
		{"unknown key", func(b []byte) []byte { copy(b[1:], []byte{9, 9, 9, 9}); return b }, ownerOf(typical()), noon, wallet.ErrTokenKey},
	}
	each(t, func(t *testing.T, _ *Keyring, s wallet.Sealer, other func(Policy) wallet.Sealer) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				sealed, err := s.Seal(typical(), noon)
				require.NoError(t, err)
				if c.alter != nil {
					sealed = c.alter(sealed)
				}
				got, err := s.Open(sealed, c.who, c.now)
				if c.want == nil {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, c.want)
				require.Zero(t, got)
			})
		}
		t.Run("made for a load test", func(t *testing.T) {
			sealed, err := other(Policy{LoadTest, DefaultLifetime, defaultSkew}).Seal(typical(), noon)
			require.NoError(t, err)
			_, err = s.Open(sealed, ownerOf(typical()), noon)
			require.ErrorIs(t, err, wallet.ErrTokenPurpose)
		})
		t.Run("other keys of the same number", func(t *testing.T) {
			elsewhere := must(NewKeyring(seeded(2)))(t)
			sealed, err := must(NewReal(elsewhere, DefaultPolicy()))(t).Seal(typical(), noon)
			require.NoError(t, err)
			if _, ok := s.(*Modelled); ok {
				sealed, err = must(NewModelled(elsewhere, DefaultPolicy()))(t).Seal(typical(), noon)
				require.NoError(t, err)
			}
			_, err = s.Open(sealed, ownerOf(typical()), noon)
			require.ErrorIs(t, err, wallet.ErrTokenForged)
		})
	})
}

// TestEveryBitCounts alters each bit of a sealed token: no altered token is accepted (T7).
func TestEveryBitCounts(t *testing.T) {
	each(t, func(t *testing.T, _ *Keyring, s wallet.Sealer, _ func(Policy) wallet.Sealer) {
		sealed, err := s.Seal(typical(), noon)
		require.NoError(t, err)
		for i := range len(sealed) * 8 {
			b := slices.Clone(sealed)
			b[i/8] ^= 1 << (i % 8)
			_, err := s.Open(b, ownerOf(typical()), noon)
			want := []string{wallet.ErrTokenForged.Reason}
			switch {
			case i/8 == 0:
				want = []string{wallet.ErrTokenUnreadable.Reason, wallet.ErrTokenForged.Reason} // may name the other version
			case i/8 < 5:
				want = []string{wallet.ErrTokenKey.Reason}
			}
			require.Contains(t, want, wallet.ReasonOf(err), "bit %d of byte %d", i%8, i/8)
		}
	})
}

func TestRotationAndRetirement(t *testing.T) {
	each(t, func(t *testing.T, k *Keyring, s wallet.Sealer, _ func(Policy) wallet.Sealer) {
		before, err := s.Seal(typical(), noon)
		require.NoError(t, err)
		_, err = k.rotate(seeded(2))
		require.NoError(t, err)
		after, err := s.Seal(typical(), noon)
		require.NoError(t, err)
		for _, sealed := range [][]byte{before, after} {
			_, err = s.Open(sealed, ownerOf(typical()), noon)
			require.NoError(t, err)
		}
		require.NoError(t, k.retire(1))
		_, err = s.Open(before, ownerOf(typical()), noon)
		require.ErrorIs(t, err, wallet.ErrTokenKey)
		_, err = s.Open(after, ownerOf(typical()), noon)
		require.NoError(t, err)
	})
}

func TestSealRefusesWhatNoGrantMakes(t *testing.T) {
	cases := []struct {
		name  string
		alter func(*wallet.Token)
	}{
		// The wire has the numbers 1 to 8.
		{"no app", func(t *wallet.Token) { t.App = 0 }},
		// Nobody could open it.
		{"no owner", func(t *wallet.Token) { t.Order.ActID = 0 }},
		// A promise of nothing, or a debt.
		{"no amount", func(t *wallet.Token) { t.Amount = 0 }},
		// The sealed token would not be bounded.
		{"activity beyond its bound", func(t *wallet.Token) { t.Activity = longest().Activity + "a" }},
		// Protobuf cannot encode it, so the client could not get it.
		{"activity that is not UTF-8", func(t *wallet.Token) { t.Activity = "\xff" }},
	}
	each(t, func(t *testing.T, _ *Keyring, s wallet.Sealer, _ func(Policy) wallet.Sealer) {
		for _, c := range cases {
			tok := typical()
			c.alter(&tok)
			_, err := s.Seal(tok, noon)
			require.ErrorIs(t, err, wallet.ErrInvalid, c.name)
		}
	})
}

func TestPolicyValidate(t *testing.T) {
	cases := []struct {
		name string
		p    Policy
	}{
		// The zero Policy is an omitted one.
		{"no purpose", Policy{0, time.Hour, 0}},
		// Would refuse every token.
		{"no lifetime", Policy{clientCopy, 0, 0}},
		// Keys are retired sooner.
		{"too long", Policy{clientCopy, maxLifetime + 1, 0}},
		// Would refuse a token sealed at this moment.
		{"a negative skew", Policy{clientCopy, time.Hour, -1}},
		// A token could expire before it is sealed.
		{"a skew above the lifetime", Policy{clientCopy, time.Hour, 2 * time.Hour}},
	}
	for _, c := range cases {
		_, err := NewReal(mustKeys(t), c.p)
		require.ErrorIs(t, err, wallet.ErrInvalid, c.name)
		_, err = NewModelled(mustKeys(t), c.p)
		require.ErrorIs(t, err, wallet.ErrInvalid, c.name)
	}
}

func TestSampledShare(t *testing.T) {
	k := mustKeys(t)
	const orders = 20_000
	count := func(num, den int64) (n int) {
		s := must(NewSampled(must(NewReal(k, DefaultPolicy()))(t), must(NewModelled(k, DefaultPolicy()))(t), num, den))(t)
		for i := range orders {
			no := typical().Order
			no.ActID = wallet.ActID(i + 1)
			if s.picks(no) {
				n++
			}
		}
		return n
	}
	require.Zero(t, count(0, 1))
	require.Equal(t, orders, count(7, 7))
	require.InDelta(t, orders/100, count(1, 100), orders/500)
	require.InDelta(t, orders*2/3, count(2, 3), orders/50)
	for _, r := range [][2]int64{{1, 0}, {-1, 2}, {3, 2}, {0, -1}} {
		_, err := NewSampled(nil, nil, r[0], r[1])
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
}

// TestModelledIsDeterministic: a replayed simulation gets the same bytes in any process.
func TestModelledIsDeterministic(t *testing.T) {
	a, err := mustModelled(t).Seal(typical(), noon)
	require.NoError(t, err)
	b, err := mustModelled(t).Seal(typical(), noon)
	require.NoError(t, err)
	require.Equal(t, a, b)
}

// TestModelledLengthsAreChecked: a token with a correct check but wrong lengths is refused and does not panic.
func TestModelledLengthsAreChecked(t *testing.T) {
	m := mustModelled(t)
	for _, at := range []int{standActivityAt, standSceneAt} {
		b, err := m.Seal(typical(), noon)
		require.NoError(t, err)
		b = b[:len(b)-checkSize]
		b[at] = 255
		b = binary.LittleEndian.AppendUint64(b, mix(m.keys.sealing().stand, b))
		_, err = m.Open(b, ownerOf(typical()), noon)
		require.ErrorIs(t, err, wallet.ErrTokenUnreadable)
	}
}

// TestSampledMakesBoth: the version byte alone selects the sealer that opens.
func TestSampledMakesBoth(t *testing.T) {
	k := mustKeys(t)
	s := must(NewSampled(must(NewReal(k, DefaultPolicy()))(t), must(NewModelled(k, DefaultPolicy()))(t), 1, 2))(t)
	seen := map[byte]bool{}
	for i := range 20 {
		tok := typical()
		tok.Order.ActID = wallet.ActID(i + 1)
		sealed, err := s.Seal(tok, noon)
		require.NoError(t, err)
		seen[sealed[0]] = true
		got, err := s.Open(sealed, ownerOf(tok), noon)
		require.NoError(t, err)
		require.Equal(t, tok, got)
	}
	require.Equal(t, map[byte]bool{versionReal: true, versionModelled: true}, seen)
	weak, err := mustModelled(t).Seal(typical(), noon)
	require.NoError(t, err)
	_, err = mustReal(t).Open(weak, ownerOf(typical()), noon)
	require.ErrorIs(t, err, wallet.ErrTokenUnreadable, "Real refuses modelled tokens")
}
