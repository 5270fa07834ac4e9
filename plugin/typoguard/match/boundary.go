package match

import "slices"

// A name has lost its Boundary if it is a protected domain, directly behind one of the usual names of hosts, without the dot that belongs
// in between: mailmindef.nl for mail.mindef.nl. The domain must be a registered one: what lies below it belongs to the same owner.

const (
	// minBounded is the length of a registrable label from which its boundary can be lost.
	minBounded = 3
	// maxPrefix is the length of the longest prefix.
	maxPrefix = len("autodiscover")
)

// prefixes are the names of hosts and subdomains that stand before domains in mail addresses and in the settings of mail programs, by
// their first letter.
var prefixes = func() (byLetter ['z' - 'a' + 1][]string) {
	for _, prefix := range Prefixes() {
		byLetter[prefix[0]-'a'] = append(byLetter[prefix[0]-'a'], prefix)
	}
	return byLetter
}()

// Prefixes returns the names before a protected domain that a name of the kind Boundary can begin with.
func Prefixes() []string {
	return []string{
		"autodiscover", "email", "eu", "exchange", "ftp", "hq", "imap", "list", "lists", "mail", "mail1", "mail2", "mailgate", "mailhost",
		"mx", "mx1", "mx2", "owa", "pop", "pop3", "relay", "smtp", "uk", "us", "webmail", "www",
	}
}

// canLoseBoundary reports whether a protected suffix, in Unicode, can lose the dot before it.
func (a anatomy) canLoseBoundary(protected *form) bool {
	return a.public() > 0 && protected.labels == a.public()+1 && len(protected.label(0)) >= minBounded
}

// admitBoundary prepares the index for a record that can lose its boundary.
func (x *Index) admitBoundary(length int, a anatomy) {
	x.bounded = max(x.bounded, a.public())
	x.reach = max(x.reach, length+maxPrefix)
}

// gatherBoundary adds to the buffer's hits every record that the name is, or lies under, without a prefix.
func (x *Index) gatherBoundary(b *Buffer) {
	f := b.unicode()
	for label := max(0, f.labels-1-x.bounded); label < f.labels-1; label++ {
		text := f.label(label)
		if len(text) == 0 || text[0] < 'a' || 'z' < text[0] {
			continue
		}
		for _, prefix := range prefixes[text[0]-'a'] {
			if len(text) >= len(prefix)+minBounded && equalText(text[:len(prefix)], prefix) {
				x.gatherWithout(b, label+1, f.starts[label], f.starts[label]+uint8(len(prefix)))
			}
		}
	}
}

// lostBoundary returns the prefix that a suffix of a name begins with, if it is a protected suffix behind one, and otherwise "".
func lostBoundary(near []rune, protected *form, a anatomy) string {
	length := len(near) - protected.length
	if length <= 0 || near[0] < 'a' || 'z' < near[0] || !a.canLoseBoundary(protected) || !slices.Equal(near[length:], protected.runes()) {
		return ""
	}
	for _, prefix := range prefixes[near[0]-'a'] {
		if equalText(near[:length], prefix) {
			return prefix
		}
	}
	return ""
}
