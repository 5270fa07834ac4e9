package suffixlist

import (
	"hash/maphash"
	"math/bits"
)

// seenIn says in which version of a list a name was seen last.
type seenIn uint64

const (
	nowhere seenIn = iota
	inOld
	inNew
	seenMask = 3
)

// sightings remember for names where they were seen last. They keep hashes of 62 bits instead of the names: the chance that two of some million names
// share one is one in a million, and then a number in a message is off by one. The zero value is ready to use.
type sightings struct {
	slots []uint64 // a hash table with open addressing: of each name its hash, with seenIn in the lowest bits; 0 is free
	used  int
}

// see notes that a name was seen, and returns where it was seen before.
func (s *sightings) see(name string, in seenIn) (before seenIn) {
	if s.used*4 >= len(s.slots)*3 {
		s.grow()
	}
	hash := maphash.String(digestSeed, name) &^ seenMask
	i := s.find(hash)
	if before = seenIn(s.slots[i] & seenMask); before == nowhere {
		s.used++
	}
	s.slots[i] = hash | uint64(in)
	return before
}

// find returns the slot of a hash, or a free one for it.
func (s *sightings) find(hash uint64) int {
	high, _ := bits.Mul64(hash, uint64(len(s.slots)))
	for i := int(high); ; {
		if s.slots[i] == 0 || s.slots[i]&^seenMask == hash {
			return i
		}
		if i++; i == len(s.slots) {
			i = 0
		}
	}
}

// grow makes room for twice as many names.
func (s *sightings) grow() {
	before := s.slots
	s.slots = make([]uint64, max(64, 2*len(before)))
	for _, content := range before {
		if content != 0 {
			s.slots[s.find(content&^seenMask)] = content
		}
	}
}
