package scenarios

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
)

// errScale reports that a number cannot be represented exactly.
var errScale = errors.New("scenarios: the number does not fit an exact 64-bit ratio")

// String prints the ratio as scenario files write it.
func (r Ratio) String() string { return fmt.Sprintf("%d/%d", r.Num, r.Den) }

// Floor returns r·n rounded down. r and n must be at least zero, r.Den above zero, and the result must fit 64 bits.
func (r Ratio) Floor(n int64) int64 {
	hi, lo := bits.Mul64(uint64(r.Num), uint64(n))
	q, _ := bits.Div64(hi, lo, uint64(r.Den))
	return int64(q)
}

// Ceil returns r·n rounded up, under the conditions of Floor.
func (r Ratio) Ceil(n int64) int64 {
	hi, lo := bits.Mul64(uint64(r.Num), uint64(n))
	q, rest := bits.Div64(hi, lo, uint64(r.Den))
	if rest > 0 {
		q++
	}
	return int64(q)
}

// Times returns r·by in lowest terms. It fails if the result does not fit 64 bits.
func (r Ratio) Times(by Ratio) (Ratio, error) {
	if r.Den <= 0 || by.Den <= 0 {
		return Ratio{}, fmt.Errorf("%w: %v times %v", errScale, r, by)
	}
	a, b := big.NewRat(r.Num, r.Den), big.NewRat(by.Num, by.Den)
	a.Mul(a, b)
	if !a.Num().IsInt64() || !a.Denom().IsInt64() {
		return Ratio{}, fmt.Errorf("%w: %v times %v", errScale, r, by)
	}
	return Ratio{a.Num().Int64(), a.Denom().Int64()}, nil
}

// ceil returns r·n rounded up, or errScale if the result does not fit. Unlike Ceil it accepts any r·n.
func (r Ratio) ceil(n int64) (int64, error) {
	p := new(big.Int).Mul(big.NewInt(r.Num), big.NewInt(n))
	p.Add(p, big.NewInt(r.Den-1)).Quo(p, big.NewInt(r.Den))
	if !p.IsInt64() {
		return 0, fmt.Errorf("%w: %v of %d", errScale, r, n)
	}
	return p.Int64(), nil
}
