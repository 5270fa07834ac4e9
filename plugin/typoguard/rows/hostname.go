package rows

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

const (
	// maxName and maxLabel are the most octets of a name in presentation, without the final dot, and of a label (RFC
	// 1035 section 2.3.4).
	maxName  = 253
	maxLabel = 63
)

// toASCII returns a name, given in Unicode, as it is on the wire. It reports false for one that nobody can register or
// send mail to: labels are of letters, digits and inner hyphens (RFC 5321 section 4.1.2), and what is written in Unicode
// has to be in the form of IDNA that a registry takes (RFC 5891 section 4.2). Zone owners may have labels that begin or
// end with a hyphen, or have an underscore, but mail servers refuse addresses with them.
func toASCII(name string) (string, bool) {
	if isASCII(name) {
		return name, IsHostname(name)
	}
	var wire strings.Builder
	wire.Grow(2 * len(name))
	for label := range strings.SplitSeq(name, ".") {
		if !isASCII(label) {
			var err error
			if label, err = idna.Registration.ToASCII(label); err != nil {
				return "", false
			}
		}
		wire.WriteString(label)
		wire.WriteByte('.')
	}
	name = wire.String()[:wire.Len()-1]
	return name, IsHostname(name)
}

// toUnicode returns a name, given as it is on the wire, with its A-labels decoded, and whether there were any.
func toUnicode(name string) (string, bool) {
	if unicode, err := idna.Punycode.ToUnicode(name); err == nil {
		return unicode, unicode != name
	}
	return name, false
}

// IsHostname reports whether a lower-case name can be one of a host (RFC 1123 section 2.1).
func IsHostname(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	start := 0
	for i := range len(name) {
		switch c := name[i]; {
		case c == '.':
			if !isLabel(name[start:i]) {
				return false
			}
			start = i + 1
		case (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-':
			return false
		}
	}
	return isLabel(name[start:])
}

// isLabel reports whether a text of letters, digits and hyphens can be a label.
func isLabel(text string) bool {
	return text != "" && len(text) <= maxLabel && text[0] != '-' && text[len(text)-1] != '-'
}

// parent returns the name above a name, or "" if that is the root.
func parent(name string) string {
	_, above, _ := strings.Cut(name, ".")
	return above
}

// topLevel returns the last label of a name.
func topLevel(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
