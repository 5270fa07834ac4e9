package typoguard

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
)

// site is what warnings need to know of one key of a server block.
type site struct {
	block       int    // index of the server block in the Corefile
	key         string // such as dns://example.org.:53
	zone        string
	transport   string
	port        string
	hosts       []netip.Addr // the zero address is all addresses
	listenHosts []string     // the same as CoreDNS listens on
	answers     bool         // a plugin may have answers to ordinary names
	hasACL      bool
	selective   bool // only for some clients, because of a view
}

// silent are the plugins that have no answers of their own to ordinary names. One that is not known is taken to have some.
var silent = []string{
	pluginName, "acl", "any", "autopath", "bufsize", "cache", "cancel", "chaos", "debug", "dns64", "dnssec", "dnstap", "errors", "header", "health",
	"loadbalance", "local", "log", "loop", "metadata", "minimal", "nsid", "prometheus", "ready", "rewrite", "shed", "trace", "transfer", "tsig",
	"view",
}

// newSite returns what a key of a server block says. The servers must have been made.
func newSite(block int, key string, config *dnsserver.Config) *site {
	s := &site{
		block: block, key: key, zone: config.Zone, transport: config.Transport, port: config.Port, listenHosts: config.ListenHosts,
		hasACL: config.Handler("acl") != nil, selective: len(config.FilterFuncs) > 0,
	}
	for _, host := range config.ListenHosts {
		address, _ := netip.ParseAddr(host) // "" is all addresses
		s.hosts = append(s.hosts, address)
	}
	s.answers = slices.ContainsFunc(config.Handlers(), func(h plugin.Handler) bool { return !slices.Contains(silent, h.Name()) })
	return s
}

// sitesOf returns the sites of a Corefile whose servers have been made. Only its typoguard stanzas are known to the instance, so sitesOf
// asks for one server block after the other. For one that does not exist, CoreDNS makes an empty configuration, which no server uses.
func sitesOf(c *caddy.Controller) []*site {
	var all []*site
	for i := 0; ; i++ {
		for j := 0; ; j++ {
			config := configAt(c, i, j)
			if config.Zone == "" {
				if j == 0 {
					return all
				}
				break
			}
			all = append(all, newSite(i, config.Transport+"://"+config.Zone+":"+config.Port, config))
		}
	}
}

// configAt returns the configuration of a key of a server block.
func configAt(c *caddy.Controller, block, key int) *dnsserver.Config {
	at := *c
	at.ServerBlockIndex, at.ServerBlockKeyIndex = block, key
	return dnsserver.GetConfig(&at)
}

// takesFrom reports whether another site answers the queries for its zone that this one would get otherwise.
func (s *site) takesFrom(other *site) bool {
	if s.transport != other.transport || s.port != other.port || s.zone == other.zone || !plugin.Name(other.zone).Matches(s.zone) {
		return false
	}
	return overlap(s.hosts, other.hosts)
}

// overlap reports whether two sites have an address in common.
func overlap(some, others []netip.Addr) bool {
	for _, a := range some {
		for _, b := range others {
			if a == b || !a.IsValid() || !b.IsValid() || a.IsUnspecified() || b.IsUnspecified() {
				return true
			}
		}
	}
	return false
}

// isPublic reports whether the site listens on an address that is not this host's own.
func (s *site) isPublic() bool {
	return slices.ContainsFunc(s.hosts, func(a netip.Addr) bool { return !a.IsLoopback() })
}

// name is the zone without the final dot.
func (s *site) name() string { return strings.TrimSuffix(s.zone, ".") }
