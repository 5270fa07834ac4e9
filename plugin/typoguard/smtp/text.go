package smtp

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxReply is the most octets of a line of a reply, with the code and the line end (RFC 5321 section 4.5.3.1.5).
	maxReply = 512
	// maxText is what is left of it beside "550-5.1.2 " and the line end.
	maxText = maxReply - len("550-5.1.2 ") - len("\r\n")
)

// clean returns a text as it may stand in a reply or a log: without control and format characters, which could end the
// line or turn it around, and in UTF-8 only if that is allowed. Otherwise accents are dropped; what then is still not ASCII
// becomes a question mark.
func clean(text string, utf8Allowed bool) string {
	if isPrintableASCII(text) {
		return text
	}
	if !utf8Allowed {
		text = norm.NFKD.String(text)
	}
	var b strings.Builder
	for _, r := range text { // an octet that is not UTF-8 is utf8.RuneError
		switch {
		case r < utf8.RuneSelf && unicode.IsPrint(r), r >= utf8.RuneSelf && r != utf8.RuneError && utf8Allowed && unicode.IsPrint(r):
			b.WriteRune(r)
		case !utf8Allowed && unicode.Is(unicode.Mn, r):
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// isPrintableASCII reports whether all of a text is printable ASCII.
func isPrintableASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// cut shortens a text to so many octets, at the boundary of a character.
func cut(text string, octets int) string {
	if len(text) <= octets {
		return text
	}
	for octets > 0 && !utf8.RuneStart(text[octets]) {
		octets--
	}
	return text[:octets]
}
