package typoguard

import (
	"hash/maphash"
	"sync/atomic"
)

// unlikeSlots is how many names are remembered at most: 128 KiB of hashes.
const unlikeSlots = 1 << 14

// unlikeNames remembers names, as they were written, that are like no protected suffix and on no list: those that are asked
// for over and over need not be looked up again. It belongs to one set of rules and goes with it. A name is known by a
// hash of 63 bits under a secret seed: nobody can make a lookalike pass for another name.
type unlikeNames struct {
	seed  maphash.Seed
	slots [unlikeSlots]atomic.Uint64 // the last hash that fell into each; 0 is none
}

func newUnlikeNames() *unlikeNames { return &unlikeNames{seed: maphash.MakeSeed()} }

// hash returns the hash of a name, which is never 0.
func (u *unlikeNames) hash(name string) uint64 { return maphash.String(u.seed, name) | 1 }

// slot returns where a hash belongs.
func (u *unlikeNames) slot(hash uint64) *atomic.Uint64 { return &u.slots[hash>>1%unlikeSlots] }

// has reports whether the name with a hash is remembered.
func (u *unlikeNames) has(hash uint64) bool { return u.slot(hash).Load() == hash }

// add remembers the name with a hash, in place of another.
func (u *unlikeNames) add(hash uint64) { u.slot(hash).Store(hash) }
