package rows

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// glyph is a character that can stand in a domain name.
type glyph struct {
	char   rune
	looks  string // its skeleton
	script string // "" of digits, the hyphen and what else belongs to no script
}

// Names that look like one are without number: "o" alone has fifty doubles, and any of them can stand for each. Of these
// the enumeration has those that are likely to be registered:
//
//   - those in ASCII, all of them: arrny.mi1
//   - those with one character, or two that one looks like, in any writing system: army.mil with a Cyrillic a
//   - those with whole labels in one other writing system, which is what most registries insist on
//
// Labels that mix ASCII with several foreign characters, or writing systems with one another, are not covered.

// eachReplacement calls add with a suffix, in Unicode, with every character, or every two, replaced by one that looks the same.
// It returns false, at once, if add does.
func eachReplacement(suffix string, add func(string) bool) bool {
	for i := range suffix {
		for _, length := range []int{1, 2} {
			end, ok := skip(suffix, i, length)
			if !ok {
				continue
			}
			for _, g := range alphabet().byLook[looksOf(suffix[i:end])] {
				if string(g.char) != suffix[i:end] && !add(suffix[:i]+string(g.char)+suffix[end:]) {
					return false
				}
			}
		}
	}
	return true
}

// skip returns the offset a number of characters behind another one.
func skip(s string, at, count int) (int, bool) {
	for range count {
		if at == len(s) {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at, true
}

// eachWriting calls add with every name of labels that look the same as a suffix's and are each of one writing system, ASCII
// included. It returns false, at once, if add does.
func eachWriting(suffix string, exists func(top string) bool, add func(name string) bool) bool {
	return (&writing{suffix, exists, add}).each(strings.Split(suffix, "."), "")
}

// writing is the enumeration of eachWriting. Of Latin letters outside ASCII it has those of the suffix.
type writing struct {
	suffix string
	exists func(top string) bool
	add    func(name string) bool
}

// each calls add with the names made of labels and an ending. It returns false, at once, if add does. It begins with the
// last label, since most of what looks like a top-level domain does not exist.
func (w *writing) each(labels []string, ending string) bool {
	if len(labels) == 0 {
		return w.add(ending[1:])
	}
	last := len(labels) - 1
	looks := looksOf(labels[last])
	for _, script := range alphabet().scripts {
		ok := w.eachLabel(looks, script, "", func(label string) bool {
			return (ending == "" && !w.exists(label)) || w.each(labels[:last], "."+label+ending)
		})
		if !ok {
			return false
		}
	}
	return true
}

// eachLabel calls use with the labels of characters of a script, or of none, that look as given, behind a beginning. It
// returns false, at once, if use does.
func (w *writing) eachLabel(looks, script, beginning string, use func(label string) bool) bool {
	if looks == "" {
		return use(beginning)
	}
	for _, g := range alphabet().startsOf(looks) {
		rest, ok := strings.CutPrefix(looks, g.looks)
		if ok = ok && w.takes(g, script); ok && !w.eachLabel(rest, script, beginning+string(g.char), use) {
			return false
		}
	}
	return true
}

// takes reports whether a character may be in a label of a script.
func (w *writing) takes(g glyph, script string) bool {
	return (g.script == script || g.script == "") &&
		(g.script != latin || g.char < utf8.RuneSelf || strings.ContainsRune(w.suffix, g.char))
}

// looksOf returns the skeleton of a text in lower case.
func looksOf(text string) string {
	var looks strings.Builder
	for _, c := range text {
		if s := skeleton.Of(c); s != "" {
			looks.WriteString(s)
		} else {
			looks.WriteRune(c)
		}
	}
	return looks.String()
}

// glyphs are the characters that can stand in a domain name, the dot among them, in ascending order.
type glyphs struct {
	byLook  map[string][]glyph // by the whole skeleton
	byFirst map[string][]glyph // by the first character of the skeleton
	scripts []string
}

// startsOf returns the glyphs that a text of skeletons may begin with. What looks like nothing but itself is its own.
func (a *glyphs) startsOf(looks string) []glyph {
	first, size := utf8.DecodeRuneInString(looks)
	if all, ok := a.byFirst[looks[:size]]; ok {
		return all
	}
	return []glyph{{first, looks[:size], scriptOf(first)}}
}

// latin is the script of ASCII letters.
const latin = "Latin"

// alphabet returns all glyphs.
var alphabet = sync.OnceValue(func() *glyphs {
	a := &glyphs{byLook: map[string][]glyph{}, byFirst: map[string][]glyph{}}
	scripts := map[string]bool{}
	for c := rune(0); c <= unicode.MaxRune; c++ {
		looks := skeleton.Of(c)
		if looks == "" && !strings.ContainsRune(ascii, c) { // looks like nothing but itself
			continue
		}
		if !canStand(c) {
			continue
		}
		if looks == "" {
			looks = string(c)
		}
		g := glyph{c, looks, scriptOf(c)}
		a.byLook[looks] = append(a.byLook[looks], g)
		_, size := utf8.DecodeRuneInString(looks)
		a.byFirst[looks[:size]] = append(a.byFirst[looks[:size]], g)
		if g.script != "" && !scripts[g.script] {
			scripts[g.script] = true
			a.scripts = append(a.scripts, g.script)
		}
	}
	return a
})

// canStand reports whether a character can be part of a domain name: a dot, or what IDNA 2008 allows in a label, alone or
// between others.
func canStand(c rune) bool {
	if c < utf8.RuneSelf {
		return strings.ContainsRune(ascii, c)
	}
	if !unicode.In(c, unicode.L, unicode.M, unicode.N) { // RFC 5892 section 2.1
		return false
	}
	for _, label := range []string{string(c), "a" + string(c) + "a"} {
		if _, err := idna.Registration.ToASCII(label); err == nil {
			return true
		}
	}
	return false
}

// scriptOf returns the script of a character, or "" for what is common to several.
func scriptOf(c rune) string {
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(table, c) {
			return name
		}
	}
	return ""
}
