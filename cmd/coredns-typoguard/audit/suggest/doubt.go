package suggest

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// doubtOf returns why a lookalike must not be suggested whatever mail there is to it, or "". Of the edits here four and more are
// typing errors for each one that is the domain of somebody else.
func doubtOf(name string, like *event.Lookalike) string {
	intended := like.Intended
	switch {
	case popular.IsTypo(name):
		return "a known typo"
	case publicSuffix(name) != publicSuffix(intended), strings.Count(name, ".") != strings.Count(intended, "."):
		return "another public suffix"
	case isDoubled(name, intended), isDoubled(intended, name):
		return "a doubled letter"
	}
	switch like.Kind {
	case match.Omission.String(), match.Addition.String(), match.Substitution.String(), match.Adjacent.String(), match.Transliteration.String():
		return ""
	case match.Transposition.String(), match.Moved.String():
		return "letters swapped"
	case match.Doubled.String():
		return "a doubled label"
	case match.Homoglyph.String():
		return "letters that look the same"
	}
	return "two edits"
}

// isDoubled reports whether a name is another one with a letter twice.
func isDoubled(name, single string) bool {
	for i := 1; i < len(name); i++ {
		if name[i] == name[i-1] && name[:i]+name[i+1:] == single {
			return true
		}
	}
	return false
}

func publicSuffix(name string) string {
	suffix, _ := publicsuffix.PublicSuffix(name)
	return suffix
}
