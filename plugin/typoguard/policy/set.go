package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// Set is the policies of a server block with the suffixes that are in force. It never changes, but for what it remembers of
// names.
type Set struct {
	// Policies are in the order of the Corefile.
	Policies []*Policy
	// Sizes are the numbers of suffixes, by policy.
	Sizes []Sizes
	// Next is when an entry expires or starts to count as expiring; zero is never. The Set is to be compiled anew then.
	Next time.Time

	index    *match.Index         // the tag of a match is the index of its policy
	tops     []string             // the last labels of protected suffixes
	parents  map[int]*match.Index // of the names above protected suffixes, by their number of labels
	above    map[string]struct{}  // names above protected and allowed suffixes
	negative *negativeCache
	// operators are the registered domains of suffixes with the kind TLD, with the final dot, by their first label.
	operators map[string][]string
	buffers   sync.Pool // of *match.Buffer

	denials []map[string]struct{} // the suffixes that each policy denies
	denying *match.Index          // of the protected suffixes of policies that deny any, as if nothing were allowed; nil if none does

	dropsProofs bool // a policy answers MX and passes addresses
}

// Sizes are the numbers of suffixes of a policy, and of those among them that expire soon.
type Sizes struct {
	Protected, Allowed                 int
	ExpiringProtected, ExpiringAllowed int
}

// soon is how long before it expires an entry counts as expiring.
const soon = 7 * 24 * time.Hour

// Suffixes are what one policy protects and allows, and what it hides although it is popular.
type Suffixes struct{ Protected, Allowed, Denied []suffixlist.Suffix }

// Compile makes a set of policies, each with the suffixes that are in force at a time, which thus have not expired. Suffixes
// may repeat; one that is both protected and allowed, in whichever policies, is an error that names both places.
func Compile(policies []*Policy, suffixes []Suffixes, now time.Time) (*Set, error) {
	s := &Set{
		Policies: policies, negative: newNegativeCache(),
		buffers: sync.Pool{New: func() any { return new(match.Buffer) }},
	}
	if err := findContradiction(suffixes); err != nil {
		return nil, err
	}
	var entries []match.Entry
	var allowed []string
	for tag, p := range policies {
		protectedNames, allowedNames := suffixlist.Names(suffixes[tag].Protected), suffixlist.Names(suffixes[tag].Allowed)
		entries = slices.Grow(entries, len(protectedNames))
		for _, name := range protectedNames {
			entries = append(entries, match.Entry{Suffix: name, Distance: p.Distance, Kinds: p.Kinds, Keyboard: p.Keyboard, Tag: tag})
		}
		allowed = append(allowed, allowedNames...)
		s.Sizes = append(s.Sizes, Sizes{
			Protected: len(protectedNames), Allowed: len(allowedNames),
			ExpiringProtected: s.expiring(suffixes[tag].Protected, now), ExpiringAllowed: s.expiring(suffixes[tag].Allowed, now),
		})
	}
	index, err := match.Compile(entries, allowed, match.Homoglyphs(skeleton.Of))
	if err != nil {
		return nil, fmt.Errorf("compiling the policies: %w", err)
	}
	s.index = index
	s.tops = topsOf(entries)
	s.compileOperators(entries)
	for _, p := range policies {
		s.dropsProofs = s.dropsProofs || (p.Answers(dns.TypeMX) && !p.Answers(dns.TypeA))
	}
	if err := s.compileDenials(suffixes, entries); err != nil {
		return nil, err
	}
	return s, s.compileAbove(entries, allowed)
}

// compileDenials builds what the set knows of denied suffixes.
func (s *Set) compileDenials(suffixes []Suffixes, entries []match.Entry) error {
	s.denials = make([]map[string]struct{}, len(s.Policies))
	for tag := range suffixes {
		s.denials[tag] = map[string]struct{}{}
		for i := range suffixes[tag].Denied {
			s.denials[tag][suffixes[tag].Denied[i].Name] = struct{}{}
		}
	}
	denying := slices.DeleteFunc(slices.Clone(entries), func(e match.Entry) bool { return len(s.denials[e.Tag]) == 0 })
	if len(denying) == 0 {
		return nil
	}
	var err error
	if s.denying, err = match.Compile(denying, nil, match.Homoglyphs(skeleton.Of)); err != nil {
		return fmt.Errorf("compiling the denied suffixes: %w", err)
	}
	return nil
}

// deniedMatches returns the matches of an allowed name for policies that deny it by a suffix longer than the one that is allowed.
func (s *Set) deniedMatches(name, allowed string, b *match.Buffer) []match.Match {
	if s.denying == nil {
		return nil
	}
	lower := strings.ToLower(strings.TrimSuffix(name, "."))
	return slices.DeleteFunc(s.denying.Lookup(name, b).Matches, func(m match.Match) bool {
		return len(s.denied(m.Tag, lower)) <= len(allowed)
	})
}

// Named returns the policy of a name, or nil.
func (s *Set) Named(name string) *Policy {
	if i := slices.IndexFunc(s.Policies, func(p *Policy) bool { return p.Name == name }); i >= 0 {
		return s.Policies[i]
	}
	return nil
}

// expiring returns how many of the suffixes expire soon, and moves Next forward to when that changes first.
func (s *Set) expiring(all []suffixlist.Suffix, now time.Time) int {
	count := 0
	for i := range all {
		change := all[i].Until
		if change.IsZero() {
			continue
		}
		if warn := change.Add(-soon); warn.After(now) {
			change = warn
		} else {
			count++
		}
		if s.Next.IsZero() || change.Before(s.Next) {
			s.Next = change
		}
	}
	return count
}

// findContradiction returns an error if a suffix is both protected and allowed, or allowed and denied, in whichever policies, or if
// one is denied that is, or lies under, a protected one: a listed name passes for all of them, so one of the two was not meant.
func findContradiction(all []Suffixes) error {
	allowedAt := positions(all, func(s *Suffixes) []suffixlist.Suffix { return s.Allowed })
	for _, s := range all {
		for _, p := range s.Protected {
			if at, ok := allowedAt[p.Name]; ok {
				return at.Errorf("%q is allowed here and protected at %s; expected it on one list only", p.Name, p.At)
			}
		}
	}
	if !slices.ContainsFunc(all, func(s Suffixes) bool { return len(s.Denied) > 0 }) {
		return nil // without a table of all protected suffixes, of which there may be millions
	}
	protectedAt := positions(all, func(s *Suffixes) []suffixlist.Suffix { return s.Protected })
	for _, s := range all {
		for _, d := range s.Denied {
			if at, ok := allowedAt[d.Name]; ok {
				return d.At.Errorf("%q is denied here and allowed at %s; expected it on one list only", d.Name, at)
			}
			for name, ok := d.Name, true; ok; name, ok = parent(name) {
				if at, isProtected := protectedAt[name]; isProtected {
					return d.At.Errorf("%q is denied here, and %q is protected at %s; expected a name that is not under a protected suffix", d.Name, name, at)
				}
			}
		}
	}
	return nil
}

// positions returns where the suffixes of a list of each policy stand.
func positions(all []Suffixes, list func(*Suffixes) []suffixlist.Suffix) map[string]suffixlist.Position {
	at := map[string]suffixlist.Position{}
	for i := range all {
		for _, s := range list(&all[i]) {
			at[s.Name] = s.At
		}
	}
	return at
}

// Plus returns the sums of two policies' numbers.
func (s Sizes) Plus(other Sizes) Sizes {
	return Sizes{
		s.Protected + other.Protected, s.Allowed + other.Allowed,
		s.ExpiringProtected + other.ExpiringProtected, s.ExpiringAllowed + other.ExpiringAllowed,
	}
}
