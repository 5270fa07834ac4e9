package match

import (
	"math"
	"slices"
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
	plain   [utf8.RuneSelf]bool // looks like itself
	longest int                 // characters of the skeleton of any record
}

func newSkeletons(of func(rune) string) *skeletons {
	s := &skeletons{of: of}
	for r := range s.ascii {
		s.ascii[r] = of(rune(r))
		s.plain[r] = s.ascii[r] == ""
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

// keys fills in the form's keys: that of the skeleton from each label on. It returns the first label that has one; in
// front of it are those with a skeleton of more characters than the limit.
func (s *skeletons) keys(h *hasher, f *form, limit int) (first, length int) {
	sum, power, base := uint64(0), uint64(1), h.powers[1]
	label := f.labels
	for i, r := range slices.Backward(f.runes()) {
		looks := ""
		if r >= utf8.RuneSelf || !s.plain[r] {
			looks = s.looksLike(r)
		}
		for {
			if last := len(looks) - 1; last >= 0 && looks[last] < utf8.RuneSelf {
				r, looks = rune(looks[last]), looks[:last]
			} else if last >= 0 {
				var size int
				r, size = utf8.DecodeLastRuneInString(looks)
				looks = looks[:len(looks)-size]
			}
			sum += uint64(r+1) * power
			power *= base
			length++
			if looks == "" {
				break
			}
		}
		if length > limit {
			break
		}
		for label > 0 && i == int(f.starts[label-1]) { // more than once for an empty label
			label--
			f.keys[label] = mix(sum)
		}
	}
	return label, length
}

// admit returns the key of a record's form.
func (s *skeletons) admit(h *hasher, f *form) uint64 {
	_, length := s.keys(h, f, math.MaxInt)
	s.longest = max(s.longest, length)
	return f.keys[0]
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
