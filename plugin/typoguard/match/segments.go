package match

import (
	"math/bits"
	"strings"
)

// segments finds the records that a suffix may be near. It never misses one, but its results must still be measured.
//
// A record is cut into segments, two for distance 1 and four for distance 2, and indexed under each of them, or under each pair. An
// edit damages one segment, so one segment, or two, are intact in every name within the distance: a lookup tries every place that
// they can have moved to. Only a transposition across a cut damages two segments. For distance 2, the lookup also tries the suffix
// with the two characters at the cut swapped back. For distance 1, records are also indexed under all their letters, whatever their
// order, which finds a letter that was moved across the cut, too; at distance 2 that is one of the two edits anyway.
type segments struct {
	distance int
	cuts     cuts
	// lengths are the lengths of the records that a suffix can be near, by its number of labels.
	lengths []nearLengths
	// filter is a Bloom filter of the keys, with two bits of one word for each. Nearly every key of a lookup is absent, and mostly
	// the filter, which fits into the processor's cache, says so.
	filter []uint64
	// postings are the values of the keys, ordered by bucket; those of bucket b are from starts[b] to starts[b+1].
	postings []posting
	starts   []uint32
}

// posting is a record's position and, in the low half, the set of characters in it.
type posting uint64

func newPosting(at uint32, s charSet) posting { return posting(at)<<32 | posting(s) }

func (p posting) at() uint32     { return uint32(p >> 32) }
func (p posting) chars() charSet { return charSet(p) }

// probe is a key of the index that may lead to a record near a suffix of the name.
type probe struct {
	key   uint64
	label uint8 // where the suffix begins
	most  uint8 // the most differences in characters of a record within the distance
}

// newSegments indexes records for a distance. The function all calls its argument with every record's form and its sums.
func newSegments(h *hasher, distance int, all func(use func(at uint32, f *form))) *segments {
	s := &segments{distance: distance}
	var samples [maxName + 1]sample
	forms := 0
	all(func(_ uint32, f *form) {
		s.admit(f)
		samples[f.length].add(f)
		forms++
	})
	if forms == 0 {
		return s
	}
	for length := range samples {
		s.cuts.choose(length, &samples[length], func(f *form, use func(uint64)) { s.segmentKeys(h, f, use) })
	}
	keys := forms * []int{1: 3, 2: 6}[distance]
	s.filter = make([]uint64, (keys*12+63)/64)
	s.postings = make([]posting, keys)
	s.starts = make([]uint32, keys/3+2)
	all(func(_ uint32, f *form) {
		s.keysOf(h, f, func(key uint64) {
			s.filter[reduce(key, len(s.filter))] |= filterBits(key)
			s.starts[s.bucket(key)+1]++
		})
	})
	for i := 1; i < len(s.starts); i++ {
		s.starts[i] += s.starts[i-1]
	}
	// Every start is moved on as its bucket fills up, and thereby becomes the next one's.
	all(func(at uint32, f *form) {
		p := newPosting(at, charsOf(f.runes()))
		s.keysOf(h, f, func(key uint64) {
			b := s.bucket(key)
			s.postings[s.starts[b]] = p
			s.starts[b]++
		})
	})
	copy(s.starts[1:], s.starts)
	s.starts[0] = 0
	return s
}

// admit records the length of a record.
func (s *segments) admit(f *form) {
	for len(s.lengths) <= f.labels+1 {
		s.lengths = append(s.lengths, nearLengths{})
	}
	s.lengths[f.labels-1].more.add(f.length)
	s.lengths[f.labels].same.add(f.length)
	s.lengths[f.labels+1].fewer.add(f.length)
}

// bucket returns the bucket of a key. It mixes the key again, so that the bucket is independent of the word in the filter.
func (s *segments) bucket(key uint64) int { return reduce(key*0x9e3779b97f4a7c15, len(s.starts)-1) }

// filterBits returns the bits of a key in its word of the filter.
func filterBits(key uint64) uint64 { return 1<<(key>>32&63) | 1<<(key>>38&63) }

// keysOf calls use with the keys of a record: three for distance 1, and six for distance 2.
func (s *segments) keysOf(h *hasher, f *form, use func(key uint64)) {
	s.segmentKeys(h, f, use)
	if s.distance == 1 {
		use(key(allLetters, f.length, f.looks[f.labels].letters(), 0))
	}
}

// segmentKeys calls use with the keys that depend on where a record is cut.
func (s *segments) segmentKeys(h *hasher, f *form, use func(key uint64)) {
	n := f.length
	c1, c2, c3 := s.cuts.at(n)
	if s.distance == 1 {
		use(key(firstHalf, n, h.span(f, 0, c2), 0))
		use(key(secondHalf, n, h.span(f, c2, n), 0))
		return
	}
	s1, s2, s3, s4 := h.span(f, 0, c1), h.span(f, c1, c2), h.span(f, c2, c3), h.span(f, c3, n)
	use(key(segments12, n, s1, s2))
	use(key(segments13, n, s1, s3))
	use(key(segments14, n, s1, s4))
	use(key(segments23, n, s2, s3))
	use(key(segments24, n, s2, s4))
	use(key(segments34, n, s3, s4))
}

// gather adds to the buffer's hits every record that a suffix of the given form of the name may be near. It works in phases, so that
// the processor waits for many memory locations at once instead of one after the other.
func (s *segments) gather(h *hasher, r *records, b *Buffer, form int) {
	f := &b.forms.forms[form]
	b.probes = b.probes[:0]
	for label := max(f.labels-len(s.lengths)+1, 0); label < f.labels; label++ {
		s.probe(h, b, f, label)
	}
	var suffix []rune
	var chars charSet
	for i, p := range b.probes {
		if i == 0 || p.label != b.probes[i-1].label {
			suffix = f.suffix(int(p.label))
			chars = charsOf(suffix)
		}
		bucket := s.bucket(p.key)
		for _, posting := range s.postings[s.starts[bucket]:s.starts[bucket+1]] {
			if chars.differences(posting.chars()) <= int(p.most) && s.mayBeNear(suffix, r.suffix(posting.at())) {
				b.hits = append(b.hits, hit{posting.at(), p.label})
			}
		}
	}
}

// probe looks for the suffix from a label on in the filter, and adds what passes to the buffer's probes.
func (s *segments) probe(h *hasher, b *Buffer, f *form, label int) {
	start := int(f.starts[label])
	n := f.length - start
	all, same := s.lengths[f.labels-label].near(s.distance, n)
	if all == 0 {
		return
	}
	v := view{h: h, f: f, start: start, letters: f.looks[f.labels].after(f.looks[label]).letters()}
	for ; all != 0; all &= all - 1 {
		length := bits.TrailingZeros(all)
		v.length = n - maxDistance + length
		v.moved = maxDistance - length
		keys := 0
		if s.distance == 1 {
			keys = v.halves(&s.cuts, &b.keys, same>>length&1 != 0)
		} else {
			keys = v.pairs(&s.cuts, &b.keys)
		}
		most := uint8(2*s.distance - abs(v.moved))
		for _, key := range b.keys[:keys] {
			if set := filterBits(key); s.filter[reduce(key, len(s.filter))]&set == set {
				b.probes = append(b.probes, probe{key, uint8(label), most})
			}
		}
	}
}

// mayBeNear reports whether a record is within the distance of a suffix of the name, by its text alone. Records with
// A-labels, which can be near in Unicode, it takes to be.
func (s *segments) mayBeNear(name []rune, text string) bool {
	if strings.Contains(text, "xn--") {
		return true
	}
	for len(name) > 0 && len(text) > 0 && name[0] == rune(text[0]) {
		name, text = name[1:], text[1:]
	}
	for len(name) > 0 && len(text) > 0 && name[len(name)-1] == rune(text[len(text)-1]) {
		name, text = name[:len(name)-1], text[:len(text)-1]
	}
	if abs(len(name)-len(text)) > s.distance {
		return false
	}
	if s.distance == 1 && len(text) > 2 { // 2 is what a transposition leaves
		// A moved letter leaves the others, one place further on or back.
		return len(name) == len(text) && (equalText(name[1:], text[:len(text)-1]) || equalText(name[:len(name)-1], text[1:]))
	}
	var space [maxName]rune
	rest := space[:0]
	for _, r := range text {
		rest = append(rest, r)
	}
	return distance(name, rest, s.distance) <= s.distance
}

// hit is a record that the suffix of the name from a label on may be near, or look the same as.
type hit struct {
	at    uint32
	label uint8
}
