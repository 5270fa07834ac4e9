package match

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Homoglyphs makes an index find names that look the same as a protected suffix, as well: those with a suffix whose
// skeleton (UTS #39 section 4) is the same. The function returns the skeleton of one character in lower case, or "" if
// that is the character itself; it must not allocate. A homoglyph counts as nearer than any other lookalike.
func Homoglyphs(skeletonOf func(rune) string) Option {
	return func(x *Index) { x.looks = x.newSkeletons(skeletonOf) }
}

// skeletons finds the entries whose skeleton is that of a suffix of a name. Any number of labels can look like any other,
// since there are characters that look like a dot.
type skeletons struct {
	of      func(rune) string
	ascii   [utf8.RuneSelf]string
	longest int      // characters of any skeleton
	filter  []uint64 // a Bloom filter of the keys
	// The keys in ascending order, and with each the entry that has it.
	keys    []uint64
	entries []uint32
}

func (x *Index) newSkeletons(of func(rune) string) *skeletons {
	s := &skeletons{of: of, filter: make([]uint64, len(x.entries)/4+1)}
	for r := range s.ascii {
		s.ascii[r] = of(rune(r))
	}
	keys := make([]uint64, len(x.entries))
	var b Buffer
	for i := range x.entries {
		b.parse(x.entries[i].Suffix)
		s.each(&x.hash, b.unicode(), math.MaxInt, func(_, length int, key uint64) { // the last one is of the whole
			keys[i] = key
			s.longest = max(s.longest, length)
		})
		s.filter[s.word(keys[i])] |= filterBits(keys[i])
		s.entries = append(s.entries, uint32(i))
	}
	slices.SortFunc(s.entries, func(i, j uint32) int { return cmp.Or(cmp.Compare(keys[i], keys[j]), cmp.Compare(i, j)) })
	for _, i := range s.entries {
		s.keys = append(s.keys, keys[i])
	}
	return s
}

// word returns which word of the filter has the bits of a key.
func (s *skeletons) word(key uint64) uint64 { return (key >> 32) % uint64(len(s.filter)) }

// looksLike returns the skeleton of a character, or "" if it is the character itself.
func (s *skeletons) looksLike(r rune) string {
	switch {
	case r < utf8.RuneSelf:
		return s.ascii[r]
	case r >= raw:
		return ""
	}
	return s.of(r)
}

// each calls use with the length of the skeleton from each label of a form on, and its key, the last label first. It stops
// at what is longer than the limit.
func (s *skeletons) each(h *hasher, f *form, limit int, use func(label, length int, key uint64)) {
	sum, power, length := uint64(0), uint64(1), 0
	add := func(r rune) {
		sum += uint64(r+1) * power
		power *= h.powers[1]
		length++
	}
	label := len(f.starts) - 1
	for i := len(f.runes) - 1; i >= 0 && length <= limit; i-- {
		looks := s.looksLike(f.runes[i])
		if looks == "" {
			add(f.runes[i])
		}
		for looks != "" {
			r, size := utf8.DecodeLastRuneInString(looks)
			add(r)
			looks = looks[:len(looks)-size]
		}
		if i == f.starts[label] {
			use(label, length, mix(sum))
			label--
		}
	}
}

// gather adds to the buffer's matches the entries that the name looks the same as, in place of what else it is to them.
func (s *skeletons) gather(x *Index, b *Buffer) {
	s.each(&x.hash, b.unicode(), s.longest, func(label, _ int, key uint64) {
		if set := filterBits(key); s.filter[s.word(key)]&set != set {
			return
		}
		first, _ := slices.BinarySearch(s.keys, key)
		for i := first; i < len(s.keys) && s.keys[i] == key; i++ {
			s.check(x, b, label, int(s.entries[i]))
		}
	})
}

// check adds a match if the name looks the same as an entry from a label on, and homoglyphs count for it.
func (s *skeletons) check(x *Index, b *Buffer, label, entry int) {
	e := &x.entries[entry]
	var own Buffer
	own.parse(e.Suffix)
	if !e.Kinds.Has(Homoglyph) || s.text(b.unicode().suffix(label)) != s.text(own.unicode().runes) {
		return
	}
	b.matches = slices.DeleteFunc(b.matches, func(m Match) bool { return m.entry == entry })
	b.matches = append(b.matches, Match{Suffix: e.Suffix, Tag: e.Tag, Kind: Homoglyph, Start: b.spelling.offsets[label], entry: entry})
}

// text returns the skeleton of a part of a name.
func (s *skeletons) text(part []rune) string {
	var text strings.Builder
	for _, r := range part {
		if looks := s.looksLike(r); looks != "" {
			text.WriteString(looks)
		} else {
			text.WriteRune(r)
		}
	}
	return text.String()
}
