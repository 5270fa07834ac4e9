package match

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
)

// hasher computes polynomial hashes modulo 2^64 with a secret odd base, so that the hash of a name with characters
// deleted follows from the hashes of its parts, and nobody can choose names that collide.
type hasher struct {
	powers   [maxName]uint64         // of the base
	inverses [maxDistance + 1]uint64 // powers of the base's inverse
}

// keySpace has room for a batch of keys: one for each character of a name, and one for none.
type keySpace [maxName + 1]uint64

// newHasher returns a hasher with a base of its own.
func newHasher() hasher {
	var secret [8]byte
	_, _ = rand.Read(secret[:]) // never fails
	base := binary.NativeEndian.Uint64(secret[:]) | 1
	inverse := base // correct to 3 bits; each step of Newton's iteration doubles that
	for range 5 {
		inverse *= 2 - base*inverse
	}
	var h hasher
	h.powers[0], h.inverses[0] = 1, 1
	for i := 1; i < len(h.powers); i++ {
		h.powers[i] = h.powers[i-1] * base
	}
	for i := 1; i < len(h.inverses); i++ {
		h.inverses[i] = h.inverses[i-1] * inverse
	}
	return h
}

// sum returns the hashes of s from each position on, the last of which is that of nothing. It uses the space of dst.
func (h *hasher) sum(dst []uint64, s []rune) []uint64 {
	n := len(s)
	sums := slices.Grow(dst[:0], n+1)[:n+1]
	sums[n] = 0
	for i := n - 1; i >= 0; i-- {
		sums[i] = sums[i+1] + uint64(s[i]+1)*h.powers[n-1-i]
	}
	return sums
}

// deletions calls use with the keys of all strings that deleting up to limit characters from s leaves, in batches that
// are valid during the call and made in space. It needs the sums of s. Of equal neighbours only the first is deleted, since deleting
// another leaves the same string.
func (h *hasher) deletions(s []rune, sums []uint64, limit int, space *keySpace, use func(keys []uint64)) {
	keys := append(space[:0], mix(sums[0]))
	for i := range s {
		if i > 0 && s[i] == s[i-1] {
			continue
		}
		// What stands before a deleted character is one place nearer to the end now.
		keys = append(keys, mix((sums[0]-sums[i])*h.inverses[1]+sums[i+1]))
	}
	use(keys)
	if limit == 1 {
		return
	}
	for i := range s {
		if i > 0 && s[i] == s[i-1] {
			continue
		}
		before := (sums[0] - sums[i]) * h.inverses[2]
		keys = keys[:0]
		for j := i + 1; j < len(s); j++ {
			if j > i+1 && s[j] == s[j-1] {
				continue
			}
			keys = append(keys, mix(before+(sums[i+1]-sums[j])*h.inverses[1]+sums[j+1]))
		}
		use(keys)
	}
}

// mix spreads a polynomial hash, whose low bits are weak, over all bits of a key.
func mix(sum uint64) uint64 {
	sum *= 0x9e3779b97f4a7c15
	return sum ^ sum>>32
}
