package typoguard

import (
	"fmt"
	"slices"

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
	if p.Zone, err = parseZone(words[0]); err != nil {
		return err
	}
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

// checkZones returns an error for a zone of our own that is, or lies under, a protected suffix.
func (b *block) checkZones(set *policy.Set) error {
	for _, c := range b.policies {
		for option, zone := range map[string]string{zoneOption: c.Zone, feedOption: c.Feed} {
			if zone == "" {
				continue
			}
			if d := set.Judge(&policy.Query{Name: zone, Type: dns.TypeMX}); d.Verdict == policy.Protected {
				return c.given[option].Errorf("%s: %s lies under the protected suffix %s; expected a zone that does not", option, zone, d.Listed)
			}
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
		all = append(all, warnOfUnserved(b, own, sites, zoneOption, z.Name)...)
	}
	return all
}

// warnOfUnserved warns of a zone of our own about which the server block gets no queries.
func warnOfUnserved(b *block, own, sites []*site, option, zone string) []string {
	var all []string
	if len(own) > 0 && !slices.ContainsFunc(own, func(s *site) bool { return dns.IsSubDomain(s.zone, zone) }) {
		all = append(all, fmt.Sprintf("%s %s does not lie in server block %s, which never gets queries for it", option, zone, own[0].key))
	}
	for _, other := range sites {
		takes := slices.ContainsFunc(own, func(s *site) bool { return other.takesFrom(s) })
		if other.block != b.at && takes && dns.IsSubDomain(other.zone, zone) {
			all = append(all, fmt.Sprintf("server block %s takes the zone %s away from %s, which has it", other.key, zone, own[0].key))
		}
	}
	return all
}

// isZone reports whether all names of a site lie in a zone of our own, so that it need not resolve anything.
func (b *block) isZone(s *site) bool {
	return slices.ContainsFunc(b.zones, func(z *listzone.Zone) bool { return dns.IsSubDomain(z.Name, s.zone) }) ||
		slices.ContainsFunc(b.feeds, func(z *feedZone) bool { return dns.IsSubDomain(z.Name, s.zone) })
}
