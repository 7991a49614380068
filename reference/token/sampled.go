package token

import (
	"fmt"

	"hongbao/reference/wallet"
)

// Sampled seals a share of the tokens with Real and the rest with Modelled, so that a simulation of millions of grants
// also runs the real cryptography without its full cost. The choice depends only on the order number, so a repeat of a
// grant or of the run makes the same choice.
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

// Open implements wallet.Sealer. The version byte selects the sealer.
func (s *Sampled) Open(sealed []byte, who wallet.Person, now wallet.Instant) (wallet.Token, error) {
	if len(sealed) > 0 && sealed[0] == versionReal {
		return s.real.Open(sealed, who, now)
	}
	return s.modelled.Open(sealed, who, now)
}

// picks reports whether an order's token is sealed with Real.
func (s *Sampled) picks(no wallet.OrderNo) bool {
	var b [128]byte // longer than any valid order number, so that nothing is allocated
	return mix(0, no.Append(b[:0]))%uint64(s.den) < uint64(s.num)
}
