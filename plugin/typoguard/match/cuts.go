package match

import "math"

// cuts are the places where records are cut into segments. They depend only on the length, which is all that a lookup knows about a
// record.
//
// A segment that many records share cannot distinguish them. So the last segment takes all of their last characters: as many as let
// the fewest records share a key.
type cuts struct {
	tails [maxName + 1]uint8 // by length
}

// defaultTail is the default length of the tail: most top-level domains have three characters.
const defaultTail = 3

// at returns the cuts of a record of a length for distance 2; for distance 1 only the middle cut counts.
func (c *cuts) at(length int) (c1, c2, c3 int) {
	length -= int(c.tails[length])
	return length / 4, length / 2, length * 3 / 4
}

// canHaveTail reports whether the rest of a record is long enough to be cut in four.
func canHaveTail(length, tail int) bool { return length >= tail+4 || tail == 0 }

// sampled is the number of records of each length in a sample.
const sampled = 256

// sample is a reservoir sample of the records of one length.
type sample struct {
	seen int
	sums [][]uint64
}

// add offers a form to the sample.
func (s *sample) add(f *form) {
	s.seen++
	place := len(s.sums)
	if place == sampled {
		if place = reduce(mix(uint64(s.seen)), s.seen); place >= sampled {
			return
		}
	} else {
		s.sums = append(s.sums, nil)
	}
	s.sums[place] = append(s.sums[place][:0], f.sums[:f.length+1]...)
}

// choose sets the tail of a length to the one that lets the fewest records of a sample share a key. The function keysOf calls use
// with every key of a form.
func (c *cuts) choose(length int, s *sample, keysOf func(f *form, use func(key uint64))) {
	best := math.MaxInt
	var f form
	f.length = length
	shared := make(map[uint64]int, 2*len(s.sums))
	for _, tail := range [...]int{defaultTail, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 20, 24} {
		if !canHaveTail(length, tail) {
			continue
		}
		before := c.tails[length]
		c.tails[length] = uint8(tail)
		clear(shared)
		cost := 0
		for _, sums := range s.sums {
			copy(f.sums[:], sums)
			keysOf(&f, func(key uint64) {
				cost += shared[key] // so that n records with a key cost n(n-1)/2
				shared[key]++
			})
		}
		if cost < best {
			best = cost
		} else {
			c.tails[length] = before
		}
	}
}
