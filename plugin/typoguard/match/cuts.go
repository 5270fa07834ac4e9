package match

import "math"

// cuts says where records are cut into segments: at the same places all those of one length, for the length is all that a
// lookup knows of a record.
//
// A segment that many records have in common is of no use to tell them apart. So their last characters are all left to
// the last segment: as many as make the fewest records share a key.
type cuts struct {
	tails [maxName + 1]uint8 // by length
}

// defaultTail is what is left to the last segment but for a reason: most top-level domains are three characters.
const defaultTail = 3

// at returns where a record of a length is cut for distance 2; for distance 1 only the middle one counts.
func (c *cuts) at(length int) (c1, c2, c3 int) {
	length -= int(c.tails[length])
	return length / 4, length / 2, length * 3 / 4
}

// canHaveTail reports whether enough of a record is left to be cut in four.
func canHaveTail(length, tail int) bool { return length >= tail+4 || tail == 0 }

// sampled is how many records of each length the cuts are chosen by.
const sampled = 256

// sample is some of the records of one length, drawn as they come by (reservoir sampling).
type sample struct {
	seen int
	sums [][]uint64
}

// add draws a form or not.
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

// choose sets the tail of a length to that by which the fewest of a sample share a key. The function keysOf calls use with
// every key of a form.
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
