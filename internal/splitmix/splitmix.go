// Package splitmix derives random-looking numbers from seeds and positions, as SplitMix64 does (Steele, Lea and Flood,
// 2014): the same input gives the same number on every machine, and no state is kept between draws. Do not use
// the numbers for secrets. The functions must not change: recorded digests and the shares of sent packets depend on them.
package splitmix

import "math/bits"

// Golden is 2⁶⁴ divided by the golden ratio, the step between the states of SplitMix64.
const Golden = 0x9e3779b97f4a7c15

// Mix is the finaliser of SplitMix64: a bijection whose outputs for adjacent inputs look unrelated.
func Mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// At returns number n of a stream.
func At(stream, n uint64) uint64 { return Mix(Mix(stream+Golden) + n*Golden) }

// Below maps a draw uniformly to 0..n-1, and to 0 for n = 0. The bias, n in 2⁶⁴, is far too small to be observed.
func Below(draw, n uint64) uint64 {
	hi, _ := bits.Mul64(draw, n)
	return hi
}
