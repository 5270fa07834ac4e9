package policy

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// isExempt reports whether a match does not count because the name is, or lies under, a popular domain, and returns that domain.
//
// Four things are never exempt: what looks the same as a protected suffix, since whoever made it meant to deceive; what resembles a
// single label, since whoever protects mil wants to hide all of ml; known typo domains; and what the policy denies.
func (s *Set) isExempt(name string, m *match.Match) (domain string, exempt bool) {
	p := s.Policies[m.Tag]
	if len(p.Popular) == 0 || m.Kind == match.Homoglyph || !strings.Contains(m.Suffix, ".") {
		return "", false
	}
	if s.isDenied(name, m) {
		return "", false
	}
	lower := lowered(name)
	for at, end := 0, false; !end; at, end = dns.NextLabel(lower, at) {
		suffix := lower[at:]
		if popular.IsTypo(suffix) {
			return "", false
		}
		if domain == "" && isPopular(p.Popular, suffix, at == 0) && replaces(lower, at, m) {
			domain = suffix
		}
	}
	return domain, domain != ""
}

// isPopular reports whether one of the lists has a domain, which is the name itself or above it. Where strangers register below a
// domain, as below us.com, only the domain itself is popular; where only a registry is, as at co.uk, it is not even that.
func isPopular(lists []*popular.List, domain string, whole bool) bool {
	if _, ok := Rank(lists, domain); !ok {
		return false
	}
	if IsRegistry("any." + domain) { // such as sch.uk, where every school has a public suffix of its own
		return false
	}
	suffix, icann := publicsuffix.PublicSuffix(domain)
	return suffix != domain || (whole && !icann)
}

// replaces reports whether a popular domain, the rest of a name from an offset on, stands where a domain of the protected suffix would
// stand, with the same labels before it. Otherwise its popularity says nothing about the name: the difference lies before the domain,
// as in mial.example.com for mail.example.com, in the dot, as in g.mail.com for gmail.com, or the domain is typed in place of a
// top-level domain, as com.com in yahoo.com.com. And if others register under the protected suffix, no name below the near one is popular for itself:
// whoever protects gov.uk wants to hide all of gov.ua.
func replaces(name string, at int, m *match.Match) bool {
	switch {
	case at == m.Start:
		return true
	case at < m.Start:
		return !IsRegistry(m.Suffix)
	}
	meant, same := strings.CutPrefix(m.Suffix, name[m.Start:at])
	return same && !IsRegistry(meant)
}

// lowered returns a name in lower case and without the final dot. It is a copy for the sake of names that are no lookalikes: a query of
// which something is kept would always be on the heap.
func lowered(name string) string {
	return strings.ToLower(strings.Clone(strings.TrimSuffix(name, ".")))
}

// isDenied reports whether the policy of a match denies the name, which it then hides whatever else it says in favour of the name.
func (s *Set) isDenied(name string, m *match.Match) bool {
	return len(s.denials[m.Tag]) > 0 && s.denied(m.Tag, lowered(name)) != ""
}

// denied returns the longest suffix that a policy, given by its index, denies and that a name equals or lies under, or "". The name is
// in lower case and without the final dot.
func (s *Set) denied(policy int, name string) string {
	all := s.denials[policy]
	if len(all) == 0 {
		return ""
	}
	for at, end := 0, false; !end; at, end = dns.NextLabel(name, at) {
		if _, ok := all[name[at:]]; ok {
			return name[at:]
		}
	}
	return ""
}

// deniesBelow reports whether a policy denies a suffix below a name, which is given in the same form. It may be allowed itself.
func (s *Set) deniesBelow(name string) bool {
	return slices.ContainsFunc(s.denials, func(all map[string]struct{}) bool {
		for suffix := range all {
			if strings.HasSuffix(suffix, "."+name) {
				return true
			}
		}
		return false
	})
}

// Rank returns the best rank that a domain has on lists, or 0 if it is unranked, and false if none of them has it.
func Rank(lists []*popular.List, domain string) (rank int, ok bool) {
	for _, l := range lists {
		if r, has := l.Rank(domain); has {
			if ok = true; rank == 0 || (r > 0 && r < rank) {
				rank = r
			}
		}
	}
	return rank, ok
}
