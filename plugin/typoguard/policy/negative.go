package policy

import (
	"hash/maphash"
	"sync/atomic"
)

// negativeSlots is how many names are remembered at most: 128 KiB of hashes.
const negativeSlots = 1 << 14

// negativeCache remembers names, as they were written, that match no protected suffix and are on no list: those that are
// asked for over and over need not be looked up again. It belongs to one Set and goes with it. A name is known by a hash of
// 63 bits under a secret seed: nobody can make a lookalike pass for another name.
type negativeCache struct {
	seed  maphash.Seed
	slots [negativeSlots]atomic.Uint64 // the last hash that fell into each; 0 is none
}

func newNegativeCache() *negativeCache { return &negativeCache{seed: maphash.MakeSeed()} }

// hash returns the hash of a name, which is never 0.
func (c *negativeCache) hash(name string) uint64 { return maphash.String(c.seed, name) | 1 }

// slot returns where a hash belongs.
func (c *negativeCache) slot(hash uint64) *atomic.Uint64 { return &c.slots[hash>>1%negativeSlots] }

// has reports whether the name with a hash is remembered.
func (c *negativeCache) has(hash uint64) bool { return c.slot(hash).Load() == hash }

// add remembers the name with a hash, in place of another.
func (c *negativeCache) add(hash uint64) { c.slot(hash).Store(hash) }
