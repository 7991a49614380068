package token

import (
	"fmt"

	"hongbao/reference/wallet"
)

// Sampled seals a share of the tokens with Real and the rest with Modelled, so that a simulation of millions goes
// through the real cryptography too without paying for it each time. Which token gets which follows from its order
// number alone, so a repeat of a grant and a repeat of the run choose alike.
type Sampled struct {
	real     *Real
	modelled *Modelled
	num, den int64
}

var _ wallet.Sealer = (*Sampled)(nil)

// NewSampled returns a sealer that uses real for num in den tokens. ErrInvalid unless 0 ≤ num ≤ den and den > 0.
func NewSampled(real *Real, modelled *Modelled, num, den int64) (*Sampled, error) {
	if den <= 0 || num < 0 || num > den {
		return nil, fmt.Errorf("%w: token: share %d/%d", wallet.ErrInvalid, num, den)
	}
	return &Sampled{real, modelled, num, den}, nil
}

// Seal implements wallet.Sealer.
func (s *Sampled) Seal(t wallet.Token, now wallet.Instant) ([]byte, error) {
	if s.picks(t.Order) {
		return s.real.Seal(t, now)
	}
	return s.modelled.Seal(t, now)
}

// Open implements wallet.Sealer: the version byte says whose the token is.
func (s *Sampled) Open(sealed []byte, who wallet.Person, now wallet.Instant) (wallet.Token, error) {
	if len(sealed) > 0 && sealed[0] == versionReal {
		return s.real.Open(sealed, who, now)
	}
	return s.modelled.Open(sealed, who, now)
}

// picks reports whether an order's token is sealed for real.
func (s *Sampled) picks(no wallet.OrderNo) bool {
	var b [128]byte // longer than any valid order number, so that nothing is allocated
	return mix(0, no.Append(b[:0]))%uint64(s.den) < uint64(s.num)
}
