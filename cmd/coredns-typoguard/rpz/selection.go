package rpz

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/rpz/tlds"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
)

const monitor = "monitor" // the mode

// selection is the policies of a zone.
type selection struct {
	block    *typoguard.Block
	policies []*typoguard.Policy // at least one
	skipped  []*typoguard.Policy // left out because they are in mode monitor
	only     string              // the name of the only policy, or ""
	client   netip.Addr          // the client that the policies must apply to; the zero address is any client
	monitors bool                // include policies in mode monitor
}

// newSelection returns the policies that the options select.
func newSelection(blocks corefile.Blocks, only, client string, monitors bool) (*selection, error) {
	s := &selection{only: only, monitors: monitors}
	var err error
	if client != "" {
		if s.client, err = netip.ParseAddr(client); err != nil {
			return nil, fmt.Errorf("client: %w; expected an IPv4 or IPv6 address", err)
		}
		s.client = s.client.Unmap().WithZone("")
	}
	if s.block, err = chooseBlock(blocks); err != nil {
		return nil, err
	}
	return s, s.choosePolicies()
}

// chooseBlock returns the chosen server block, or otherwise the only one with policies.
func chooseBlock(blocks corefile.Blocks) (*typoguard.Block, error) {
	if blocks.Chosen != nil {
		if blocks.Chosen.Policies() == nil {
			return nil, errors.New("server: the server block has no policy; expected one with a typoguard stanza")
		}
		return blocks.Chosen, nil
	}
	var with []*typoguard.Block
	var keys []string
	for _, b := range blocks.All {
		if b.Policies() != nil {
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
	all := s.block.Policies()
	var names []string
	for i := range all {
		p := &all[i]
		names = append(names, p.Name)
		switch {
		case s.only != "" && p.Name != s.only, !s.isFor(p):
		case p.Mode == monitor && !s.monitors:
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
	return fmt.Errorf("client: no policy applies to %s", s.client)
}

// isFor reports whether a policy applies to the client.
func (s *selection) isFor(p *typoguard.Policy) bool {
	return !s.client.IsValid() || (len(p.Clients) == 0 && len(p.ClientLabels) == 0) ||
		slices.ContainsFunc(p.Clients, func(network netip.Prefix) bool { return network.Contains(s.client) })
}

// plan returns the plan of a zone for the selection. The top-level domains of the suffixes count as existing even if they are not
// delegated, because those of private networks are not.
func (s *selection) plan(allTLDs bool) *plan {
	p := &plan{
		judge:    s.judge,
		suffixes: suffixesOf(s.policies),
		listed:   listedOf(s.block.Policies()),
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
	j := s.block.Judge(typoguard.Query{Name: name, Client: s.client})
	if j.Listed != "" {
		return judgement{rule: rule{passes: true}}
	}
	decisive := j.Decisive
	if s.only != "" {
		// As if it were the only policy, except that names listed by others still pass.
		i := slices.IndexFunc(j.Candidates, func(c typoguard.Candidate) bool { return c.Policy.Name == s.only })
		if i < 0 {
			return judgement{}
		}
		decisive = &j.Candidates[i]
	}
	if decisive == nil || (decisive.Policy.Mode == monitor && !s.monitors) {
		return judgement{}
	}
	found := judgement{rule: rule{policy: decisive.Policy}}
	if decisive.Intended == decisive.Protected {
		found.protected = decisive.Protected
	}
	return found
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

// limits returns a line for each thing that the policies say but the zone does not.
func (s *selection) limits() []string {
	var lines []string
	for _, p := range s.skipped {
		lines = append(lines, fmt.Sprintf("policy %s left out because it is in mode monitor; add -monitor to include it", p.Name))
	}
	for _, p := range s.policies {
		if p.Mode == monitor {
			lines = append(lines, fmt.Sprintf("policy %s: rows cannot express mode monitor: load the zone so that matches are only logged", p.Name))
		}
		for _, limit := range limitsOf(p) {
			lines = append(lines, fmt.Sprintf("policy %s: %s", p.Name, limit))
		}
	}
	if s.block.View != "" {
		lines = append(lines, fmt.Sprintf("view %s: rows apply to every client of the server that loads the zone", s.block.View))
	}
	return lines
}

// typeNames formats query types as in a Corefile.
func typeNames(types []uint16) string {
	var names []string
	for _, t := range types {
		names = append(names, dns.TypeToString[t])
	}
	return strings.Join(names, " ")
}
