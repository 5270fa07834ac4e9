package match

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// hasher computes polynomial hashes modulo 2^64 with a secret odd base. The hash of any part of a name follows from those of its
// beginnings, and nobody can choose names that collide.
type hasher struct {
	base   uint64
	powers []uint64 // of the base
}

// newHasher returns a hasher with a random base.
func newHasher() *hasher {
	var secret [8]byte
	_, _ = rand.Read(secret[:]) // never fails
	return &hasher{base: binary.NativeEndian.Uint64(secret[:]) | 1, powers: []uint64{1}}
}

// cover prepares the hasher for spans of up to a length.
func (h *hasher) cover(length int) {
	for n := len(h.powers); n <= length; n++ {
		h.powers = append(h.powers, h.powers[n-1]*h.base)
	}
}

// span returns the hash of the characters of a form between two positions. The form must have its sums.
func (h *hasher) span(f *form, from, to int) uint64 {
	return f.sums[to] - f.sums[from]*h.powers[to-from]
}

// letter returns what a character adds to a hash that does not depend on the order of characters. Mixed twice, letters have no
// relation by which others could make the same sum.
func (h *hasher) letter(r rune) uint64 { return mix(mix((uint64(r)+1)*h.base) ^ h.base) }

// mix spreads a polynomial hash, whose low bits are weak, over the high bits of a key.
func mix(sum uint64) uint64 { return (sum ^ sum>>32) * 0x9e3779b97f4a7c15 }

// reduce maps a key to a number below n by its high bits.
func reduce(key uint64, n int) int {
	high, _ := bits.Mul64(key, uint64(n))
	return int(high)
}
