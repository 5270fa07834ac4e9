package match

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxName is the longest name in octets, with the dots between its labels: 255 on the wire (RFC 1035 section 3.1), minus
	// the first length octet and the root label.
	maxName = 253
	// maxLabels is the most labels that fit if all are empty. A domain name has at most 127.
	maxLabels = maxName + 1
	// raw is added to an octet that is not a character: one that is not part of valid UTF-8, or a dot inside a label. Such
	// symbols lie above all runes, and no configured suffix contains them.
	raw = utf8.MaxRune + 1
	// innerDot represents a dot inside a label in a spelling. Spellings contain no other upper-case letter.
	innerDot = 'D'
)

// spelling is a name as octets, in lower case, with a dot between labels.
type spelling struct {
	octets   [maxName]byte
	length   int
	labels   int
	starts   [maxLabels]int // of each label, leftmost first, in octets
	offsets  [maxLabels]int // of each label in the text the name was given as
	nonASCII bool           // the name may contain an A-label or an octet above 127
}

// parse reads a name in presentation format. It reports false for a name that is too long. It reads any other spelling, including
// empty labels and stray backslashes.
func (s *spelling) parse(name string) bool {
	s.length, s.labels, s.nonASCII = 0, 0, false
	if name == "" || name == "." {
		return true
	}
	s.beginLabel(0)
	for i := 0; i < len(name); {
		c := name[i]
		i++
		if c == '.' && i == len(name) {
			break
		}
		if s.length == maxName {
			return false
		}
		if c == '.' {
			s.octets[s.length] = '.'
			s.length++
			s.beginLabel(i)
			continue
		}
		if c == '\\' {
			c, i = unescape(name, i)
		}
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '.':
			c = innerDot
		case c == '-':
			s.nonASCII = s.nonASCII || s.startsXN()
		case c >= utf8.RuneSelf:
			s.nonASCII = true
		}
		s.octets[s.length] = c
		s.length++
	}
	return true
}

// beginLabel records that a label starts here, and at an offset of the text.
func (s *spelling) beginLabel(offset int) {
	s.starts[s.labels], s.offsets[s.labels] = s.length, offset
	s.labels++
}

// startsXN reports whether the last label, as far as read, is "xn".
func (s *spelling) startsXN() bool {
	start := s.starts[s.labels-1]
	return s.length == start+2 && s.octets[start] == 'x' && s.octets[start+1] == 'n'
}

// label returns the octets of the i-th label.
func (s *spelling) label(i int) []byte {
	end := s.length
	if i+1 < s.labels {
		end = s.starts[i+1] - 1
	}
	return s.octets[s.starts[i]:end]
}

// unescape reads an escape after the backslash at name[i-1]: \DDD is the octet with that value, anything else stands for itself. It
// returns the octet and the position after it.
func unescape(name string, i int) (byte, int) {
	digit := func(k int) bool { return k < len(name) && '0' <= name[k] && name[k] <= '9' }
	if digit(i) && digit(i+1) && digit(i+2) {
		return (name[i]-'0')*100 + (name[i+1]-'0')*10 + (name[i+2] - '0'), i + 3
	}
	if i < len(name) {
		return name[i], i + 1
	}
	return '\\', i
}

// form is a name as the characters to compare, with '.' between the labels and nowhere else. It has no slices of its own arrays,
// because writing one while the garbage collector runs costs more than a whole lookup.
type form struct {
	length, labels int
	chars          [maxName]rune
	starts         [maxLabels + 1]uint8 // of each label, leftmost first, in chars; and finally where another would be
	sums           [maxName + 1]uint64  // hashes of chars[:i]
	looks          looks
}

// runes returns the characters of the form.
func (f *form) runes() []rune { return f.chars[:f.length] }

// label returns the i-th label.
func (f *form) label(i int) []rune { return f.chars[f.starts[i] : f.starts[i+1]-1] }

// suffix returns the form from its i-th label on.
func (f *form) suffix(i int) []rune { return f.chars[f.starts[i]:f.length] }

// setWire fills the form with the octets of s.
func (f *form) setWire(s *spelling) {
	f.length, f.labels = s.length, s.labels
	for i, c := range s.octets[:s.length] {
		f.chars[i] = symbol(c)
	}
	for i, start := range s.starts[:s.labels] {
		f.starts[i] = uint8(start)
	}
	f.starts[f.labels] = uint8(f.length + 1)
}

// setUnicode fills the form with the labels of s in Unicode.
func (f *form) setUnicode(s *spelling) {
	chars := f.chars[:0]
	for i := range s.labels {
		if i > 0 {
			chars = append(chars, '.')
		}
		f.starts[i] = uint8(len(chars))
		chars = appendUnicode(chars, s.label(i))
	}
	f.length, f.labels = len(chars), s.labels
	f.starts[f.labels] = uint8(f.length + 1)
}

// appendUnicode appends a label in Unicode: it decodes an A-label or UTF-8, and takes anything else octet by octet. The result is
// never longer than the label.
func appendUnicode(dst []rune, label []byte) []rune {
	if decoded, ok := decodeALabel(dst, label); ok {
		return decoded
	}
	for len(label) > 0 {
		r, size := utf8.DecodeRune(label)
		if size == 1 {
			r = symbol(label[0])
		}
		dst = append(dst, r)
		label = label[size:]
	}
	return dst
}

// symbol returns the symbol for one octet of a label.
func symbol(c byte) rune {
	switch {
	case c == innerDot:
		return raw + '.'
	case c >= utf8.RuneSelf:
		return raw + rune(c)
	}
	return rune(c)
}

// isWire reports whether setWire would give the same form, which setUnicode made.
func (f *form) isWire(s *spelling) bool {
	if f.length != s.length {
		return false
	}
	for i, r := range f.runes() {
		if r != symbol(s.octets[i]) {
			return false
		}
	}
	return true
}

// forms are the forms of one name: on the wire, and in Unicode if that differs.
type forms struct {
	spelling spelling
	plain    bool // readPlain made the forms, without the spelling
	cut      int  // if plain, where they begin in the text
	forms    [2]form
	used     int // the number of forms
}

// parse reads a name. It reports false for one that is too long.
func (f *forms) parse(name string) bool {
	if !f.spelling.parse(name) {
		return false
	}
	f.plain, f.used = false, 1
	f.forms[0].setWire(&f.spelling)
	if f.spelling.nonASCII {
		f.forms[1].setUnicode(&f.spelling)
		if !f.forms[1].isWire(&f.spelling) {
			f.used = 2
		}
	}
	return true
}

// unicode returns the form with A-labels and UTF-8 decoded.
func (f *forms) unicode() *form { return &f.forms[f.used-1] }

// offset returns the offset of a label in the text of the name.
func (f *forms) offset(label int) int {
	if f.plain {
		return f.cut + int(f.forms[0].starts[label])
	}
	return f.spelling.offsets[label]
}

// Buffer is working memory for lookups. It can be reused, but only by one lookup at a time. The zero value is ready to use.
type Buffer struct {
	forms         // of the name
	record  forms // of the suffix being compared
	rewrite rewrite
	ending  ending // the last one that was looked up
	whole   ending // the same of a whole suffix of a name
	keys    [maxKeys]uint64
	probes  []probe
	hits    []hit
	matches []Match
}

// spells reports whether the name from a label on equals a suffix, in some form.
func (b *Buffer) spells(label int, suffix string) bool {
	if equalText(b.forms.forms[0].suffix(label), suffix) {
		return true
	}
	if b.used == 1 && !strings.Contains(suffix, "xn--") {
		return false
	}
	b.record.parse(suffix)
	return slices.Equal(b.unicode().suffix(label), b.record.unicode().runes())
}

// equalText reports whether an ASCII text has the given characters.
func equalText(runes []rune, text string) bool {
	if len(runes) != len(text) {
		return false
	}
	for i, r := range runes {
		if r != rune(text[i]) {
			return false
		}
	}
	return true
}
