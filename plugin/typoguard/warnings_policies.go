package typoguard

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// warnOfClients warns of networks of clients that are narrower than a forwarder says: it names no single client, but a network of 24 bits
// of IPv4, and of 56 bits of IPv6 (RFC 7871 section 11.1).
func warnOfClients(b *block) []string {
	var all []string
	for _, c := range b.policies {
		if len(c.Clients.Forwarders) == 0 {
			continue
		}
		var narrow []string
		for _, network := range c.Clients.Networks {
			if isNarrow(network) && !asksItself(network, &c.Clients) {
				narrow = append(narrow, network.String())
			}
		}
		if len(narrow) > 0 {
			all = append(all, fmt.Sprintf(
				"policy %q: clients %s is narrower than the /24 or /56 that forwarders name (client_subnet_from): what comes through one is not covered", c.Name, some(narrow)))
		}
	}
	return all
}

// isNarrow reports whether a network is narrower than those that forwarders name.
func isNarrow(network netip.Prefix) bool {
	return network.Bits() > 56 || (network.Addr().Is4() && network.Bits() > 24)
}

// asksItself reports whether a narrow network of clients needs no forwarder to name it: it is a forwarder or this host, or lies in a network
// of clients that is wide enough.
func asksItself(network netip.Prefix, clients *policy.Clients) bool {
	contains := func(other netip.Prefix) bool { return other.Bits() <= network.Bits() && other.Contains(network.Addr()) }
	wide := func(other netip.Prefix) bool { return !isNarrow(other) && contains(other) }
	return network.Addr().IsLoopback() || slices.ContainsFunc(clients.Forwarders, contains) || slices.ContainsFunc(clients.Networks, wide)
}

// warnOfDenied warns of denied suffixes that look like nothing that their own policy protects, and neither does any name below.
func warnOfDenied(b *block) []string {
	suffixes, sizes := b.suffixes(b.now()), b.set.Load().Sizes
	var all []string
	for i, c := range b.policies {
		if len(c.lists.denied) == 0 || sizes[i].Protected > maxCompared || b.lists[i].IsMissing() {
			continue
		}
		if names := ineffective(c.Policy, suffixes[i], b.now()); len(names) > 0 {
			all = append(all, fmt.Sprintf("policy %q: deny %s looks like no protected suffix of the policy, and hides nothing", c.Name, some(names)))
		}
	}
	return all
}

// ineffective returns the suffixes that a policy denies without effect. Of one under which others register nothing is known: it may be what
// is left of many lookalikes.
func ineffective(p policy.Policy, suffixes policy.Suffixes, now time.Time) []string {
	p.Mode, p.MonitorUntil = policy.Enforce, time.Time{}
	alone, err := policy.Compile([]*policy.Policy{&p}, []policy.Suffixes{suffixes}, now, nil)
	if err != nil {
		return nil
	}
	var names []string
	for _, name := range suffixes.Denied.Names() {
		d := alone.Judge(&policy.Query{Name: name, Type: dns.TypeMX})
		if !d.Covered() && !policy.IsRegistry(name) && !alone.HidesBelow(name) && !endsWithin(suffixes.Protected, name) {
			names = append(names, name)
		}
	}
	return names
}
