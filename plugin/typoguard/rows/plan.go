package rows

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// rule is what the zone says about a name and all names below it.
type rule struct {
	passes bool
	except bool           // the name itself passes, but not the names below it
	policy *policy.Policy // the policy with the action; nil if the name passes, or needs no rule
}

// blocks reports whether the rule hides names.
func (r rule) blocks() bool { return r.policy != nil }

// forBelow returns the rule for the names below.
func (r rule) forBelow() rule {
	r.except = false
	return r
}

// judgement is a rule and the reason for it.
type judgement struct {
	rule
	// protected is the suffix that the whole name looks like, or "" if only part of it does, or in a way that is not listed.
	protected string
}

// Plan finds the names that need their own rule, so that a response policy zone treats every name as the server does.
//
// A rule applies to a name and, by a wildcard, to all names below it. The verdict on a name follows from its suffixes. So a name needs
// a rule if it looks like a protected suffix as a whole, unless the rule above says the same, and so does a protected or allowed
// suffix below a lookalike. There is one trap: a wildcard does not match names that exist (RFC 4592 section 2.2.1), and a name exists
// if there is a name below it. With rules for ml and a.b.ml, the wildcard of ml does not match b.ml; so the names in between need
// the rule for ml too. Every hidden name above a listed suffix has rows of its own for that reason, which records.set needs.
type Plan struct {
	judge    func(name string) judgement
	isAbove  func(name string) bool // whether a suffix that passes lies below a name
	suffixes []protectedSuffix      // distinct, in the order of the policies
	listed   []string               // the distinct suffixes that pass
	special  []string               // other distinct names that may be treated otherwise than those above them
	exists   func(top string) bool
	likely   bool // only names that somebody types by mistake: nothing with characters of other scripts

	above     string // the name of aboveRule, a cache: consecutive neighbours mostly have the same parent
	aboveRule rule
	between   map[string]rule
}

// maxKept is the highest number of Unicode lookalikes of one suffix, which are kept in memory to be sorted.
const maxKept = 1_000_000

// protectedSuffix is a suffix with the widest settings of the policies that protect it.
type protectedSuffix struct {
	name     string
	distance int // within which all names are tried
	kinds    match.Kinds
	prefixes []*match.Prefixes // for the kind Boundary
}

// visitor is called with each name that needs a rule.
type visitor func(name string, r rule) error

// each calls visit with every name that needs a rule: exceptions first, then lookalikes of each protected suffix. It returns the first
// error of visit.
func (p *Plan) each(visit visitor) error {
	p.between = map[string]rule{}
	for _, name := range p.listed {
		if !p.ruleAbove(name).blocks() {
			continue
		}
		p.keepAbove(name)
		if err := visit(name, rule{passes: true}); err != nil {
			return err
		}
	}
	for _, name := range p.special {
		if err := p.considerSpecial(name, visit); err != nil {
			return err
		}
	}
	for i := range p.suffixes {
		if err := p.eachLookalike(&p.suffixes[i], visit); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.between)) {
		if err := visit(name, p.between[name]); err != nil {
			return err
		}
	}
	return nil
}

// eachLookalike calls visit once with each lookalike of a suffix that needs a rule.
func (p *Plan) eachLookalike(s *protectedSuffix, visit visitor) error {
	var failed error
	var texts texts
	wire := newNeighbours([]rune(s.name), s.distance, p.exists)
	wire.each(func(name []rune) bool {
		if text := texts.of(name); IsHostname(text) {
			failed = p.consider(s, text, visit)
		}
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	names, err := p.others(s)
	if err != nil {
		return err
	}
	for _, name := range names {
		if wire.contains(name) {
			continue // already visited
		}
		if err := p.consider(s, name, visit); err != nil {
			return err
		}
	}
	return nil
}

// others returns the wire form of the names of eachOther that are names, in ascending order.
func (p *Plan) others(s *protectedSuffix) ([]string, error) {
	var names []string
	ok := p.eachOther(s, func(name string) bool {
		if wire, ok := toASCII(name); ok && p.exists(topLevel(wire)) {
			names = append(names, wire)
		}
		return len(names) <= maxKept
	})
	if !ok {
		return nil, fmt.Errorf("more than %d non-ASCII names look like %s; expected a policy without the kind homoglyph", maxKept, s.name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// eachOther calls add with names that, in Unicode, are near a suffix or look the same, and with those that differ in more than single edits:
// with some of them several times, and with some that nobody can register, or that are near the suffix on the wire, too. It returns false, at
// once, if add does.
func (p *Plan) eachOther(s *protectedSuffix, add func(name string) bool) bool {
	shown, hasALabel := toUnicode(s.name)
	return (!hasALabel || newNeighbours([]rune(shown), s.distance, p.exists).each(func(name []rune) bool { return add(string(name)) })) &&
		(p.likely || p.eachLatin(shown, add)) &&
		(p.likely || eachReplacement(shown, add)) && // also an edit, for policies without homoglyphs
		(p.likely || !s.kinds.Has(match.Homoglyph) || eachWriting(shown, p.exists, add)) &&
		(!s.kinds.Has(match.Moved) || eachMoved(shown, add)) &&
		(!s.kinds.Has(match.Doubled) || eachDoubled(shown, add)) &&
		(!s.kinds.Has(match.Boundary) || eachBoundary(shown, s.prefixes, add)) &&
		(!s.kinds.Has(match.Transliteration) || eachSpelling(shown, add))
}

// eachLatin calls add with the names that are an edit with a Latin letter away from a suffix, in Unicode, but not those in ASCII, which are near
// it anyway. It returns false, at once, if add does.
func (p *Plan) eachLatin(shown string, add func(name string) bool) bool {
	var texts texts
	return newNeighbours([]rune(shown), 1, p.exists, latinLetters()...).each(func(name []rune) bool {
		text := texts.of(name)
		return isASCII(text) || add(text)
	})
}

// consider calls visit with a name if it needs a rule because it looks like the suffix. So a name that looks like several suffixes is
// visited once.
func (p *Plan) consider(s *protectedSuffix, name string, visit visitor) error {
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

// considerSpecial calls visit with a popular or denied name if it needs a rule, unless it looks like a suffix as a whole: then it is
// one of the lookalikes.
func (p *Plan) considerSpecial(name string, visit visitor) error {
	j := p.judge(name)
	above := p.ruleAbove(name)
	if j.rule == above || j.protected != "" || j.passes { // what passes here is listed
		return nil
	}
	if above.blocks() {
		p.keepAbove(name)
		if !j.blocks() {
			j.passes = true
		}
	}
	return visit(name, j.rule)
}

// ruleAbove returns the rule for the names below the parent of a name.
func (p *Plan) ruleAbove(name string) rule {
	if above := parent(name); above != p.above {
		p.above, p.aboveRule = strings.Clone(above), p.judge(above).forBelow()
	}
	return p.aboveRule
}

// keepAbove records the names between a name that needs a rule and the next one above it that has one.
func (p *Plan) keepAbove(name string) {
	for above := parent(name); above != ""; above = parent(above) {
		if _, kept := p.between[above]; kept {
			return // and so are those above it
		}
		r := p.judge(above).rule
		if r != p.judge(parent(above)).forBelow() {
			return // this one has a rule
		}
		p.between[strings.Clone(above)] = r
	}
}

// protected returns the distinct protected suffixes of the policies, with the widest settings of any of them.
func (s *Selection) protected() []protectedSuffix {
	var suffixes []protectedSuffix
	at := map[string]int{}
	for _, p := range s.Policies {
		for _, name := range s.SuffixesOf(p).Protected.Names() {
			i, ok := at[name]
			if !ok {
				i = len(suffixes)
				at[name] = i
				suffixes = append(suffixes, protectedSuffix{name: name})
			}
			s := &suffixes[i]
			if s.distance = max(s.distance, min(p.Distance, match.MaxDistance(name))); p.Kinds.Has(match.Suffix) {
				s.distance = match.MaxDistance(name)
			}
			if s.kinds |= p.Kinds; p.Kinds.Has(match.Boundary) && !slices.Contains(s.prefixes, p.Prefixes) {
				s.prefixes = append(s.prefixes, p.Prefixes)
			}
		}
	}
	return suffixes
}

// listedOf returns the suffixes that pass, because any of the policies protects or allows them, in ascending order.
func listedOf(all []policy.Suffixes) []string {
	var names []string
	for _, s := range all {
		names = append(names, s.Protected.Names()...)
		names = append(names, s.Allowed.Names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
