package rows

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/tlds"
)

// Options select the policies of a set.
type Options struct {
	// Only is the name of the only policy; "" is all of them.
	Only string
	// Feed is the zone for secondaries of the policies; "" is whichever.
	Feed string
	// Client is the client that the policies must apply to; nil is anybody.
	Client *policy.Client
	// Monitors includes policies in mode monitor.
	Monitors bool
	// Now is when the rows are made.
	Now time.Time
}

// Selection is some policies of a set.
type Selection struct {
	// Policies are the selected ones, and Monitored those left out because they are in mode monitor.
	Policies, Monitored []*policy.Policy

	Options
	set      *policy.Set
	suffixes []policy.Suffixes
	asked    policy.Query // about each name
}

// Select returns the policies that the options select. The suffixes are those of each policy in the set.
func Select(set *policy.Set, suffixes []policy.Suffixes, o Options) *Selection {
	if o.Client == nil {
		o.Client = &policy.Client{Anybody: true}
	}
	s := &Selection{Options: o, set: set, suffixes: suffixes}
	s.asked = policy.Query{Type: dns.TypeMX, Client: s.client, Now: s.now, Feed: o.Feed, Without: unlisted}
	if o.Only != "" {
		s.asked.Only = set.Named(o.Only)
	}
	for _, p := range set.Policies {
		switch {
		case o.Only != "" && p.Name != o.Only, o.Feed != "" && p.Feed != o.Feed, !p.Clients.Cover(o.Client):
		case p.ModeAt(o.Now) == policy.Monitor && !o.Monitors:
			s.Monitored = append(s.Monitored, p)
		default:
			s.Policies = append(s.Policies, p)
		}
	}
	return s
}

// Plan returns the plan of a zone for the selection. The top-level domains of the suffixes count as existing even if they are not
// delegated, because those of private networks are not.
func (s *Selection) Plan(allTLDs bool) *Plan {
	p := &Plan{
		judge:    s.judge,
		isAbove:  s.set.PassesBelow,
		suffixes: s.protected(),
		listed:   listedOf(s.suffixes),
		special:  s.special(),
		exists:   func(string) bool { return true },
	}
	if allTLDs {
		return p
	}
	tops := map[string]bool{} // as A-labels and in Unicode: it is asked for each variant of a last label
	add := func(top string) {
		tops[top] = true
		shown, _ := toUnicode(top)
		tops[shown] = true
	}
	for _, name := range p.listed {
		if top := topLevel(name); !tops[top] {
			add(top)
		}
	}
	for _, top := range tlds.All() {
		add(top)
	}
	p.exists = func(top string) bool { return tops[top] }
	return p
}

// judge returns the rule by which the server treats a name.
func (s *Selection) judge(name string) judgement {
	if name == "" {
		return judgement{} // the root
	}
	q := s.query(name)
	d := s.set.Judge(&q)
	if d.Listed != "" {
		return judgement{rule: rule{passes: true}}
	}
	whole := isWhole(d.Lookalike)
	except := d.Verdict == policy.Popular
	if except { // and so are the names below it, unless strangers register there
		q.Name = anyLabel + name
		d = s.set.Judge(&q)
	}
	if !d.Covered() || d.Doubtful || (d.Mode == policy.Monitor && !s.Monitors) {
		return judgement{}
	}
	found := judgement{rule: rule{policy: d.Policy, except: except}}
	if whole && isListedKind(d.Lookalike.Kind) {
		found.protected = d.Lookalike.Protected
	}
	return found
}

// query returns the question that is asked about a name.
func (s *Selection) query(name string) policy.Query {
	q := s.asked
	q.Name = name
	return q
}

// client returns the client that asks.
func (s *Selection) client() *policy.Client { return s.Client }

// now returns the time at which names are judged, the same for all.
func (s *Selection) now() time.Time { return s.Now }

// isWhole reports whether a name as a whole is the lookalike.
func isWhole(l event.Lookalike) bool {
	if l.Kind == match.Boundary.String() {
		_, l.Intended, _ = strings.Cut(l.Intended, ".")
	}
	return l.Intended == l.Protected
}

// unlisted are the kinds of which only names that a policy denies are listed: any public suffix can be behind a protected domain, and rows
// would hide one under another TLD even from its own organisation.
const unlisted = match.Kinds(1<<match.Appended | 1<<match.TLD)

// isListedKind reports whether names of a kind, as events have it, are enumerated.
func isListedKind(name string) bool {
	kind, err := match.ParseKind(name)
	return err == nil && !unlisted.Has(kind)
}

// anyLabel stands for any label below a popular domain. No protected suffix begins like it, which such a name would be near.
const anyLabel = "any-label-below."

// special returns the popular and the denied names of the policies, those of the same parent in a row.
func (s *Selection) special() []string {
	below := map[string][]string{} // by parent: there are many names, but few parents
	add := func(name string) {
		above := parent(name)
		below[above] = append(below[above], name)
	}
	seen := map[*popular.List]bool{}
	for _, p := range s.Policies {
		for _, l := range p.Popular {
			if seen[l] {
				continue
			}
			seen[l] = true
			for name := range l.All() {
				add(name)
			}
		}
		for _, name := range s.SuffixesOf(p).Denied.Names() {
			add(name)
		}
	}
	var names []string
	for _, above := range slices.Sorted(maps.Keys(below)) {
		all := below[above]
		slices.Sort(all) // they are mostly sorted already
		names = append(names, slices.Compact(all)...)
	}
	return names
}

// Comments describes the origin of the zone.
func (s *Selection) Comments(allTLDs bool) []string {
	domains := tlds.Origin()
	if allTLDs {
		domains = "all top-level domains, delegated or not"
	}
	return []string{"Response policy zone of typoguard, of policy " + strings.Join(policy.Names(s.Policies), ", "), "Under " + domains}
}

// SuffixesOf returns the suffixes of a policy.
func (s *Selection) SuffixesOf(p *policy.Policy) policy.Suffixes {
	return s.suffixes[slices.Index(s.set.Policies, p)]
}

// Limits returns a line for each thing that the selected policies say but rows cannot express.
func (s *Selection) Limits() []string {
	var lines []string
	for _, p := range s.Policies {
		if p.ModeAt(s.Now) == policy.Monitor {
			lines = append(lines, fmt.Sprintf("policy %s: rows cannot express mode monitor: load the zone so that matches are only logged", p.Name))
		}
		for _, limit := range limitsOf(p) {
			lines = append(lines, fmt.Sprintf("policy %s: %s", p.Name, limit))
		}
		if s.Feed == "" && expires(p, s.SuffixesOf(p)) { // a feed follows them
			lines = append(lines, fmt.Sprintf("policy %s: until: entries expire only when the zone is written again", p.Name))
		}
	}
	return lines
}
