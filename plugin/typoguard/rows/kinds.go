package rows

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// Of the kinds that are not single edits, names are enumerated in any place of a suffix, whichever of its labels is the registrable one:
// the engine decides. Names of the kinds in unlisted are not enumerated: limitsOf says so.

// eachMoved calls add with a suffix, in Unicode, with any character of a label moved within it. It returns false, at once, if add does.
func eachMoved(suffix string, add func(string) bool) bool {
	return eachLabelOf(suffix, func(label []rune, with func(string) string) bool {
		for from, c := range label {
			rest := slices.Delete(slices.Clone(label), from, from+1)
			for to := range label {
				if to != from && !add(with(string(slices.Insert(slices.Clone(rest), to, c)))) {
					return false
				}
			}
		}
		return true
	})
}

// eachDoubled calls add with a suffix, in Unicode, with any label twice and no dot in between, and with any labels that follow each
// other two or three times. It returns false, at once, if add does.
func eachDoubled(suffix string, add func(string) bool) bool {
	twice := func(label []rune, with func(string) string) bool { return add(with(string(label) + string(label))) }
	if !eachLabelOf(suffix, twice) {
		return false
	}
	labels := strings.Split(suffix, ".")
	for from := range labels {
		for to := from + 1; to <= len(labels); to++ {
			for repeats := 1; repeats <= 2; repeats++ {
				more := slices.Repeat(labels[from:to], repeats)
				if !add(strings.Join(slices.Insert(slices.Clone(labels), to, more...), ".")) {
					return false
				}
			}
		}
	}
	return true
}

// eachBoundary calls add with a suffix, in Unicode, behind every name of a host without a dot. It returns false, at once, if add does.
func eachBoundary(suffix string, names []*match.Prefixes, add func(string) bool) bool {
	for _, prefixes := range names {
		if slices.ContainsFunc(prefixes.All(), func(prefix string) bool { return !add(prefix + suffix) }) {
			return false
		}
	}
	return true
}

// eachLabelOf calls use with every label of a suffix, and a function that returns the suffix with another label in its place. It
// returns false, at once, if use does.
func eachLabelOf(suffix string, use func(label []rune, with func(string) string) bool) bool {
	labels := strings.Split(suffix, ".")
	for i, label := range labels {
		with := func(other string) string {
			changed := slices.Clone(labels)
			changed[i] = other
			return strings.Join(changed, ".")
		}
		if !use([]rune(label), with) {
			return false
		}
	}
	return true
}

// spellings are letters, and how each is written where it cannot be typed. Joiners, which are nothing there, are not enumerated.
var spellings = [...]struct{ letter, written string }{
	{"ä", "ae"}, {"æ", "ae"}, {"ö", "oe"}, {"ø", "oe"}, {"œ", "oe"}, {"ü", "ue"}, {"ß", "ss"}, {"å", "aa"}, {"ς", "σ"},
}

// eachSpelling calls add with every transliteration of a suffix in Unicode, and with what else has the same. It returns false, at once,
// if add does.
func eachSpelling(suffix string, add func(string) bool) bool {
	for _, s := range spellings {
		suffix = strings.ReplaceAll(suffix, s.letter, s.written)
	}
	return eachSpelled("", suffix, add)
}

// eachSpelled calls add with a beginning and every spelling of the rest, which is transliterated. It returns false, at once, if add does.
func eachSpelled(beginning, rest string, add func(string) bool) bool {
	if rest == "" {
		return add(beginning)
	}
	_, size := utf8.DecodeRuneInString(rest)
	if !eachSpelled(beginning+rest[:size], rest[size:], add) {
		return false
	}
	for _, s := range spellings {
		if behind, ok := strings.CutPrefix(rest, s.written); ok && !eachSpelled(beginning+s.letter, behind, add) {
			return false
		}
	}
	return true
}
