package rpz

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/tlds"
)

// selection is the policies of a zone.
type selection struct {
	block    *typoguard.Block
	policies []*policy.Policy // at least one
	skipped  []*policy.Policy // left out because they are in mode monitor
	only     string           // the name of the only policy, or ""
	client   *policy.Client   // the client that the policies must apply to
	monitors bool             // include policies in mode monitor
	now      time.Time
}

// newSelection returns the policies that the options select.
func newSelection(blocks corefile.Blocks, only, client string, monitors bool) (*selection, error) {
	s := &selection{only: only, monitors: monitors, now: time.Now()}
	var addr netip.Addr
	var err error
	if client != "" {
		if addr, err = netip.ParseAddr(client); err != nil {
			return nil, fmt.Errorf("client: %w; expected an IPv4 or IPv6 address", err)
		}
	}
	s.client = policy.ClientAt(addr)
	if s.block, err = chooseBlock(blocks); err != nil {
		return nil, err
	}
	return s, s.choosePolicies()
}

// chooseBlock returns the chosen server block, or otherwise the only one with policies.
func chooseBlock(blocks corefile.Blocks) (*typoguard.Block, error) {
	if blocks.Chosen != nil {
		if blocks.Chosen.Set == nil {
			return nil, errors.New("server: the server block has no policy; expected one with a typoguard stanza")
		}
		return blocks.Chosen, nil
	}
	var with []*typoguard.Block
	var keys []string
	for _, b := range blocks.All {
		if b.Set != nil {
			with, keys = append(with, b), append(keys, b.Keys[0]+b.View)
		}
	}
	if len(with) > 1 {
		return nil, fmt.Errorf("%d server blocks have policies; expected -server with the key, or the view, of one of %s", len(with), strings.Join(keys, ", "))
	}
	return with[0], nil
}

// choosePolicies fills in the policies of the zone.
func (s *selection) choosePolicies() error {
	var names []string
	for _, p := range s.block.Set.Policies {
		names = append(names, p.Name)
		switch {
		case s.only != "" && p.Name != s.only, !p.Clients.Cover(s.client):
		case p.ModeAt(s.now) == policy.Monitor && !s.monitors:
			s.skipped = append(s.skipped, p)
		default:
			s.policies = append(s.policies, p)
		}
	}
	switch {
	case len(s.policies) > 0:
		return nil
	case len(s.skipped) > 0:
		return fmt.Errorf("policy %q is in mode monitor; expected a policy in mode enforce, or -monitor", s.skipped[0].Name)
	case s.only != "" && !slices.Contains(names, s.only):
		return fmt.Errorf("policy: no policy %q; expected one of %s", s.only, strings.Join(names, ", "))
	}
	return fmt.Errorf("client: no policy applies to %s", s.client.Addr)
}

// plan returns the plan of a zone for the selection. The top-level domains of the suffixes count as existing even if they are not
// delegated, because those of private networks are not.
func (s *selection) plan(allTLDs bool) *plan {
	p := &plan{
		judge:    s.judge,
		isAbove:  s.block.Set.PassesBelow,
		suffixes: s.suffixes(),
		listed:   listedOf(s.block.Suffixes),
		special:  s.special(),
		exists:   func(string) bool { return true },
	}
	if allTLDs {
		return p
	}
	own := map[string]bool{}
	for _, name := range p.listed {
		own[topLevel(name)] = true
	}
	p.exists = func(top string) bool {
		label, ok := toASCII(top)
		return ok && (own[label] || tlds.Delegated(label))
	}
	return p
}

// judge returns the rule by which the server treats a name.
func (s *selection) judge(name string) judgement {
	if name == "" {
		return judgement{} // the root
	}
	q := policy.Query{Name: name, Type: dns.TypeMX, Client: func() *policy.Client { return s.client }, Operator: sameOperator}
	if s.only != "" {
		q.Only = s.block.Set.Named(s.only)
	}
	d := s.block.Judge(&q)
	if d.Listed != "" {
		return judgement{rule: rule{passes: true}}
	}
	whole := isWhole(d.Lookalike)
	except := d.Verdict == policy.Popular
	if except { // and so are the names below it, unless strangers register there
		q.Name = "any." + name
		d = s.block.Judge(&q)
	}
	if !d.Covered() || d.Doubtful || isUnlisted(d.Lookalike) || (d.Mode == policy.Monitor && !s.monitors) {
		return judgement{}
	}
	found := judgement{rule: rule{policy: d.Policy, except: except}}
	if whole {
		found.protected = d.Lookalike.Protected
	}
	return found
}

// isWhole reports whether a name as a whole is the lookalike.
func isWhole(l event.Lookalike) bool {
	if l.Kind == match.Boundary.String() {
		_, l.Intended, _ = strings.Cut(l.Intended, ".")
	}
	return l.Intended == l.Protected
}

// isUnlisted reports whether a lookalike is of a kind that the zone leaves out.
func isUnlisted(l event.Lookalike) bool { return l.Kind == match.Appended.String() }

// sameOperator stands in for a lookup of who operates a domain under another TLD. Rows would hide it even from its own organisation, so
// there are none.
func sameOperator(string, []string, time.Duration) policy.Operator { return policy.OperatorSame }

// special returns the popular and the denied names of the policies, those of the same parent in a row.
func (s *selection) special() []string {
	var names []string
	seen := map[*popular.List]bool{}
	for _, p := range s.policies {
		for _, l := range p.Popular {
			if seen[l] {
				continue
			}
			seen[l] = true
			for name := range l.All() {
				names = append(names, name)
			}
		}
		names = append(names, suffixlist.Names(s.suffixesOf(p).Denied)...)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(parent(a), parent(b)), cmp.Compare(a, b)) })
	return slices.Compact(names)
}

// comments describes the origin of the zone.
func (s *selection) comments(allTLDs bool) []string {
	var names []string
	for _, p := range s.policies {
		names = append(names, p.Name)
	}
	domains := tlds.Origin()
	if allTLDs {
		domains = "all top-level domains, delegated or not"
	}
	return []string{"Response policy zone of typoguard, of policy " + strings.Join(names, ", "), "Under " + domains}
}

// suffixesOf returns the suffixes of a policy.
func (s *selection) suffixesOf(p *policy.Policy) policy.Suffixes {
	return s.block.Suffixes[slices.Index(s.block.Set.Policies, p)]
}

// limits returns a line for each thing that the policies say but the zone does not.
func (s *selection) limits() []string {
	var lines []string
	for _, p := range s.skipped {
		lines = append(lines, fmt.Sprintf("policy %s left out because it is in mode monitor; add -monitor to include it", p.Name))
	}
	for _, p := range s.policies {
		if p.ModeAt(s.now) == policy.Monitor {
			lines = append(lines, fmt.Sprintf("policy %s: rows cannot express mode monitor: load the zone so that matches are only logged", p.Name))
		}
		for _, limit := range limitsOf(p, s.suffixesOf(p)) {
			lines = append(lines, fmt.Sprintf("policy %s: %s", p.Name, limit))
		}
	}
	if s.block.View != "" {
		lines = append(lines, fmt.Sprintf("view %s: rows apply to every client of the server that loads the zone", s.block.View))
	}
	return lines
}
