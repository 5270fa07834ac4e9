package match

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// longLabel is the length of a registrable label, in characters, from which more than one edit counts. Shorter ones are within two
// edits of too many names that people really use: 3,000 of 290,000 well-known domains are within two edits of a hundred and fifty
// domains of three or four letters.
const longLabel = 5

// anatomy says which parts of a protected suffix are which. The public suffix is that of the ICANN part of the Public Suffix List,
// and the registrable label the one before it: of mail.army.co.uk they are co.uk and army.
type anatomy uint8

const isLong anatomy = 1 << 7 // the registrable label is a long one

// anatomyOf returns the anatomy of a suffix, as returned by ParseSuffix. It is for compiling, not for lookups.
func anatomyOf(suffix string) anatomy {
	public, _ := publicSuffix(suffix)
	if len(public) == len(suffix) {
		return 0
	}
	label := strings.TrimSuffix(suffix, "."+public)
	label = label[strings.LastIndexByte(label, '.')+1:]
	a := anatomy(strings.Count(public, ".") + 1)
	if characters(label) >= longLabel {
		a |= isLong
	}
	return a
}

// publicSuffix returns the public suffix of a name, and whether it is in the ICANN part of the list. Otherwise it is the last label.
func publicSuffix(name string) (public string, isICANN bool) {
	public, isICANN = publicsuffix.PublicSuffix(name)
	for !isICANN && strings.Contains(public, ".") { // an organisation's own rule, such as github.io
		_, public, _ = strings.Cut(public, ".")
		public, isICANN = publicsuffix.PublicSuffix(public)
	}
	return public, isICANN
}

// public returns the number of labels of the public suffix, or 0 if the protected suffix is one itself and has no registrable label.
func (a anatomy) public() int { return int(a &^ isLong) }

// maxDistance returns the highest distance for the suffix.
func (a anatomy) maxDistance() int {
	if a&isLong != 0 {
		return maxDistance
	}
	return 1
}

// parts returns the position of the registrable label of a protected suffix, and that of the dot behind it. The suffix must have one.
func (a anatomy) parts(suffix []rune) (start, end int) {
	end = len(suffix)
	for dots := a.public(); dots > 0; {
		if end--; suffix[end] == '.' {
			dots--
		}
	}
	for start = end; start > 0 && suffix[start-1] != '.'; {
		start--
	}
	return start, end
}

// isMoved reports whether a name is a protected suffix of which one letter of the registrable label, but not the first, is two or more
// places away, and not in front of the first. The label must be a long one.
func isMoved(name, protected []rune, a anatomy) bool {
	if a&isLong == 0 || len(name) != len(protected) {
		return false
	}
	start, end := a.parts(protected)
	if !slices.Equal(name[:start+1], protected[:start+1]) || !slices.Equal(name[end:], protected[end:]) {
		return false
	}
	name, protected = name[start+1:end], protected[start+1:end]
	for len(name) > 0 && name[0] == protected[0] {
		name, protected = name[1:], protected[1:]
	}
	last := len(name) - 1
	for last >= 0 && name[last] == protected[last] {
		last--
	}
	return last > 1 && (name[0] == protected[last] && slices.Equal(name[1:last+1], protected[:last]) ||
		name[last] == protected[0] && slices.Equal(name[:last], protected[1:last+1]))
}

// isInSuffix reports whether a name is a protected suffix with two edits in its public suffix, or with one there and one in front of it.
// The registrable label must be a long one.
func isInSuffix(name, protected []rune, a anatomy) bool {
	if a&isLong == 0 {
		return false
	}
	_, end := a.parts(protected)
	for dot, r := range name {
		if r != '.' {
			continue
		}
		public := distance(name[dot+1:], protected[end+1:], maxDistance)
		if public > 0 && public+distance(name[:dot], protected[:end], maxDistance) == maxDistance {
			return true
		}
	}
	return false
}
