package policy

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// minLabel is the number of letters from which on a registrable label is not short. Almost every name of fewer letters is in use.
const minLabel = 5

// isDoubtful reports whether a policy only reports a match, by its option short: a letter is replaced by one that is not next to it on
// the keyboard, in a registrable label of few letters. Such names mostly belong to somebody else: bmc.com is not bmw.com.
func (p *Policy) isDoubtful(name string, m *match.Match) bool {
	if !p.ReportShort || m.Kind != match.Substitution {
		return false
	}
	registrable, letters := registrableLabel(m.Suffix)
	if letters == 0 || letters >= minLabel {
		return false
	}
	label := 0
	for _, e := range match.Explain(name[m.Start:], m.Suffix, m.Kind) {
		isDot := len(e.Intended) > 0 && e.Intended[0] == '.'
		if e.Op == match.Changed {
			return label == registrable && !isDot && e.Name[0] != '.'
		}
		if isDot {
			label++
		}
	}
	return false
}

// registrableLabel returns the index of the label that the owner of a suffix has registered, such as ing in www.ing.com, and how many
// letters it has in Unicode: none if the suffix is one under which others register.
func registrableLabel(suffix string) (index, letters int) {
	public, _ := publicsuffix.PublicSuffix(suffix)
	above, ok := strings.CutSuffix(suffix, "."+public)
	if !ok {
		return 0, 0
	}
	dot := strings.LastIndexByte(above, '.')
	return strings.Count(above, "."), len(match.Decode(above[dot+1:]))
}

// IsShort reports whether the registrable label of a suffix has so few letters that ReportShort matters.
func IsShort(suffix string) bool {
	_, letters := registrableLabel(suffix)
	return letters > 0 && letters < minLabel
}
