package review

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWords: what a person hears of a lookalike.
func TestWords(t *testing.T) {
	tests := []struct {
		name, has, meant string
		homoglyph        bool
		want             []string
	}{
		{"omission", "us.army.ml", "us.army.mil", false, []string{`The letter “i” is missing before “l”.`}},
		{"omission at the end", "army.mi", "army.mil", false, []string{`The letter “l” is missing at the end.`}},
		{"dot", "armymil", "army.mil", false, []string{`The dot is missing before “m”.`}},
		{"addition", "army.mail", "army.mil", false, []string{`There is an extra letter “a” before “i”.`}},
		{"hyphen", "ar-my.mil", "army.mil", false, []string{`There is an extra hyphen before “m”.`}},
		{"substitution", "army.mel", "army.mil", false, []string{`The letter “e” replaces the letter “i” before “l”.`}},
		{"transposition", "army.iml", "army.mil", false, []string{`The letter “m” and the letter “i” are swapped before “l”.`}},
		{"two edits", "amry.ml", "army.mil", false, []string{
			`The letter “r” and the letter “m” are swapped before “y”.`, `The letter “i” is missing before “l”.`,
		}},
		{"look in ASCII", "arrny.mi1", "army.mil", true, []string{`“rn” looks like “m” before “y”.`, `The digit “1” looks like “l” at the end.`}},
		{"look in Cyrillic", "xn--rmy-5cd.mil", "army.mil", true, []string{
			`The character “а” (U+0430 CYRILLIC SMALL LETTER A) looks like “a” before “r”.`,
		}},
		{"as octets", `\208\176rmy.mil`, "army.mil", true, []string{
			`The character “а” (U+0430 CYRILLIC SMALL LETTER A) looks like “a” before “r”.`,
		}},
		{"said to be a homoglyph but none", "army.ml", "army.mil", true, []string{`The letter “i” is missing before “l”.`}},
		{"no text", `ar\255my.mil`, "army.mil", false, []string{`There is an extra byte 255 before “m”.`}},
		{"dot in a label", `army\.mil`, "army.mil", false, []string{`The byte 46 replaces the dot before “m”.`}},
		{"right to left", "army\u202e.mil", "army.mil", false, []string{`There is an extra character “\u{202E}” (U+202E RIGHT-TO-LEFT OVERRIDE) before “.”.`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, wordsOf(align(lettersOf(tt.has), lettersOf(tt.meant), tt.homoglyph)))
		})
	}
}

// TestLetters: names are shown by what they are made of.
func TestLetters(t *testing.T) {
	for name, want := range map[string]string{
		"army.mil":         "army.mil",
		"xn--rmy-5cd.mil":  "аrmy.mil",
		"xn--\\255.mil":    `xn--\255.mil`,
		"xn--0.mil":        "xn--0.mil",
		`a\032b\.c`:        `a b\.c`,
		`a\"b\\`:           `a"b\`,
		`a\999\`:           `a999\`,
		"":                 "",
		"a\u200bb\x00.mil": `a\u{200B}b\u{0000}.mil`,
	} {
		assert.Equal(t, want, show(lettersOf(name)), name)
	}
	assert.Equal(t, []foreign{{"а", "U+0430", "CYRILLIC SMALL LETTER A", "a"}}, foreignIn(lettersOf("xn--rmy-5cd.mil")))
	assert.Empty(t, foreignIn(lettersOf(`army\255.mil`)))
}

// FuzzAlign: the edits, done to the intended name, give the lookalike, and undone the other way round; there are as many
// as an independent, slow definition of the distance says.
func FuzzAlign(f *testing.F) {
	f.Add("army.ml", "army.mil", false)
	f.Add("amry.iml", "army.mil", false)
	f.Add("ca", "abc", false)
	f.Add("arrny.mi1", "army.mil", true)
	f.Add(`xn--rmy-5cd.mil`, "army.mil", true)
	f.Add(`\208\176.\.`, "\xff", true)
	f.Fuzz(func(t *testing.T, hasText, meantText string, homoglyph bool) {
		const most = 60 // of letters: the oracle is slow
		hasText, meantText = hasText[:min(most, len(hasText))], meantText[:min(most, len(meantText))]
		has, meant := lettersOf(hasText), lettersOf(meantText)
		edits := align(has, meant, homoglyph)
		var gotHas, gotMeant []rune
		count := 0
		looks := false
		for _, e := range edits {
			gotHas, gotMeant = append(gotHas, e.Has...), append(gotMeant, e.Meant...)
			checkEdit(t, e)
			looks = looks || e.Op == alike
			if e.Op != kept {
				count++
			}
		}
		require.True(t, slices.Equal(has, gotHas))
		require.True(t, slices.Equal(meant, gotMeant))
		if !looks {
			require.Equal(t, slowDistance(has, meant, map[[2]int]int{}), count)
		}
		require.Len(t, wordsOf(edits), count)
		for _, sentence := range wordsOf(edits) {
			require.True(t, utf8.ValidString(sentence))
			require.NotContains(t, strings.ToUpper(sentence), "\u202E")
		}
	})
}

// checkEdit: an edit is what its operation says.
func checkEdit(t *testing.T, e edit) {
	t.Helper()
	switch e.Op {
	case kept:
		require.True(t, slices.Equal(e.Has, e.Meant))
		require.NotEmpty(t, e.Has)
	case missing:
		require.Empty(t, e.Has)
		require.Len(t, e.Meant, 1)
	case extra:
		require.Len(t, e.Has, 1)
		require.Empty(t, e.Meant)
	case changed:
		require.Len(t, e.Has, 1)
		require.Len(t, e.Meant, 1)
		require.NotEqual(t, e.Has, e.Meant)
	case swapped:
		require.Equal(t, []rune{e.Meant[1], e.Meant[0]}, e.Has)
	case alike:
		require.False(t, slices.Equal(e.Has, e.Meant))
		var hasLooks, meantLooks []rune
		for _, r := range e.Has {
			hasLooks = append(hasLooks, looksOf(r)...)
		}
		for _, r := range e.Meant {
			meantLooks = append(meantLooks, looksOf(r)...)
		}
		require.Equal(t, hasLooks, meantLooks)
	}
}

// slowDistance is optimal string alignment by its definition, from the front.
func slowDistance(a, b []rune, known map[[2]int]int) int {
	at := [2]int{len(a), len(b)}
	if d, ok := known[at]; ok {
		return d
	}
	d := 0
	switch {
	case len(a) == 0 || len(b) == 0:
		d = len(a) + len(b)
	case a[0] == b[0]:
		d = slowDistance(a[1:], b[1:], known)
	default:
		d = 1 + slowDistance(a[1:], b[1:], known)
	}
	if len(a) > 0 && len(b) > 0 {
		d = min(d, 1+slowDistance(a[1:], b, known), 1+slowDistance(a, b[1:], known))
	}
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		d = min(d, 1+slowDistance(a[2:], b[2:], known))
	}
	known[at] = d
	return d
}
