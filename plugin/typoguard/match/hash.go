package match

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// hasher computes polynomial hashes modulo 2^64 with a secret odd base, so that the hash of any part of a name follows
// from those of its beginnings, and nobody can choose names that collide.
type hasher struct {
	powers [maxName + 1]uint64 // of the base
}

// newHasher returns a hasher with a base of its own.
func newHasher() *hasher {
	var secret [8]byte
	_, _ = rand.Read(secret[:]) // never fails
	base := binary.NativeEndian.Uint64(secret[:]) | 1
	h := new(hasher)
	h.powers[0] = 1
	for i := 1; i < len(h.powers); i++ {
		h.powers[i] = h.powers[i-1] * base
	}
	return h
}

// sum fills in the form's sums: sums[i] is the hash of its first i characters.
func (h *hasher) sum(f *form) {
	sum, base := uint64(0), h.powers[1]
	for i, r := range f.runes() {
		f.sums[i] = sum
		sum = sum*base + uint64(r) + 1
	}
	f.sums[f.length] = sum
}

// span returns the hash of the characters of a form, which must have been summed, from one position to another.
func (h *hasher) span(f *form, from, to int) uint64 {
	return f.sums[to] - f.sums[from]*h.powers[to-from]
}

// mix spreads a polynomial hash, whose low bits are weak, over all bits of a key.
func mix(sum uint64) uint64 {
	sum = (sum ^ sum>>32) * 0x9e3779b97f4a7c15
	return (sum ^ sum>>29) * 0xbf58476d1ce4e5b9
}

// reduce maps a key to a number below n by its high bits.
func reduce(key uint64, n int) int {
	high, _ := bits.Mul64(key, uint64(n))
	return int(high)
}
