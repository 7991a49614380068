package wallet

import (
	"fmt"
	"math"
)

// Money is an amount in fen. Amounts are never floats.
type Money int64

// Add returns m+n, or ErrOverflow.
func (m Money) Add(n Money) (Money, error) {
	if (n > 0 && m > math.MaxInt64-n) || (n < 0 && m < math.MinInt64-n) {
		return 0, ErrOverflow
	}
	return m + n, nil
}

// Sub returns m-n, or ErrOverflow.
func (m Money) Sub(n Money) (Money, error) {
	if (n < 0 && m > math.MaxInt64+n) || (n > 0 && m < math.MinInt64+n) {
		return 0, ErrOverflow
	}
	return m - n, nil
}

// String returns yuan with two decimals: 1234 fen is "12.34 yuan".
func (m Money) String() string {
	sign, u := "", uint64(m)
	if m < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%s%d.%02d yuan", sign, u/100, u%100)
}
