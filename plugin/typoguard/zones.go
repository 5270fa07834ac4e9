package typoguard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coredns/caddy"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/listzone"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// zoneOption is the name of the option that adds a list zone.
const zoneOption = "lookalike_zone"

// maxZone is the length of the longest list zone, so that most domains fit in front of it.
const maxZone = 100

// answeredElsewhere are the suffixes of names that resolvers answer themselves, or leave to other protocols (RFC 6761, 6762, 7686, 8375, 9476).
var answeredElsewhere = []string{"alt", "home.arpa", "invalid", "local", "localhost", "onion", "test"}

func parseLookalikeZone(c *caddy.Controller, p *policyConfig) error {
	words, err := args.All(c, "a zone")
	if err != nil {
		return err
	}
	name, err := match.ParseSuffix(words[0])
	switch {
	case err != nil:
		return fmt.Errorf("%q is not the name of a zone: %w", words[0], err)
	case !strings.Contains(name, "."):
		return fmt.Errorf("%q is a top-level domain; expected a zone of your own, such as lookalikes.corp.example", words[0])
	case len(name) > maxZone:
		return fmt.Errorf("%q has %d characters; expected at most %d, since domains stand in front of it", words[0], len(name), maxZone)
	}
	p.Zone = dns.Fqdn(name)
	for _, word := range words[1:] {
		server, err := match.ParseSuffix(word)
		if err != nil {
			return fmt.Errorf("%q is not the name of a name server: %w", word, err)
		}
		p.servers = append(p.servers, dns.Fqdn(server))
	}
	return nil
}

// zonesOf returns the list zones of the policies of a server block. Policies that name the same one share it.
func zonesOf(policies []*policyConfig) ([]*listzone.Zone, error) {
	var zones []*listzone.Zone
	first := map[string]*policyConfig{}
	for _, c := range policies {
		if c.Zone == "" {
			continue
		}
		other := first[c.Zone]
		if other == nil {
			first[c.Zone] = c
			zones = append(zones, &listzone.Zone{Name: c.Zone, TTL: c.TTL, Servers: c.servers})
			continue
		}
		if !slices.Equal(other.servers, c.servers) {
			return nil, c.given[zoneOption].Errorf("%s: the name servers differ from those at %s; expected the same for both, which share the zone %s",
				zoneOption, other.given[zoneOption], c.Zone)
		}
		z := zones[slices.IndexFunc(zones, func(z *listzone.Zone) bool { return z.Name == c.Zone })]
		z.TTL = min(z.TTL, c.TTL)
	}
	return zones, nil
}

// checkZones returns an error for a list zone that is, or lies under, a protected suffix.
func (b *block) checkZones(set *policy.Set) error {
	for _, c := range b.policies {
		if c.Zone == "" {
			continue
		}
		if d := set.Judge(&policy.Query{Name: c.Zone, Type: dns.TypeMX}); d.Verdict == policy.Protected {
			return c.given[zoneOption].Errorf("%s: %s lies under the protected suffix %s; expected a zone that does not", zoneOption, c.Zone, d.Listed)
		}
	}
	return nil
}

// warnOfListZones warns of list zones about which some or all mail servers learn nothing.
func warnOfListZones(b *block, own, sites []*site) []string {
	var all []string
	for _, z := range b.zones {
		for _, suffix := range answeredElsewhere {
			if dns.IsSubDomain(dns.Fqdn(suffix), z.Name) {
				all = append(all, fmt.Sprintf("%s %s lies under %s, which resolvers answer themselves: mail servers that ask by one of them find nothing on the list",
					zoneOption, z.Name, suffix))
			}
		}
		if len(own) > 0 && !slices.ContainsFunc(own, func(s *site) bool { return dns.IsSubDomain(s.zone, z.Name) }) {
			all = append(all, fmt.Sprintf("%s %s does not lie in server block %s, which never gets queries for it", zoneOption, z.Name, own[0].key))
		}
		for _, other := range sites {
			takes := slices.ContainsFunc(own, func(s *site) bool { return other.takesFrom(s) })
			if other.block != b.at && takes && dns.IsSubDomain(other.zone, z.Name) {
				all = append(all, fmt.Sprintf("server block %s takes the zone %s away from %s, which has its list", other.key, z.Name, own[0].key))
			}
		}
	}
	return all
}

// isZone reports whether all names of a site lie in a list zone of the block, so that it need not resolve anything.
func (b *block) isZone(s *site) bool {
	return slices.ContainsFunc(b.zones, func(z *listzone.Zone) bool { return dns.IsSubDomain(z.Name, s.zone) })
}
