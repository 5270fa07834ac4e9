package review

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// TestSentences: the page describes each edit.
func TestSentences(t *testing.T) {
	tests := []struct {
		name, has, meant, kind string
		want                   []string
	}{
		{"omission", "us.army.ml", "us.army.mil", "", []string{`The letter “i” is missing before “l”.`}},
		{"omission at the end", "army.mi", "army.mil", "", []string{`The letter “l” is missing at the end.`}},
		{"dot", "armymil", "army.mil", "", []string{`The dot is missing before “m”.`}},
		{"addition", "army.mail", "army.mil", "", []string{`There is an extra letter “a” before “i”.`}},
		{"hyphen", "ar-my.mil", "army.mil", "", []string{`There is an extra hyphen before “m”.`}},
		{"substitution", "army.mel", "army.mil", "", []string{`The letter “e” replaces the letter “i” before “l”.`}},
		{"transposition", "army.iml", "army.mil", "", []string{`The letter “m” and the letter “i” are swapped before “l”.`}},
		{"two edits", "amry.ml", "army.mil", "", []string{
			`The letter “r” and the letter “m” are swapped before “y”.`, `The letter “i” is missing before “l”.`,
		}},
		{"another public suffix", "mail.example.com", "mail.example.co.uk", "tld", []string{`“com” replaces “co.uk” at the end.`}},
		{"a suffix twice", "web.de.de", "web.de", "doubled", []string{`“.de” is repeated at the end.`}},
		{"a suffix behind", "army.mil.com", "army.mil", "appended", []string{`“.com” is added at the end.`}},
		{"the dot before a domain", "mailmindef.nl", "mail.mindef.nl", "boundary", []string{`The dot is missing before “m”.`}},
		{"look in ASCII", "arrny.mi1", "army.mil", "homoglyph", []string{`“rn” looks like “m” before “y”.`, `The digit “1” looks like “l” at the end.`}},
		{"look in Cyrillic", "xn--rmy-5cd.mil", "army.mil", "homoglyph", []string{
			`The character “а” (U+0430 CYRILLIC SMALL LETTER A) looks like “a” before “r”.`,
		}},
		{"as octets", `\208\176rmy.mil`, "army.mil", "homoglyph", []string{
			`The character “а” (U+0430 CYRILLIC SMALL LETTER A) looks like “a” before “r”.`,
		}},
		{"said to be a homoglyph but none", "army.ml", "army.mil", "homoglyph", []string{`The letter “i” is missing before “l”.`}},
		{"no text", `ar\255my.mil`, "army.mil", "", []string{`There is an extra byte 255 before “m”.`}},
		{"dot in a label", `army\.mil`, "army.mil", "", []string{`The byte 46 replaces the dot before “m”.`}},
		{"right to left", "army\u202e.mil", "army.mil", "", []string{`There is an extra character “\u{202E}” (U+202E RIGHT-TO-LEFT OVERRIDE) before “.”.`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, sentences(explain(tt.has, event.Lookalike{Intended: tt.meant, Kind: tt.kind})))
		})
	}
}

// TestShow: names are shown with each of their characters visible.
func TestShow(t *testing.T) {
	for name, want := range map[string]string{
		"army.mil":         "army.mil",
		"xn--rmy-5cd.mil":  "аrmy.mil",
		"xn--\\255.mil":    `xn--\255.mil`,
		"xn--0.mil":        "xn--0.mil",
		`a\032b\.c`:        `a b\.c`,
		`a\"b\\`:           `a"b\`,
		`a\255\`:           `a\255\`,
		"":                 "",
		"a\u200bb\x00.mil": `a\u{200B}b\u{0000}.mil`,
	} {
		assert.Equal(t, want, show(match.Decode(name)), name)
	}
	assert.Equal(t, []nonASCII{{"а", "U+0430", "CYRILLIC SMALL LETTER A", "a"}}, findNonASCII(match.Decode("xn--rmy-5cd.mil")))
	assert.Empty(t, findNonASCII(match.Decode(`army\255.mil`)))
}
