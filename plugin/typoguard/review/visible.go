package review

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible returns text in which nothing hides: control and formatting characters, those that turn the direction of writing
// among them, blanks other than the space, what is not assigned and what is not UTF-8 are written as \u{202E} or \xFF.
func visible(text string) string { return escape(text, "") }

// visibleLines is visible, but leaves the ends of lines.
func visibleLines(text string) string { return escape(text, "\n") }

func escape(text, except string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02X`, text[i])
		case hides(r) && !strings.ContainsRune(except, r):
			fmt.Fprintf(&b, `\u{%04X}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hides reports whether a character does not show, or changes how others do.
func hides(r rune) bool {
	if r == ' ' {
		return false
	}
	return !unicode.IsGraphic(r) || unicode.In(r, unicode.Zs, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
		r == '\u2800' // braille without a dot
}
