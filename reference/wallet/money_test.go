package wallet

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// amounts draws any amount, with the ends of the range as often as other values.
func amounts() *rapid.Generator[Money] {
	return rapid.Custom(func(t *rapid.T) Money {
		edge := rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64})
		return Money(rapid.OneOf(edge, rapid.Int64()).Draw(t, "fen"))
	})
}

// TestMoneyAddsExactlyOrOverflows compares sums and differences with those of big integers.
func TestMoneyAddsExactlyOrOverflows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n := amounts().Draw(t, "m"), amounts().Draw(t, "n")
		a, b := big.NewInt(int64(m)), big.NewInt(int64(n))
		check := func(want *big.Int, got Money, err error) {
			if !want.IsInt64() {
				require.ErrorIs(t, err, ErrOverflow)
				require.Zero(t, got)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want.Int64(), int64(got))
		}
		sum, err := m.Add(n)
		check(new(big.Int).Add(a, b), sum, err)
		difference, err := m.Sub(n)
		check(new(big.Int).Sub(a, b), difference, err)
	})
}

func TestMoneyPrintsYuan(t *testing.T) {
	for want, m := range map[string]Money{
		"0.00 yuan":                  0,
		"0.05 yuan":                  5,    // fen have two digits
		"12.34 yuan":                 1234, //
		"-0.01 yuan":                 -1,   // the sign comes first
		"92233720368547758.07 yuan":  math.MaxInt64,
		"-92233720368547758.08 yuan": math.MinInt64, // its negative does not fit int64
	} {
		require.Equal(t, want, m.String())
	}
}
