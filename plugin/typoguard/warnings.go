package typoguard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/tlds"
)

// maxCompared is the number of suffixes of a server block beyond which its policies are not compared, which takes too long.
const maxCompared = 100_000

// warnings returns what is allowed in a Corefile, but probably not meant.
func warnings(sites []*site, blocks []*block) []string {
	var all []string
	for _, b := range blocks {
		all = append(all, warningsOf(b, sites, blocks)...)
	}
	return all
}

// warningsOf returns the warnings of one server block.
func warningsOf(b *block, sites []*site, blocks []*block) []string {
	own := sitesAt(sites, b.at)
	return slices.Concat(warnOfSites(b, own), warnOfZones(b, own), warnOfListZones(b, own, sites), warnOfFeeds(b, own, sites), warnOfOthers(b, own, sites, blocks), warnOfTLDs(b), warnOfContradictions(b),
		warnOfClients(b), warnOfDenied(b), warnOfSiblings(b))
}

// sitesAt returns the sites of a server block.
func sitesAt(sites []*site, at int) []*site {
	return slices.DeleteFunc(slices.Clone(sites), func(s *site) bool { return s.block != at })
}

// warnOfSites warns of a server block that resolves nothing, or for everybody.
func warnOfSites(b *block, own []*site) []string {
	var all []string
	for _, s := range own {
		switch {
		case !s.answers && !b.isZone(s):
			all = append(all, fmt.Sprintf("server block %s has no forward or other source of answers: it resolves nothing", s.key))
		case s.isPublic() && !s.hasACL && !s.selective:
			all = append(all, fmt.Sprintf(
				"server block %s listens on addresses other than loopback without acl: it resolves for everybody who reaches it", s.key))
		}
	}
	return all
}

// warnOfZones warns of a server block that serves nothing that its policies hide.
func warnOfZones(b *block, own []*site) []string {
	if len(own) == 0 || slices.ContainsFunc(own, func(s *site) bool { return b.isZone(s) || b.hidesBelow(s.name()) }) {
		return nil
	}
	return []string{fmt.Sprintf("server block %s serves no name that its policies hide; queries for lookalikes go to other server blocks, such as that of the root zone",
		own[0].key)}
}

// warnOfOthers warns of other server blocks that take names away from this one.
func warnOfOthers(b *block, own, sites []*site, blocks []*block) []string {
	var all []string
	for _, other := range sites {
		takes := slices.ContainsFunc(own, func(s *site) bool { return other.takesFrom(s) })
		if other.block == b.at || !takes || !b.hidesBelow(other.name()) {
			continue
		}
		at := slices.IndexFunc(blocks, func(o *block) bool { return o.at == other.block })
		if at >= 0 && blocks[at].hidesAsMuch(other.name(), b) {
			continue
		}
		all = append(all, fmt.Sprintf("server block %s takes names away from %s, whose policies hide lookalikes there: they are not hidden", other.key, own[0].key))
	}
	return all
}

// hidesBelow reports whether the policies of the block may hide a zone or names below it.
func (b *block) hidesBelow(zone string) bool {
	if zone == "" {
		return true
	}
	set := b.set.Load()
	if set.HidesBelow(zone) {
		return true
	}
	if set.IsListed(zone) {
		return false
	}
	return slices.ContainsFunc(b.suffixes(b.now()), func(s policy.Suffixes) bool { return endsWithin(s.Protected, zone) })
}

// endsWithin reports whether a protected suffix ends with a name, and is longer. Then lookalikes may lie below that, as cost.mil for coast.mil
// below mil, and hot.mail.com for hotmail.com below mail.com.
func endsWithin(protected suffixlist.List, name string) bool {
	return protected.Any(func(s suffixlist.Suffix) bool { return s.Name != name && strings.HasSuffix(s.Name, name) })
}

// hidesAsMuch reports whether the policies of the block may hide as much of a zone as those of another block. If those hide the zone
// itself, it is not enough to hide what looks like some name in it.
func (b *block) hidesAsMuch(zone string, other *block) bool {
	if other.set.Load().HidesBelow(zone) {
		return b.set.Load().HidesBelow(zone)
	}
	return b.hidesBelow(zone)
}

// warnOfTLDs warns of protected top-level domains, next to which all domains of others are hidden.
func warnOfTLDs(b *block) []string {
	set := b.set.Load()
	hidden := map[string][]string{} // by policy and protected suffix
	var order []string
	for _, c := range b.policies {
		if c.Require != nil {
			continue
		}
		for _, name := range tlds.All() {
			d := set.Judge(&policy.Query{Name: name, Type: dns.TypeMX, Only: &c.Policy})
			if !d.Covered() || strings.Contains(d.Lookalike.Protected, ".") {
				continue
			}
			key := fmt.Sprintf("policy %q: protect %s", c.Name, d.Lookalike.Protected)
			if hidden[key] == nil {
				order = append(order, key)
			}
			hidden[key] = append(hidden[key], name)
		}
	}
	var all []string
	for _, key := range order {
		all = append(all, fmt.Sprintf("%s hides every domain under %s; allow those that are legitimate, or use require counterpart", key, some(hidden[key])))
	}
	return all
}

// warnOfContradictions warns of suffixes of one policy that another one would hide: listed names pass for all policies.
func warnOfContradictions(b *block) []string {
	count := 0
	for _, s := range b.set.Load().Sizes {
		count += s.Protected + s.Allowed
	}
	if count > maxCompared || len(b.policies) < 2 {
		return nil
	}
	suffixes := b.suffixes(b.now())
	var all []string
	for i, c := range b.policies {
		if !slices.Contains(c.Modes(match.Homoglyph), policy.Enforce) {
			continue
		}
		alone, err := policy.Compile([]*policy.Policy{&c.Policy}, suffixes[i:i+1], b.now(), nil)
		if err != nil {
			return nil
		}
		for j, other := range b.policies {
			if i == j {
				continue
			}
			all = append(all, warnOfListed(alone, c, other, "protect", suffixes[j].Protected, b.now())...)
			all = append(all, warnOfListed(alone, c, other, "allow", suffixes[j].Allowed, b.now())...)
		}
	}
	return all
}

// warnOfListed warns of the suffixes on a list of another policy that a policy would hide.
func warnOfListed(alone *policy.Set, c, other *policyConfig, list string, suffixes suffixlist.List, now time.Time) []string {
	var names []string
	var like string
	for _, name := range suffixes.Names() {
		d := alone.Judge(&policy.Query{Name: name, Type: dns.TypeMX, Now: func() time.Time { return now }})
		if d.Covered() {
			names, like = append(names, name), d.Lookalike.Protected
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("policy %q: %s %s un-hides what policy %q hides as a lookalike of %s", other.Name, list, some(names), c.Name, like)}
}
