package match

import "unicode/utf8"

// Homoglyphs makes an index also find names that look the same as a protected suffix: those with a suffix whose skeleton (UTS #39
// section 4) is the same. The function returns the skeleton of one lower-case character, or "" if that is the character itself; it
// must not allocate. A homoglyph is nearer than any other lookalike.
//
// A match can have any number of labels, because some characters look like a dot.
func Homoglyphs(skeletonOf func(rune) string) Option {
	return func(x *Index) { x.looks = newSkeletons(skeletonOf, x.hash) }
}

// look is the hash of a skeleton, and a sum of two things that cost one addition for each character: in its low bits the length of
// the skeleton, and above them the letters of the text itself, whatever their order.
type look struct {
	sum  uint64
	size uint64
}

// lengthBits is the number of bits of a look's size that are the length of the skeleton. Of 253 characters, it is far below 65,536.
const lengthBits = 16

// length returns the length of the skeleton.
func (l look) length() int { return int(l.size & (1<<lengthBits - 1)) }

// after returns what follows a beginning, without its hash.
func (l look) after(beginning look) look { return look{size: l.size - beginning.size} }

// letters returns a hash of the letters of the text that does not depend on their order.
func (l look) letters() uint64 { return l.size >> lengthBits }

// looks are the looks of a text before each label, and finally of the whole.
type looks [maxLabels + 1]look

// skeletons computes keys that are equal for names with the same skeleton.
type skeletons struct {
	of   func(rune) string
	hash *hasher
	// The effect of an ASCII character on the look of the text before it: the factor and the summand of the hash, and the
	// growth of the size.
	times, plus, sizes [utf8.RuneSelf]uint64
	longest            int // the length of the longest skeleton of a record
}

func newSkeletons(of func(rune) string, h *hasher) *skeletons {
	s := &skeletons{of: of, hash: h}
	for r := range s.times {
		from0, from1 := s.spell(look{}, rune(r)), s.spell(look{sum: 1}, rune(r))
		s.times[r], s.plus[r], s.sizes[r] = from1.sum-from0.sum, from0.sum, from0.size
	}
	return s
}

// looksLike returns the skeleton of a character, or "" if it is the character itself.
func (s *skeletons) looksLike(r rune) string {
	if r >= raw {
		return ""
	}
	return s.of(r)
}

// follow returns the look of a text after one more character.
func (s *skeletons) follow(l look, r rune) look {
	if r < utf8.RuneSelf {
		return look{l.sum*s.times[r] + s.plus[r], l.size + s.sizes[r]}
	}
	return s.spell(l, r)
}

// spell does so for any character, by its skeleton.
func (s *skeletons) spell(l look, r rune) look {
	l.size += s.hash.letter(r) << lengthBits
	looks := s.looksLike(r)
	if looks == "" {
		return look{l.sum*s.hash.base + uint64(r) + 1, l.size + 1}
	}
	for _, r := range looks {
		l = look{l.sum*s.hash.base + uint64(r) + 1, l.size + 1}
	}
	return l
}

// sum computes the sums and looks of a form.
func (s *skeletons) sum(f *form) {
	sum, before, label := uint64(0), look{}, 0
	f.looks[0] = before
	for i, r := range f.runes() {
		f.sums[i] = sum
		sum = sum*s.hash.base + uint64(r) + 1
		before = s.follow(before, r)
		if r == '.' {
			label++
			f.looks[label] = before
		}
	}
	f.sums[f.length], f.looks[f.labels] = sum, before
}

// key returns the key of a text of so many labels from a label on. It reports false if the skeleton is longer than that of any record.
func (s *skeletons) key(l *looks, labels, label int) (uint64, bool) {
	whole, before := l[labels], l[label]
	length := whole.after(before).length()
	if length > s.longest {
		return 0, false
	}
	return mix(whole.sum - before.sum*s.hash.powers[length]), true
}

// admit returns the key of a record's text.
func (s *skeletons) admit(l *looks, labels int) uint64 {
	s.longest = max(s.longest, l[labels].length())
	s.hash.cover(s.longest)
	key, _ := s.key(l, labels, 0)
	return key
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

// next returns the first character of the skeleton of the rest of a name, which begins with a partly read skeleton of one character,
// and what is left after it.
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
