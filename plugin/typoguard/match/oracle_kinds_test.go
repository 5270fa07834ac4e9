package match_test

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// newOracleEntry makes every name that has a letter moved, or something doubled.
func newOracleEntry(entry match.Entry) oracleEntry {
	labels := oracleLabels(entry.Suffix)
	e := oracleEntry{Entry: entry, spelled: spell(entry.Suffix, labels), limit: 1, public: publicLabels(entry.Suffix)}
	if e.public == 0 {
		return e
	}
	at := len(labels) - e.public - 1
	label := characters(labels[at])
	with := func(registrable []rune, public []string) []rune {
		name := append(join(append(slices.Clone(labels[:at]), ""), characters), registrable...)
		return append(append(name, separator), join(public, characters)...)
	}
	if len(label) >= 5 {
		e.limit = entry.Distance
		for from := 1; from < len(label); from++ {
			for to := 1; to < len(label); to++ {
				moved := slices.Insert(slices.Delete(slices.Clone(label), from, from+1), to, label[from])
				if plainOSA(moved, label) > 1 { // otherwise it is a transposition, or the same
					e.moved = append(e.moved, with(moved, labels[at+1:]))
				}
			}
		}
	}
	if len(label) >= 3 {
		e.doubled = append(e.doubled, with(slices.Repeat(label, 2), labels[at+1:]))
	}
	for from := at + 1; from < len(labels); from++ {
		for to := from + 1; to <= len(labels); to++ {
			for times := 2; times <= 3; times++ {
				e.doubled = append(e.doubled, with(label, slices.Concat(labels[at+1:from], slices.Repeat(labels[from:to], times), labels[to:])))
			}
		}
	}
	if at == 0 && len(label) >= 3 {
		e.bounded = map[string][]rune{}
		for _, prefix := range slices.Concat(oraclePrefixes(), oracleMore[entry.Prefixes]) {
			e.bounded[prefix] = slices.Concat([]rune(prefix), e.unicode())
		}
	}
	return e
}

// oracleMore are the prefixes that fuzzed entries have beside the usual ones.
var oracleMore = map[*match.Prefixes][]string{morePrefixes: {"a", "ab", "mil-1", "1x", "abmilrn"}}

// morePrefixes are those that the package knows.
var morePrefixes = match.NewPrefixes("a", "ab", "mil-1", "1x", "abmilrn")

func oraclePrefixes() []string {
	return strings.Fields(`mail email webmail mail1 mail2 mailgate mailhost mx mx1 mx2 smtp relay imap pop pop3 owa exchange autodiscover
		list lists www ftp us uk eu hq`)
}

// lost returns what stands before the lost dot in a suffix, or "" if none is lost.
func (e oracleEntry) lost(suffix spelled) string {
	for prefix, name := range e.bounded {
		if slices.Equal(name, suffix.unicode()) {
			return prefix
		}
	}
	return ""
}

// isAppended reports whether a suffix is the entry followed by a public suffix.
func (e oracleEntry) isAppended(suffix spelled) bool {
	if e.public == 0 || len(suffix.labels) <= len(e.labels) {
		return false
	}
	return isPublic(suffix.labels[len(e.labels):]) && slices.Equal(join(suffix.labels[:len(e.labels)], characters), e.unicode())
}

// isOtherTLD reports whether a suffix is the entry with other labels in place of its public suffix: a longest public suffix.
func (e oracleEntry) isOtherTLD(suffix spelled) bool {
	private := len(e.labels) - e.public
	if e.public == 0 || len(suffix.labels) <= private {
		return false
	}
	for longer := range private {
		if isPublic(suffix.labels[longer:]) {
			return false
		}
	}
	return isPublic(suffix.labels[private:]) && slices.Equal(join(suffix.labels[:private], characters), join(e.labels[:private], characters))
}

// isPublic reports whether labels are a public suffix of the ICANN part of the list.
func isPublic(labels []string) bool {
	if slices.ContainsFunc(labels, func(label string) bool { return strings.Contains(label, ".") || !isASCII(label) }) {
		return false
	}
	public, isICANN := publicsuffix.PublicSuffix(strings.Join(labels, "."))
	return isICANN && public == strings.Join(labels, ".")
}

// publicLabels returns how many labels the public suffix has, in the ICANN part of the list: the longest rule that is one, and
// otherwise the last label.
func publicLabels(suffix string) int {
	for from, rest := 0, suffix; ; from++ {
		public, isICANN := publicsuffix.PublicSuffix(rest)
		if public == rest && (isICANN || !strings.Contains(rest, ".")) {
			if from == 0 {
				return 0
			}
			return strings.Count(rest, ".") + 1
		}
		_, rest, _ = strings.Cut(rest, ".")
	}
}

// compare measures a suffix, and says whether the difference counts.
func (e oracleEntry) compare(suffix spelled, gap int) (int, match.Kind, bool) {
	edits, kind := 3, match.Multiple
	if gap <= 1 {
		edits, kind = e.edits(suffix)
	}
	is := func(name []rune) bool { return slices.Equal(name, suffix.unicode()) }
	switch {
	case edits == 1 && e.Kinds.Has(kind):
		return 1, kind, true
	case e.Kinds.Has(match.Moved) && slices.ContainsFunc(e.moved, is):
		return 1, match.Moved, true
	case e.Kinds.Has(match.Transliteration) && slices.Equal(plainLetters(suffix.unicode()), plainLetters(e.unicode())):
		return 1, match.Transliteration, true
	case e.Kinds.Has(match.Doubled) && slices.ContainsFunc(e.doubled, is):
		return 1, match.Doubled, true
	case e.Kinds.Has(match.Appended) && e.isAppended(suffix):
		return 1, match.Appended, true
	case e.Kinds.Has(match.Boundary) && e.lost(suffix) != "":
		return 1, match.Boundary, true
	case edits == 2 && e.limit == 2 && e.Kinds.Has(match.Multiple):
		return 2, match.Multiple, true
	case edits == 2 && e.Kinds.Has(match.Suffix) && e.isInSuffix(suffix):
		return 2, match.Suffix, true
	case e.Kinds.Has(match.TLD) && e.isOtherTLD(suffix):
		return 2, match.TLD, true
	}
	return 0, 0, false
}

// isInSuffix reports whether the name can be cut in two so that at least one of two edits is in the second part, the public suffix.
func (e oracleEntry) isInSuffix(suffix spelled) bool {
	at := len(e.labels) - e.public
	if e.public == 0 || len(characters(e.labels[at-1])) < 5 {
		return false
	}
	for cut := 1; cut < len(suffix.labels); cut++ {
		before := plainOSA(join(suffix.labels[:cut], characters), join(e.labels[:at], characters))
		behind := plainOSA(join(suffix.labels[cut:], characters), join(e.labels[at:], characters))
		if before+behind == 2 && behind > 0 {
			return true
		}
	}
	return false
}

// plainLetters replaces the letters that have a transliteration.
func plainLetters(name []rune) []rune {
	letters := map[rune]string{
		'ä': "ae", 'æ': "ae", 'ö': "oe", 'ø': "oe", 'œ': "oe", 'ü': "ue", 'ß': "ss", 'å': "aa", 'ς': "σ", '\u200c': "", '\u200d': "",
	}
	var plain []rune
	for _, r := range name {
		if other, ok := letters[r]; ok {
			plain = append(plain, []rune(other)...)
		} else {
			plain = append(plain, r)
		}
	}
	return plain
}
