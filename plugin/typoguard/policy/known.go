package policy

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// Known is a known domain that looks like a protected suffix: a popular one, or a known typo.
type Known struct {
	Name   string
	Rank   int // 0 if it is unranked
	IsTypo bool
	// Decision is about mail from any client. It has all candidates.
	Decision
}

// Known returns the known domains that look like protected suffixes of the set: those that come with the plugin, and those of files
// that policies name; in alphabetical order, and the known typos last. There are many of them: it ends early with the context.
func (s *Set) Known(ctx context.Context) iter.Seq[Known] {
	return func(yield func(Known) bool) {
		lists := s.knownLists()
		judge := func(name string, isTypo bool) bool {
			d := s.Judge(&Query{Name: name, Type: dns.TypeMX, Candidates: true, Exists: existsFor(isTypo), Operator: operatorFor(isTypo)})
			if d.Policy == nil {
				return true
			}
			rank, _ := Rank(lists, name)
			return yield(Known{name, rank, isTypo, d})
		}
		for i, l := range lists {
			for name := range l.All() {
				if _, before := Rank(lists[:i], name); before || popular.IsTypo(name) {
					continue
				}
				if ctx.Err() != nil || !judge(name, false) {
					return
				}
			}
		}
		for _, name := range popular.Typos() {
			if !judge(name, true) {
				return
			}
		}
	}
}

// existsFor returns what to take the counterpart of a known domain for, if a policy requires one. Most are absent, as google.co.mil is,
// which google.co.il resembles, so the policy hides hardly any known domain. Those of known typos exist.
func existsFor(isTypo bool) func(string, time.Duration) Existence {
	if isTypo {
		return nil
	}
	return func(string, time.Duration) Existence { return Absent }
}

// operatorFor returns whom to take for the operator of a known domain under another TLD: mostly it is the same organisation.
func operatorFor(isTypo bool) func(string, []string, time.Duration) Operator {
	if isTypo {
		return nil
	}
	return func(string, []string, time.Duration) Operator { return OperatorSame }
}

// knownLists returns the built-in list, and those of the policies.
func (s *Set) knownLists() []*popular.List {
	lists := []*popular.List{popular.Builtin()}
	for _, p := range s.Policies {
		for _, l := range p.Popular {
			if !slices.Contains(lists, l) {
				lists = append(lists, l)
			}
		}
	}
	return lists
}

// KnownCounts are numbers of known domains that look like the suffixes of one policy.
type KnownCounts struct {
	// Hidden are hidden, or would be in mode enforce, Passing pass because they are popular, and Typos are known typos that are hidden.
	Hidden, Passing, Typos int
	// Worst are the hidden ones of the highest ranks, at most five.
	Worst []Known
}

// maxWorst is how many domains KnownCounts names.
const maxWorst = 5

// CountKnown counts the known domains by the policy that decides about them, until the context ends.
func (s *Set) CountKnown(ctx context.Context) map[string]KnownCounts {
	all := map[string]KnownCounts{}
	for _, p := range s.Policies {
		all[p.Name] = KnownCounts{}
	}
	for k := range s.Known(ctx) {
		c := all[k.Policy.Name]
		switch {
		case !k.Covered():
			c.Passing++
		case k.IsTypo:
			c.Typos++
		case !k.Doubtful:
			c.Hidden++
			c.Worst = append(c.Worst, k)
			SortKnown(c.Worst)
			c.Worst = c.Worst[:min(len(c.Worst), maxWorst)]
		}
		all[k.Policy.Name] = c
	}
	return all
}

// SortKnown sorts domains by their ranks, unranked ones last.
func SortKnown(all []Known) {
	slices.SortStableFunc(all, func(a, b Known) int {
		return cmp.Or(cmp.Compare(uint(a.Rank-1), uint(b.Rank-1)), cmp.Compare(a.Name, b.Name)) // 0-1 is the highest
	})
}

// Near returns what the domain looks like of a protected suffix, and false if it does not look like it.
func (k *Known) Near(suffix string) (event.Lookalike, bool) {
	i := slices.IndexFunc(k.Candidates, func(c event.Lookalike) bool { return c.Protected == suffix })
	if i < 0 {
		return event.Lookalike{}, false
	}
	return k.Candidates[i], true
}
