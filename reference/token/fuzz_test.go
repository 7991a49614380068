package token

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// FuzzOpen gives Open arbitrary bytes: it never panics, it refuses with a named error, and what it accepts is one of
// the tokens that were sealed. (It need not be one of the sealed byte strings: a fuzzing worker seals the same tokens
// to other bytes.)
func FuzzOpen(f *testing.F) {
	k := mustKeys(f)
	real := must(NewReal(k, DefaultPolicy()))(f)
	modelled := must(NewModelled(k, DefaultPolicy()))(f)
	s := must(NewSampled(real, modelled, 1, 2))(f)
	ours := []wallet.Token{typical(), longest()}
	for _, sealer := range []wallet.Sealer{real, modelled} {
		for _, tok := range ours {
			sealed, err := sealer.Seal(tok, noon)
			require.NoError(f, err)
			f.Add(sealed, int64(tok.Order.ActID), int64(noon))
		}
	}
	f.Add([]byte{}, int64(0), int64(0))
	f.Add([]byte{versionReal, 0, 0, 0, 1}, int64(1), int64(noon))
	f.Add(bytes.Repeat([]byte{versionModelled}, maxSealed), int64(1), int64(noon))
	named := []error{wallet.ErrTokenUnreadable, wallet.ErrTokenForged, wallet.ErrTokenKey, wallet.ErrTokenPurpose,
		wallet.ErrTokenForeign, wallet.ErrTokenExpired}
	f.Fuzz(func(t *testing.T, sealed []byte, act, now int64) {
		before := slices.Clone(sealed)
		tok, err := s.Open(sealed, wallet.Person{ActID: wallet.ActID(act)}, wallet.Instant(now))
		require.Equal(t, before, sealed, "Open must not change the caller's bytes")
		if err != nil {
			require.Contains(t, reasons(named...), wallet.ReasonOf(err))
			return
		}
		require.Contains(t, ours, tok)
	})
}

// FuzzDecodeSigned checks that every accepted input is a valid token that encodes to itself.
func FuzzDecodeSigned(f *testing.F) {
	for _, tok := range []wallet.Token{typical(), longest()} {
		b, err := appendSigned(nil, tok)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tok, err := decodeSigned(b)
		if err != nil {
			require.ErrorIs(t, err, wallet.ErrTokenUnreadable)
			return
		}
		again, err := appendSigned(nil, tok)
		require.NoError(t, err)
		got, err := decodeSigned(again)
		require.NoError(t, err)
		require.Equal(t, tok, got)
	})
}

func reasons(errs ...error) (out []string) {
	for _, err := range errs {
		out = append(out, wallet.ReasonOf(err))
	}
	return out
}
