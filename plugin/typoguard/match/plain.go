package match

import "strings"

// What octets says of an octet besides the character it stands for.
const (
	isDot    = 1 << 8
	isHyphen = 1 << 9 // an A-label has one
	isOther  = 1 << 10
)

// octets has, for every octet of a name without escapes, the character in lower case, or isOther if it is not ASCII.
var octets = func() (table [256]uint16) {
	for c := range table {
		switch {
		case 'A' <= c && c <= 'Z':
			table[c] = uint16(c) + 'a' - 'A'
		case c == '.':
			table[c] = uint16(c) | isDot
		case c == '-':
			table[c] = uint16(c) | isHyphen
		case c < 0x80:
			table[c] = uint16(c)
		default:
			table[c] = isOther
		}
	}
	return table
}()

// read reads a name, at least from the first label on that begins within reach of its end, and sums its forms up. It
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

// readPlain does so for nearly every name, in one pass over its octets, and for nothing in front of what is in reach. It reports false, and leaves the name to parse, if it
// has an escape, a character that is not ASCII or an A-label, any of which may take more octets than they are
// characters, or is too long.
func (f *forms) readPlain(name string, reach int, looks *skeletons) bool {
	name = strings.TrimSuffix(name, ".")
	if len(name) > maxName || strings.IndexByte(name, '\\') >= 0 {
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

// mayHaveALabel reports whether "xn--" stands anywhere in a name.
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

// set makes the form of a text without escapes, and sums it up. It returns what octets says of all the text's together;
// with isOther the form is of no use. The loop has no branch: where the dots of a name are, no processor can guess.
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
		before.length += int(looks.lengths[ascii])
		// Noted for a next label; the dot makes it one.
		f.starts[label+1] = uint8(i + 1)
		f.looks[label+1] = before
		label += int(c & isDot / isDot)
	}
	f.length, f.labels = len(text), label+1
	f.sums[f.length], f.looks[f.labels] = sum, before
	return seen
}

// clear makes the form that of a name without labels.
func (f *form) clear() {
	f.length, f.labels, f.starts[0], f.sums[0], f.looks[0] = 0, 0, 0, 0, look{}
}
