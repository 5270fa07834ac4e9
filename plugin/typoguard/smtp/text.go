package smtp

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxReply is the longest reply line, with code and line end (RFC 5321 section 4.5.3.1.5).
	maxReply = 512
	// maxText is the room for text in a line that begins with "550-5.1.2 ".
	maxText = maxReply - len("550-5.1.2 ") - len("\r\n")
)

// printable returns a text that is safe in a reply or a log: without control and format characters, which could end the line or
// change its direction. If UTF-8 is not allowed, it drops accents. All other characters become question marks.
func printable(text string, utf8Allowed bool) string {
	if isPrintableASCII(text) {
		return text
	}
	if !utf8Allowed {
		text = norm.NFKD.String(text)
	}
	var b strings.Builder
	for _, r := range text { // invalid UTF-8 yields utf8.RuneError
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

// isPrintableASCII reports whether a text is entirely printable ASCII.
func isPrintableASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// truncate shortens a text to at most the given size in bytes, at a character boundary.
func truncate(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}
