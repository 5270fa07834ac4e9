package match

import (
	"math"
	"unicode/utf8"
)

// Homoglyphs makes an index find names that look the same as a protected suffix, as well: those with a suffix whose
// skeleton (UTS #39 section 4) is the same. The function returns the skeleton of one character in lower case, or "" if
// that is the character itself; it must not allocate. A homoglyph counts as nearer than any other lookalike.
//
// Any number of labels can look like any other, since there are characters that look like a dot.
func Homoglyphs(skeletonOf func(rune) string) Option {
	return func(x *Index) { x.looks = newSkeletons(skeletonOf) }
}

// skeletons computes keys by which names with the same skeleton find each other; those that are the same do, too.
type skeletons struct {
	of      func(rune) string
	ascii   [utf8.RuneSelf]string
	longest int // characters of the skeleton of any record
}

func newSkeletons(of func(rune) string) *skeletons {
	s := &skeletons{of: of}
	for r := range s.ascii {
		s.ascii[r] = of(rune(r))
	}
	return s
}

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

// keys calls use with the key of the skeleton from each label of a form on, and its length, the last label first. It stops
// at what is longer than the limit.
func (s *skeletons) keys(h *hasher, f *form, limit int, use func(label, length int, key uint64)) {
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
		if label >= 0 && i == f.starts[label] {
			use(label, length, mix(sum))
			label--
		}
	}
}

// admit returns the key of a record's form.
func (s *skeletons) admit(h *hasher, f *form) uint64 {
	var whole uint64
	s.keys(h, f, math.MaxInt, func(_, length int, key uint64) { // the last one is of the whole
		whole = key
		s.longest = max(s.longest, length)
	})
	return whole
}

// same reports whether two parts of names have the same skeleton.
func (s *skeletons) same(a, b []rune) bool {
	var restA, restB string
	for {
		var ra, rb rune
		var okA, okB bool
		ra, restA, a, okA = s.next(restA, a)
		rb, restB, b, okB = s.next(restB, b)
		if !okA || !okB {
			return okA == okB
		}
		if ra != rb {
			return false
		}
	}
}

// next returns the first character of the skeleton of what is left of a name, of which rest is under way, and what is
// left then.
func (s *skeletons) next(rest string, name []rune) (rune, string, []rune, bool) {
	for rest == "" {
		if len(name) == 0 {
			return 0, "", nil, false
		}
		r := name[0]
		name = name[1:]
		if rest = s.looksLike(r); rest == "" {
			return r, "", name, true
		}
	}
	r, size := utf8.DecodeRuneInString(rest)
	return r, rest[size:], name, true
}
