package policy

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// Set is the policies of a server block with the suffixes that are in force. It never changes, but for what it remembers of
// names.
type Set struct {
	// Policies are in the order of the Corefile.
	Policies []*Policy
	// Sizes are the numbers of suffixes, by policy.
	Sizes []Sizes
	// Hashes are short texts, by policy, that are the same for policies that say the same of all names, on whichever host, in whichever
	// order their suffixes are. The action and the mode do not count.
	Hashes []string
	// Next is when an entry expires or starts to count as expiring; zero is never. The Set is to be compiled anew then.
	Next time.Time

	index    *match.Index         // the tag of a match is the index of its policy
	tops     []string             // the last labels of protected suffixes
	parents  map[int]*match.Index // of the names above protected suffixes, by their number of labels
	above    map[string]struct{}  // names above protected and allowed suffixes
	tails    *tails               // names above lookalikes with a dot more
	negative *negativeCache
	// operators are the registered domains of suffixes with the kind TLD, with the final dot, by their first label.
	operators map[string][]string
	buffers   sync.Pool // of *match.Buffer

	denials []map[string]struct{} // the suffixes that each policy denies
	denying *match.Index          // of the protected suffixes of policies that deny any, as if nothing were allowed; nil if none does

	dropsProofs  bool // a policy answers MX and passes addresses
	lacksAllowed bool // a list of what is allowed has never been there
}

// Sizes are the numbers of suffixes of a policy, and of those among them that expire soon.
type Sizes struct {
	Protected, Allowed                 int
	ExpiringProtected, ExpiringAllowed int
}

// Suffixes are what one policy protects and allows, and what it hides although it is popular.
type Suffixes struct {
	Protected, Allowed, Denied suffixlist.List
	// LacksAllowed says that a list of what is allowed has never been there.
	LacksAllowed bool
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

// Plus returns the sums of two policies' numbers.
func (s Sizes) Plus(other Sizes) Sizes {
	return Sizes{
		s.Protected + other.Protected, s.Allowed + other.Allowed,
		s.ExpiringProtected + other.ExpiringProtected, s.ExpiringAllowed + other.ExpiringAllowed,
	}
}
