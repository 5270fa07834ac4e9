package match

import "strings"

// Flags in octets, besides the character.
const (
	isDot    = 1 << 8
	isHyphen = 1 << 9 // an A-label has one
	isOther  = 1 << 10
)

// octets maps every octet of a name to its lower-case character, or to isOther if it is not ASCII or begins an escape.
var octets = func() (table [256]uint16) {
	for c := range table {
		switch {
		case 'A' <= c && c <= 'Z':
			table[c] = uint16(c) + 'a' - 'A'
		case c == '.':
			table[c] = uint16(c) | isDot
		case c == '-':
			table[c] = uint16(c) | isHyphen
		case c < 0x80 && c != '\\':
			table[c] = uint16(c)
		default:
			table[c] = isOther
		}
	}
	return table
}()

// read reads a name, at least from the first label that begins within reach of its end, and computes the sums of its forms. It
// reports false for a name that is too long.
func (f *forms) read(name string, reach int, looks *skeletons) bool {
	if f.readPlain(name, reach, looks) {
		return true
	}
	if !f.parse(name) {
		return false
	}
	for i := range f.used {
		looks.sum(&f.forms[i])
	}
	return true
}

// readPlain does the same for nearly every name, in one pass over its octets, and ignores labels beyond reach. It reports false,
// and leaves the name to parse, if the name is too long or has an escape, a non-ASCII character or an A-label, which may take more
// octets than characters.
func (f *forms) readPlain(name string, reach int, looks *skeletons) bool {
	name = strings.TrimSuffix(name, ".")
	if len(name) > maxName {
		return false
	}
	f.plain, f.cut, f.used = true, 0, 1
	if beyond := len(name) - reach; beyond > 0 {
		f.cut = len(name)
		if dot := strings.IndexByte(name[beyond-1:], '.'); dot >= 0 {
			f.cut = beyond + dot
		}
	}
	var seen uint16
	for i := range f.cut {
		seen |= octets[name[i]]
	}
	seen |= f.forms[0].set(name[f.cut:], looks)
	return seen&isOther == 0 && (seen&isHyphen == 0 || !mayHaveALabel(name))
}

// mayHaveALabel reports whether a name contains "xn--".
func mayHaveALabel(name string) bool {
	for {
		i := strings.Index(name, "--")
		if i < 0 {
			return false
		}
		if i >= 2 && name[i-2]|0x20 == 'x' && name[i-1]|0x20 == 'n' {
			return true
		}
		name = name[i+1:]
	}
}

// set makes the form of a text without escapes, with its sums. It returns the flags of all of the text's octets; with isOther the form
// is useless. The loop has no branches, because no processor can predict where the dots of a name are.
func (f *form) set(text string, looks *skeletons) (seen uint16) {
	f.clear()
	if text == "" {
		return 0
	}
	base, before, label := looks.hash.base, look{}, 0
	sum := uint64(0)
	for i := range min(len(text), maxName) {
		c := octets[text[i]]
		seen |= c
		ascii := c & 0x7f
		f.chars[i] = rune(ascii)
		f.sums[i] = sum
		sum = sum*base + uint64(ascii) + 1
		before.sum = before.sum*looks.times[ascii] + looks.plus[ascii]
		before.size += looks.sizes[ascii]
		// Recorded for a next label, which only a dot begins.
		f.starts[label+1] = uint8(i + 1)
		f.looks[label+1] = before
		label += int(c & isDot / isDot)
	}
	f.length, f.labels = len(text), label+1
	f.starts[f.labels] = uint8(len(text) + 1)
	f.sums[f.length], f.looks[f.labels] = sum, before
	return seen
}

// clear resets the form to that of a name without labels.
func (f *form) clear() {
	f.length, f.labels, f.starts[0], f.sums[0], f.looks[0] = 0, 0, 0, 0, look{}
}
