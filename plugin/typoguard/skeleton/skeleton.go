// Package skeleton knows what characters look like: two names with the same skeleton are homoglyphs of each other.
//
// Skeletons are those of UTS #39, Unicode Security Mechanisms, section 4, in lower case, plus the look-alikes within ASCII that forged
// mail addresses use: rn and m, vv and w, 0 and o, 1 and l. They are computed character by character; the reordering of combining
// marks across characters is not covered.
package skeleton

import (
	"strings"
	"sync"
	"unicode"

	"go.mau.fi/util/confusable"
	"golang.org/x/text/unicode/norm"
)

// covered are the ranges in the table: planes 0 and 1 without ideographs, Hangul, surrogates and private use, which look like
// nothing in another script.
var covered = [][2]rune{{0, 0x33ff}, {0xa000, 0xabff}, {0xf900, 0x1ffff}}

// table has the skeletons of all characters that are not their own skeleton. It is computed once, because a lookup must not allocate,
// and then never changes.
var table = sync.OnceValue(func() map[rune]string {
	skeletons := map[rune]string{}
	for _, part := range covered {
		for r := part[0]; r <= part[1]; r++ {
			if s := of(r); s != string(r) {
				skeletons[r] = s
			}
		}
	}
	return skeletons
})

// Of returns the skeleton of a lower-case character, or "" if it is the character itself.
func Of(r rune) string { return table()[r] }

// ascii has the look-alikes within ASCII.
var ascii = strings.NewReplacer("m", "rn", "w", "vv", "0", "o", "1", "l")

// of computes a skeleton: it decomposes the character, replaces each part by what it looks like, and decomposes the result.
func of(r rune) string {
	var s strings.Builder
	for _, part := range norm.NFD.String(string(r)) {
		if looks := confusable.GetReplacement(part); looks != "" {
			s.WriteString(looks)
		} else {
			s.WriteRune(part)
		}
	}
	lower := strings.Map(unicode.ToLower, norm.NFD.String(s.String()))
	return ascii.Replace(lower)
}
