package match

import (
	"math/bits"
	"strings"
)

// segments finds the records that a suffix may be near. It never misses one; what it names must still be measured.
//
// A record is cut into segments, two for distance 1 and four for distance 2, and indexed under one of them, or under each
// pair. An edit damages one segment, so that one segment, or two, are whole in every name within the distance: they are
// looked for at every place they can have moved to. Only a transposition across a cut damages two segments; for those
// the suffix is also looked for with the two characters at the cut swapped back.
type segments struct {
	distance int
	// lengths are, by the labels of a suffix, the lengths of the records that have as many labels, or one more or less.
	lengths []lengthSet
	// filter is a Bloom filter of the keys, each with two bits of one word: nearly every key that is looked for is not
	// there, and mostly the filter says so within the processor's cache.
	filter []uint64
	// postings are what the keys lead to, ordered by bucket; those of bucket b are from starts[b] to starts[b+1].
	postings []posting
	starts   []uint32
}

// posting is a record's position and, in the low half, the set of characters in it.
type posting uint64

func newPosting(at uint32, s charSet) posting { return posting(at)<<32 | posting(s) }

func (p posting) at() uint32     { return uint32(p >> 32) }
func (p posting) chars() charSet { return charSet(p) }

// charSet is a set of characters: a bit for each letter, for the hyphen and the dot, for a few digits each, and for all
// others.
type charSet uint32

func charBit(r rune) charSet {
	switch {
	case 'a' <= r && r <= 'z':
		return 1 << (r - 'a')
	case '0' <= r && r <= '9':
		return 1 << (26 + (r-'0')&1)
	case r == '-':
		return 1 << 28
	case r == '.':
		return 1 << 29
	}
	return 1 << (30 + r&1)
}

// differences returns how many characters are in one set only.
func (s charSet) differences(t charSet) int { return bits.OnesCount32(uint32(s ^ t)) }

// lengthSet is a set of lengths up to maxName.
type lengthSet [4]uint64

func (l *lengthSet) add(n int)      { l[n>>6] |= 1 << (n & 63) }
func (l *lengthSet) has(n int) bool { return l[n>>6&3]&(1<<(n&63)) != 0 }

// probe is a key that a suffix of the name is looked for under.
type probe struct {
	key   uint64
	label uint8 // where the suffix begins
	most  uint8 // differences in characters that a record within the distance has
}

// newSegments indexes records for a distance. The function all calls its argument with every record's form, summed.
func newSegments(h *hasher, distance int, all func(use func(at uint32, f *form))) *segments {
	s := &segments{distance: distance}
	keys := 0
	all(func(_ uint32, f *form) {
		s.admit(f)
		keys += s.keysOf(h, f, func(uint64) {})
	})
	if keys == 0 {
		return s
	}
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

// admit notes the length of a record.
func (s *segments) admit(f *form) {
	labels := f.labels
	for len(s.lengths) <= labels+1 {
		s.lengths = append(s.lengths, lengthSet{})
	}
	for l := labels - 1; l <= labels+1; l++ {
		s.lengths[l].add(f.length)
	}
}

// bucket returns the bucket of a key, which is mixed once more so that it does not follow the word of the filter.
func (s *segments) bucket(key uint64) int { return reduce(key*0x9e3779b97f4a7c15, len(s.starts)-1) }

// filterBits returns the bits of a key in its word of the filter.
func filterBits(key uint64) uint64 { return 1<<(key&63) | 1<<(key>>6&63) }

func charsOf(s []rune) charSet {
	var set charSet
	for _, r := range s {
		set |= charBit(r)
	}
	return set
}

// cuts returns where a record of a length is cut for distance 2; for distance 1 only the middle one counts. The last
// characters are left to the last segment, because many names have them in common.
func cuts(length int) (c1, c2, c3 int) {
	if length >= 9 {
		length -= 3
	}
	return length / 4, length / 2, length * 3 / 4
}

// The seeds of keys: what part of a record a key is of. They keep apart equal segments in different places.
const (
	firstHalf uint64 = iota + 1
	secondHalf
	segments12
	segments13
	segments14
	segments23
	segments24
	segments34
)

// key returns the key of one segment of a record of some length, or of two.
func key(seed uint64, length int, first, second uint64) uint64 {
	return mix(first*0xd6e8feb86659fd93 + second + (seed<<8|uint64(length))*0xa0761d6478bd642f)
}

// keysOf calls use with the keys of a record, and returns their number.
func (s *segments) keysOf(h *hasher, f *form, use func(key uint64)) int {
	n := f.length
	c1, c2, c3 := cuts(n)
	if s.distance == 1 {
		use(key(firstHalf, n, h.span(f, 0, c2), 0))
		use(key(secondHalf, n, h.span(f, c2, n), 0))
		return 2
	}
	s1, s2, s3, s4 := h.span(f, 0, c1), h.span(f, c1, c2), h.span(f, c2, c3), h.span(f, c3, n)
	use(key(segments12, n, s1, s2))
	use(key(segments13, n, s1, s3))
	use(key(segments14, n, s1, s4))
	use(key(segments23, n, s2, s3))
	use(key(segments24, n, s2, s4))
	use(key(segments34, n, s3, s4))
	return 6
}

// gather adds to the buffer's hits every record that a suffix of the given form of the name may be near. It works in
// phases, so that the processor waits for many places in memory at once and not for one after the other.
func (s *segments) gather(h *hasher, r *records, b *Buffer, form int) {
	if len(s.postings) == 0 {
		return
	}
	f := &b.forms.forms[form]
	probes := b.probes[:0]
	for label := max(f.labels-len(s.lengths)+1, 0); label < f.labels; label++ {
		probes = s.probe(h, probes, f, label)
	}
	if cap(probes) > cap(b.probes) {
		b.probes = probes
	}
	passed := probes[:0]
	for _, p := range probes {
		if set := filterBits(p.key); s.filter[reduce(p.key, len(s.filter))]&set == set {
			passed = append(passed, p)
		}
	}
	for _, p := range passed {
		bucket := s.bucket(p.key)
		suffix := f.suffix(int(p.label))
		chars := charsOf(suffix)
		for _, posting := range s.postings[s.starts[bucket]:s.starts[bucket+1]] {
			if chars.differences(posting.chars()) <= int(p.most) && s.mayBeNear(suffix, r.suffix(posting.at())) {
				b.hits = append(b.hits, hit{posting.at(), p.label})
			}
		}
	}
}

// probe appends the keys of all records that the suffix from a label on can be near.
func (s *segments) probe(h *hasher, probes []probe, f *form, label int) []probe {
	start := int(f.starts[label])
	n := f.length - start
	lengths := &s.lengths[f.labels-label]
	for length := max(n-s.distance, 1); length <= min(n+s.distance, maxName); length++ {
		if !lengths.has(length) {
			continue
		}
		p := probe{label: uint8(label), most: uint8(2*s.distance - abs(n-length))}
		if s.distance == 1 {
			probes = halves(h, f, start, length, probes, p)
		} else {
			v := view{h: h, f: f, start: start, length: length, moved: n - length}
			probes = v.pairs(probes, p)
		}
	}
	return probes
}

// view is a suffix of a name as it is compared with records of one length.
type view struct {
	h      *hasher
	f      *form
	start  int // of the suffix, in the form
	length int // of the records
	moved  int // by how much the suffix is longer: where the end of a record has moved to
}

// span returns the hash of what stands from one position of a record to another, moved by so much.
func (v *view) span(from, to, moved int) uint64 {
	return v.h.span(v.f, v.start+from+moved, v.start+to+moved)
}

// at returns the character at a position of a record, moved by so much.
func (v *view) at(position, moved int) uint64 { return uint64(v.f.chars[v.start+position+moved]) }

// lastSwapped returns the hash of a span whose last character has been swapped with the one behind it.
func (v *view) lastSwapped(from, to, moved int) uint64 {
	return v.span(from, to, moved) - v.at(to-1, moved) + v.at(to, moved)
}

// firstSwapped returns the hash of a span whose first character has been swapped with the one before it.
func (v *view) firstSwapped(from, to, moved int) uint64 {
	return v.span(from, to, moved) + (v.at(from-1, moved)-v.at(from, moved))*v.h.powers[to-from-1]
}

// with returns the probe with a key.
func (p probe) with(key uint64) probe {
	p.key = key
	return p
}

// halves appends the keys of records of a length within one edit of what stands from start on: the edit is in the second
// half, or in the first, or swaps the characters at the cut.
func halves(h *hasher, f *form, start, length int, probes []probe, p probe) []probe {
	_, c, _ := cuts(length)
	first := h.span(f, start, start+c)
	p.key = key(firstHalf, length, first, 0)
	probes = append(probes, p)
	p.key = key(secondHalf, length, h.span(f, f.length-(length-c), f.length), 0)
	probes = append(probes, p)
	if f.length-start == length {
		p.key = key(firstHalf, length, first-uint64(f.chars[start+c-1])+uint64(f.chars[start+c]), 0)
		probes = append(probes, p)
	}
	return probes
}

// pairs appends the keys of records within two edits.
func (v *view) pairs(probes []probe, p probe) []probe {
	c1, c2, c3 := cuts(v.length)
	n, d := v.length, v.moved
	s1, s4 := v.span(0, c1, 0), v.span(c3, n, d)
	probes = append(probes,
		p.with(key(segments12, n, s1, v.span(c1, c2, 0))),
		p.with(key(segments34, n, v.span(c2, c3, d), s4)),
		p.with(key(segments14, n, s1, s4)))
	// The other pairs have an edit before, between or behind them that moves what follows by at most one place. With no
	// edit in one of these places, a pair above is whole.
	for m := max(-1, d-1); m <= min(1, d+1); m++ {
		s2, s3 := v.span(c1, c2, m), v.span(c2, c3, m)
		probes = append(probes,
			p.with(key(segments13, n, s1, s3)),
			p.with(key(segments23, n, s2, s3)),
			p.with(key(segments24, n, s2, s4)))
	}
	if d < -1 || d > 1 {
		return probes
	}
	// A swap at a cut and one more edit: behind the swap for the first two, before it for the last two. With a swap
	// elsewhere, or the other edit on the other side, a pair above is whole.
	return append(probes,
		p.with(key(segments12, n, v.lastSwapped(0, c1, 0), v.firstSwapped(c1, c2, 0))),
		p.with(key(segments12, n, s1, v.lastSwapped(c1, c2, 0))),
		p.with(key(segments34, n, v.lastSwapped(c2, c3, d), v.firstSwapped(c3, n, d))),
		p.with(key(segments34, n, v.firstSwapped(c2, c3, d), s4)))
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
	if abs(len(name)-len(text)) > s.distance || s.distance == 1 && len(text) > 2 { // 2 is what a transposition leaves
		return false
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
