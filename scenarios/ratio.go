package scenarios

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
)

// errScale says that a figure cannot be kept exactly.
var errScale = errors.New("scenarios: the figure does not fit an exact 64-bit ratio")

// String prints the ratio as scenario files write it.
func (r Ratio) String() string { return fmt.Sprintf("%d/%d", r.Num, r.Den) }

// Floor returns r·n cut to a whole number. Both are at least zero, r.Den is above it and the result fits.
func (r Ratio) Floor(n int64) int64 {
	hi, lo := bits.Mul64(uint64(r.Num), uint64(n))
	q, _ := bits.Div64(hi, lo, uint64(r.Den))
	return int64(q)
}

// Ceil returns r·n rounded up to a whole number, under the conditions of Floor.
func (r Ratio) Ceil(n int64) int64 {
	hi, lo := bits.Mul64(uint64(r.Num), uint64(n))
	q, rest := bits.Div64(hi, lo, uint64(r.Den))
	if rest > 0 {
		q++
	}
	return int64(q)
}

// Times returns r·by in lowest terms, or errScale when that does not fit.
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

// ceil returns r·n rounded up, or errScale when that does not fit. Unlike Ceil it takes an r above one.
func (r Ratio) ceil(n int64) (int64, error) {
	p := new(big.Int).Mul(big.NewInt(r.Num), big.NewInt(n))
	p.Add(p, big.NewInt(r.Den-1)).Quo(p, big.NewInt(r.Den))
	if !p.IsInt64() {
		return 0, fmt.Errorf("%w: %v of %d", errScale, r, n)
	}
	return p.Int64(), nil
}
