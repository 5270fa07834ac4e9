package match

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// A name has lost its Boundary if it is a protected domain, directly behind the name of a host, without the dot that belongs in between:
// mailmindef.nl for mail.mindef.nl. The domain must be a registered one: what lies below it belongs to the same owner.

// minBounded is the length of a registrable label from which its boundary can be lost.
const minBounded = 3

// Prefixes are the names before a protected domain that a name of the kind Boundary can begin with. A nil pointer stands for the usual
// ones alone.
type Prefixes struct {
	byFirst [utf8.RuneSelf][]string // by the first character
	longest int
}

// usualPrefixes are those of every entry.
var usualPrefixes = NewPrefixes()

// UsualPrefixes returns the names of hosts and subdomains that stand before domains in mail addresses and in the settings of mail
// programs.
func UsualPrefixes() []string {
	return []string{
		"autodiscover", "email", "eu", "exchange", "ftp", "hq", "imap", "list", "lists", "mail", "mail1", "mail2", "mailgate", "mailhost",
		"mx", "mx1", "mx2", "owa", "pop", "pop3", "relay", "smtp", "uk", "us", "webmail", "www",
	}
}

// ParsePrefix returns the name of a host as NewPrefixes takes it, in lower case. The error says what was expected; the caller adds s.
func ParsePrefix(s string) (string, error) {
	label, err := ParseSuffix(s)
	if err != nil || strings.ContainsRune(label, '.') || strings.HasPrefix(label, "xn--") {
		return "", errors.New("expected the first label of a host's name, of letters, digits and hyphens, such as mail")
	}
	return label, nil
}

// NewPrefixes returns the usual prefixes with some more, each as ParsePrefix returns it.
func NewPrefixes(more ...string) *Prefixes {
	p := new(Prefixes)
	p.add(UsualPrefixes())
	p.add(more)
	return p
}

// add adds prefixes that are not among them yet.
func (p *Prefixes) add(more []string) {
	for _, prefix := range more {
		if same := &p.byFirst[prefix[0]]; !slices.Contains(*same, prefix) {
			*same = append(*same, prefix)
			p.longest = max(p.longest, len(prefix))
		}
	}
}

// All returns the prefixes in ascending order.
func (p *Prefixes) All() []string {
	if p == nil {
		return UsualPrefixes()
	}
	var all []string
	for _, same := range p.byFirst {
		all = append(all, same...)
	}
	slices.Sort(all)
	return all
}

// like returns the prefixes with the first character of a text.
func (p *Prefixes) like(text []rune) []string {
	switch {
	case len(text) == 0 || text[0] >= utf8.RuneSelf:
		return nil
	case p == nil:
		return usualPrefixes.byFirst[text[0]]
	}
	return p.byFirst[text[0]]
}

// canLoseBoundary reports whether a protected suffix, in Unicode, can lose the dot before it.
func (a anatomy) canLoseBoundary(protected *form) bool {
	return a.public() > 0 && protected.labels == a.public()+1 && len(protected.label(0)) >= minBounded
}

// admitPrefixes prepares the index for the prefixes of a group of records that can lose their boundary.
func (x *Index) admitPrefixes(e *Entry) {
	if !e.Kinds.Has(Boundary) {
		return
	}
	if x.prefixes == nil {
		x.prefixes = NewPrefixes()
	}
	x.prefixes.add(e.Prefixes.All())
}

// admitBoundary prepares the index for a record that can lose its boundary.
func (x *Index) admitBoundary(length int, a anatomy) {
	x.bounded = max(x.bounded, a.public())
	x.reach = max(x.reach, length+x.prefixes.longest)
}

// gatherBoundary adds to the buffer's hits every record that the name is, or lies under, without a prefix.
func (x *Index) gatherBoundary(b *Buffer) {
	f := b.unicode()
	for label := max(0, f.labels-1-x.bounded); label < f.labels-1; label++ {
		text := f.label(label)
		for _, prefix := range x.prefixes.like(text) {
			if len(text) >= len(prefix)+minBounded && equalText(text[:len(prefix)], prefix) {
				x.gatherWithout(b, label+1, f.starts[label], f.starts[label]+uint8(len(prefix)))
			}
		}
	}
}

// lostBoundary returns the prefix that a suffix of a name begins with, if it is a protected suffix behind one, and otherwise "".
func (p *Prefixes) lostBoundary(near []rune, protected *form, a anatomy) string {
	length := len(near) - protected.length
	if length <= 0 || !a.canLoseBoundary(protected) || !slices.Equal(near[length:], protected.runes()) {
		return ""
	}
	for _, prefix := range p.like(near) {
		if equalText(near[:length], prefix) {
			return prefix
		}
	}
	return ""
}
