package traffic

import (
	"math/bits"

	"hongbao/internal/splitmix"
)

// permutation is a seeded shuffle of 0..n-1 without a table: a Feistel network on the next power of two, repeated until the
// result is in range (Black, Rogaway 2002). The power is below 2n, so this takes fewer than two steps on average.
type permutation struct {
	n           uint64
	left, right uint8 // bits of the two halves
	key         [rounds]uint64
}

// rounds of the network. Four make a shuffle look random (Luby, Rackoff 1988).
const rounds = 4

// newPermutation returns a shuffle of 0..n-1; n is above zero and at most 2⁶².
func newPermutation(n, seed uint64) permutation {
	// At least two bits, so that there are two halves.
	width := max(bits.Len64(n-1), 2)
	p := permutation{n: n, left: uint8(width / 2), right: uint8(width - width/2)}
	for i := range p.key {
		p.key[i] = splitmix.At(seed, uint64(i))
	}
	return p
}

// of returns the position of i in the shuffle; i is below n.
func (p *permutation) of(i uint64) uint64 {
	for {
		i = p.step(i)
		if i < p.n {
			return i
		}
	}
}

// step is the network: each round changes one half by a function of the other half.
func (p *permutation) step(i uint64) uint64 {
	l, r := i>>p.right, i&(1<<p.right-1)
	for k := 0; k < rounds; k += 2 {
		l ^= half(r, p.key[k]) >> (64 - p.left)
		r ^= half(l, p.key[k+1]) >> (64 - p.right)
	}
	return l<<p.right | r
}

// half is the round function. Its high bits are the best mixed.
func half(x, key uint64) uint64 {
	x = (x ^ key) * 0xbf58476d1ce4e5b9
	return (x ^ x>>32) * 0x94d049bb133111eb
}
