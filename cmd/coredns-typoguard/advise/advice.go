package advise

import (
	"cmp"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const mx = dns.TypeMX

// The grades of suffixes.
const (
	safe  = "safe"
	few   = "few"
	short = "short"
	// most is how many known domains may look like a suffix that is not short.
	most = 5
)

// advice is what there is to say about a protected suffix of a policy.
type advice struct {
	Policy  string      `json:"policy"`
	Suffix  string      `json:"suffix"`
	Grade   string      `json:"grade"`
	Popular []neighbour `json:"popular,omitempty"` // pass
	Hidden  []neighbour `json:"hidden,omitempty"`
	Typos   []neighbour `json:"typos,omitempty"` // known typos, which are hidden
	Exist   []existing  `json:"exist,omitempty"` // of the hidden neighbours, with -resolve
	Lines   []string    `json:"lines,omitempty"` // to add to the policy

	policy *policy.Policy
	block  *typoguard.Block
}

// neighbour is a known domain that looks like the suffix.
type neighbour struct {
	Domain   string `json:"domain"`
	Rank     int    `json:"rank,omitempty"`
	Distance int    `json:"distance"`
	Kind     string `json:"kind"`
}

// existing is a name that exists, though perhaps no known one.
type existing struct {
	Domain string `json:"domain"`
	MX     bool   `json:"mx"`
}

// add adds a known domain.
func (a *advice) add(k *policy.Known, distance int, kind string) {
	n := neighbour{k.Name, k.Rank, distance, kind}
	switch {
	case k.IsTypo:
		a.Typos = append(a.Typos, n)
	case k.Covered() && !k.Doubtful:
		a.Hidden = append(a.Hidden, n)
	default:
		a.Popular = append(a.Popular, n)
	}
}

// finish sorts the domains, and draws the conclusions.
func (a *advice) finish() {
	for _, list := range [][]neighbour{a.Popular, a.Hidden, a.Typos} {
		slices.SortStableFunc(list, func(a, b neighbour) int { return cmp.Compare(uint(a.Rank-1), uint(b.Rank-1)) }) // unranked last: 0-1
	}
	switch n := len(a.Popular) + len(a.Hidden); {
	case n == 0:
		a.Grade = safe
	case n <= most:
		a.Grade = few
	default:
		a.Grade = short
	}
	a.Lines = a.lines()
}

// lines returns what to add to the policy.
func (a *advice) lines() []string {
	var lines []string
	switch {
	case len(a.Hidden) == 0:
	case policy.IsRegistry(a.Suffix) && a.policy.Require == nil:
		lines = append(lines, "require counterpart")
	case len(a.Hidden) > most && len(a.policy.Popular) == 0:
		lines = append(lines, "popular pass")
	default:
		var names []string
		for _, n := range a.Hidden[:min(len(a.Hidden), most)] {
			names = append(names, n.Domain)
		}
		lines = append(lines, "allow "+strings.Join(names, " "))
	}
	if a.Grade == short && policy.IsShort(a.Suffix) && !a.policy.ReportShort && a.policy.Kinds.Has(match.Substitution) {
		lines = append(lines, "short report")
	}
	return lines
}
