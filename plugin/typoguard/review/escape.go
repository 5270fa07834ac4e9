package review

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// escape makes everything in a text visible: control and formatting characters (among them those that change the writing
// direction), blanks other than the space, unassigned characters and invalid UTF-8 become \u{202E} or \xFF.
func escape(text string) string { return escapeExcept(text, "") }

// escapeLines is escape, but keeps line breaks.
func escapeLines(text string) string { return escapeExcept(text, "\n") }

func escapeExcept(text, except string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02X`, text[i])
		case isHidden(r) && !strings.ContainsRune(except, r):
			fmt.Fprintf(&b, `\u{%04X}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isHidden reports whether a character is invisible, or changes how others look.
func isHidden(r rune) bool {
	if r == ' ' {
		return false
	}
	return !unicode.IsGraphic(r) || unicode.In(r, unicode.Zs, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
		r == '\u2800' // braille without a dot
}

// show writes decoded characters of a name for people, so that each of them is visible.
func show(chars []rune) string {
	var b strings.Builder
	for _, r := range chars {
		octet, isOctet := match.Octet(r)
		switch {
		case isOctet && octet == '.':
			b.WriteString(`\.`)
		case isOctet:
			fmt.Fprintf(&b, `\%03d`, octet)
		default:
			b.WriteString(escape(string(r)))
		}
	}
	return b.String()
}

// inUnicode returns a name as its characters, or "" if that is how it is written anyway.
func inUnicode(name string) string {
	if shown := show(match.Decode(name)); shown != escape(name) {
		return shown
	}
	return ""
}
