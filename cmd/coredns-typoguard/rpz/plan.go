package rpz

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// rule is what the zone says about a name and all below it.
type rule struct {
	passes bool
	policy *typoguard.Policy // whose action is taken; nil if it passes, or if nothing is to be said
}

// blocks reports whether the rule hides names.
func (r rule) blocks() bool { return r.policy != nil }

// judgement is a rule and what it follows from.
type judgement struct {
	rule
	// protected is the suffix that the whole name looks like, and "" if only a part of it does.
	protected string
}

// plan finds out which names need a rule of their own, so that a response policy zone says of every name what the server
// does.
//
// A rule is for a name and, by a wildcard, for all names below it. The verdict on a name follows from its suffixes; so a
// name that looks like a protected suffix as a whole needs a rule, unless the one for the names above says the same, and
// so does a protected or allowed suffix below a lookalike. There is one trap: a wildcard does not reach names that exist
// (RFC 4592 section 2.2.1), and a name exists if there is one below it. With rules for ml and for a.b.ml, the wildcard of
// ml is of no effect on b.ml and its like; so the names in between need the rule for ml, too.
type plan struct {
	judge    func(name string) judgement
	suffixes []protectedSuffix // each once, in the order of the policies
	listed   []string          // the suffixes that pass, each once
	exists   func(top string) bool

	above     string // the name that aboveRule is of: neighbours mostly lie under the same name as the one before
	aboveRule rule
	between   map[string]rule
}

// maxKept is how many names may be like one suffix in Unicode, which are kept to be sorted.
const maxKept = 1_000_000

// protectedSuffix is a suffix with what the policies that protect it look for at most.
type protectedSuffix struct {
	name       string
	distance   int
	homoglyphs bool
}

// visitor is called with a name that needs a rule, and with how many of the suffixes have been gone through.
type visitor func(name string, r rule, done int) error

// each calls visit with every name that needs a rule: exceptions first, and then lookalikes of each protected suffix. It
// returns the first error that visit does.
func (p *plan) each(visit visitor) error {
	p.between = map[string]rule{}
	for _, name := range p.listed {
		if !p.ruleAbove(name).blocks() {
			continue
		}
		p.keepAbove(name)
		if err := visit(name, rule{passes: true}, 0); err != nil {
			return err
		}
	}
	for i := range p.suffixes {
		err := p.eachLookalike(&p.suffixes[i], func(name string, r rule) error { return visit(name, r, i) })
		if err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.between)) {
		if err := visit(name, p.between[name], len(p.suffixes)); err != nil {
			return err
		}
	}
	return nil
}

// eachLookalike calls visit with the lookalikes of a suffix that need a rule, each once.
func (p *plan) eachLookalike(s *protectedSuffix, visit func(name string, r rule) error) error {
	var failed error
	wire := newNeighbours([]rune(s.name), s.distance, p.exists)
	wire.each(func(name []rune) bool {
		if text := string(name); isHostname(text) {
			failed = p.consider(s, text, visit)
		}
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	names, err := p.inUnicode(s)
	if err != nil {
		return err
	}
	for _, name := range names {
		if wire.contains([]rune(name)) {
			continue // that was one of them
		}
		if err := p.consider(s, name, visit); err != nil {
			return err
		}
	}
	return nil
}

// inUnicode returns names on the wire, in ascending order, that are near a suffix, or look the same, in Unicode.
func (p *plan) inUnicode(s *protectedSuffix) ([]string, error) {
	var names []string
	add := func(name string) bool {
		if wire, ok := toASCII(name); ok && p.exists(topLevel(wire)) {
			names = append(names, wire)
		}
		return len(names) <= maxKept
	}
	addRunes := func(name []rune) bool { return add(string(name)) }
	shown, foreign := toUnicode(s.name)
	ok := (!foreign || newNeighbours([]rune(shown), s.distance, p.exists).each(addRunes)) &&
		newNeighbours([]rune(shown), 1, p.exists, latinLetters()...).each(addRunes) &&
		eachReplacement(shown, add) && // which is an edit, too, where homoglyphs do not count
		(!s.homoglyphs || eachWriting(shown, p.exists, add))
	if !ok {
		return nil, fmt.Errorf("more than %d non-ASCII names look like %s; expected a policy without the kind homoglyph", maxKept, s.name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// consider calls visit with a name if it needs a rule that follows from its being like the suffix. What is like several is
// thus visited once.
func (p *plan) consider(s *protectedSuffix, name string, visit func(name string, r rule) error) error {
	j := p.judge(name)
	if !j.blocks() || j.protected != s.name {
		return nil
	}
	above := p.ruleAbove(name)
	if j.rule == above {
		return nil
	}
	if above.blocks() {
		p.keepAbove(name)
	}
	return visit(name, j.rule)
}

// ruleAbove returns the rule for what lies directly above a name.
func (p *plan) ruleAbove(name string) rule {
	if above := parent(name); above != p.above {
		p.above, p.aboveRule = above, p.judge(above).rule
	}
	return p.aboveRule
}

// keepAbove notes the names between a name that needs a rule and the next one above it that has one.
func (p *plan) keepAbove(name string) {
	for above := parent(name); above != ""; above = parent(above) {
		r := p.judge(above).rule
		if r != p.judge(parent(above)).rule {
			return // it has one
		}
		p.between[above] = r
	}
}

// suffixesOf returns the protected suffixes of policies, each once, with the most that any of them looks for.
func suffixesOf(policies []*typoguard.Policy) []protectedSuffix {
	var suffixes []protectedSuffix
	at := map[string]int{}
	for _, p := range policies {
		for _, name := range p.Protected {
			i, ok := at[name]
			if !ok {
				i = len(suffixes)
				at[name] = i
				suffixes = append(suffixes, protectedSuffix{name: name})
			}
			s := &suffixes[i]
			s.distance = max(s.distance, min(p.Distance, match.MaxDistance(name)))
			s.homoglyphs = s.homoglyphs || p.Kinds.Has(match.Homoglyph)
		}
	}
	return suffixes
}

// listedOf returns the suffixes that pass, because any of the policies protects or allows them, in ascending order.
func listedOf(policies []typoguard.Policy) []string {
	var names []string
	for i := range policies {
		names = append(names, policies[i].Protected...)
		names = append(names, policies[i].Allowed...)
	}
	slices.SortFunc(names, strings.Compare)
	return slices.Compact(names)
}
