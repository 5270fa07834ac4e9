package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// soon is how long before it expires an entry counts as expiring.
const soon = 7 * 24 * time.Hour

// compiler makes a set. There may be millions of suffixes: it walks over the lists of them, and keeps nothing of each but in the set.
type compiler struct {
	*Set
	suffixes []Suffixes
	now      time.Time
	pace     *pace.Pace
	builder  match.Builder
	allTops  map[string]struct{}
	aboveOf  []parents // by policy
}

// Compile makes a set of policies, each with the suffixes that are in force at a time, which thus have not expired. Suffixes
// may repeat; one that is both protected and allowed, in whichever policies, is an error that names both places. The pace is that of
// a compilation in the background; nil for one at a start.
func Compile(policies []*Policy, suffixes []Suffixes, now time.Time, p *pace.Pace) (*Set, error) {
	c := &compiler{suffixes: suffixes, now: now, pace: p, builder: match.Builder{Step: p.Step}, allTops: map[string]struct{}{}, Set: &Set{
		Policies: policies, negative: newNegativeCache(), operators: map[string][]string{}, above: map[string]struct{}{}, tails: new(tails),
		buffers: sync.Pool{New: func() any { return new(match.Buffer) }},
	}}
	for tag, p := range policies {
		if err := c.addSuffixes(tag); err != nil {
			return nil, err
		}
		c.lacksAllowed = c.lacksAllowed || suffixes[tag].LacksAllowed
		c.dropsProofs = c.dropsProofs || (p.Answers(dns.TypeMX) && !p.Answers(dns.TypeA))
	}
	c.index = c.builder.Build(match.Homoglyphs(skeleton.Of))
	if err := c.findContradiction(); err != nil {
		return nil, err
	}
	c.tops = slices.Sorted(maps.Keys(c.allTops))
	for label, domains := range c.operators {
		slices.Sort(domains)
		c.operators[label] = slices.Compact(domains)
	}
	if err := c.compileDenials(); err != nil {
		return nil, err
	}
	return c.Set, c.compileAbove()
}

// entry returns the entry of a suffix of a policy.
func (c *compiler) entry(name string, tag int) match.Entry {
	p := c.Policies[tag]
	return match.Entry{Suffix: name, Distance: p.Distance, Kinds: p.Kinds, Keyboard: p.Keyboard, Prefixes: p.Prefixes, Tag: tag}
}

// addSuffixes adds the suffixes of a policy, given by its index.
func (c *compiler) addSuffixes(tag int) error {
	var sizes Sizes
	sum := uint64(0)
	above := parents{known: map[string]struct{}{}}
	for s := range c.suffixes[tag].Protected.All() {
		c.pace.Step()
		added, err := c.builder.Protect(c.entry(s.Name, tag))
		if err != nil {
			return fmt.Errorf("compiling the policies: %w", err)
		}
		sizes.ExpiringProtected += c.expiring(&s)
		if added {
			sizes.Protected++
			sum += sumOf('p', s.Name)
			above.add(s.Name)
			c.tails.add(inUnicode(s.Name))
			c.addTop(s.Name)
			c.addOperator(s.Name, tag)
		}
	}
	for s := range c.suffixes[tag].Allowed.All() {
		c.pace.Step()
		sizes.ExpiringAllowed += c.expiring(&s)
		if c.builder.Allow(s.Name, tag) {
			sizes.Allowed++
			sum += sumOf('a', s.Name)
			c.addAbove(s.Name)
		}
	}
	c.aboveOf = append(c.aboveOf, above)
	denied := map[string]struct{}{}
	for s := range c.suffixes[tag].Denied.All() {
		if _, known := denied[s.Name]; !known {
			denied[s.Name] = struct{}{}
			sum += sumOf('d', s.Name)
		}
	}
	c.denials = append(c.denials, denied)
	c.Sizes = append(c.Sizes, sizes)
	c.Hashes = append(c.Hashes, c.Policies[tag].hash(sum))
	return nil
}

// expiring returns 1 if a suffix expires soon, and moves Next forward to when that changes, or to its end.
func (c *compiler) expiring(s *suffixlist.Suffix) int {
	if s.Until.IsZero() {
		return 0
	}
	change, count := s.Until, 1
	if warn := change.Add(-soon); warn.After(c.now) {
		change, count = warn, 0
	}
	if c.Next.IsZero() || change.Before(c.Next) {
		c.Next = change
	}
	return count
}

// addTop notes the last label of a protected suffix.
func (c *compiler) addTop(name string) {
	top := topOf(name)
	if _, known := c.allTops[top]; !known {
		c.allTops[strings.Clone(top)] = struct{}{} // without the whole list
	}
}

// addOperator notes the registered domain of a suffix with the kind TLD. Lookalikes under other TLDs are compared with all of the same first
// label, so that names above and below a lookalike are judged alike.
func (c *compiler) addOperator(suffix string, tag int) {
	if c.Policies[tag].Kinds.Has(match.TLD) {
		domain := strings.Clone(dns.Fqdn(match.Registered(suffix)))
		label, _, _ := strings.Cut(domain, ".")
		c.operators[label] = append(c.operators[label], domain)
	}
}

// compileDenials builds the index of what is protected by policies that deny a suffix.
func (c *compiler) compileDenials() error {
	builder := match.Builder{Step: c.pace.Step}
	denies := false
	for tag := range c.Policies {
		if len(c.denials[tag]) == 0 {
			continue
		}
		denies = true
		for s := range c.suffixes[tag].Protected.All() {
			c.pace.Step()
			if _, err := builder.Protect(c.entry(s.Name, tag)); err != nil {
				return fmt.Errorf("compiling the denied suffixes: %w", err)
			}
		}
	}
	if denies {
		c.denying = builder.Build(match.Homoglyphs(skeleton.Of))
	}
	return nil
}
