package world

import "fmt"

// digest condenses a run into one word. Each mix is a bijection of the old state for a given word, and of the word for a
// given state. So runs that differ in a single word never have the same digest, and order matters.
type digest uint64

func (d *digest) mix(word uint64) {
	h := (uint64(*d) ^ word) * 0x9e3779b97f4a7c15 // odd, hence invertible: 2^64 divided by the golden ratio
	*d = digest(h ^ h>>32)
}

// Mix folds a word into the digest, such as a hash of a reply that a client saw.
func (w *World) Mix(word uint64) { w.digest.mix(word) }

// Digest returns 16 hex digits that cover the seed, the time of every step (and so the number of steps), every mixed word
// and the current time. Equal runs have equal digests.
func (w *World) Digest() string {
	d := w.digest
	d.mix(uint64(w.now))
	return fmt.Sprintf("%016x", uint64(d))
}
