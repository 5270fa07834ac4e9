package typoguard

import (
	"bytes"
	"net"

	"github.com/coredns/caddy"
	"github.com/coredns/caddy/caddyfile"
	"github.com/coredns/coredns/plugin"
	hosts "github.com/coredns/coredns/plugin/pkg/parse"
	"github.com/coredns/coredns/plugin/pkg/transport"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/feed"
)

// secondariesOf returns whom the plugin transfer in the server block of a controller is to notify of a zone, and from which address. The plugin
// keeps that to itself, and would notify one after the other. So the Corefile of the instance that is starting is read again, by the rules of
// the plugin, which has accepted it.
func secondariesOf(c *caddy.Controller, zone string) (feed.Secondaries, error) {
	var found feed.Secondaries
	instances := caddy.Instances()
	corefile := instances[len(instances)-1].Caddyfile()
	blocks, err := caddyfile.Parse(corefile.Path(), bytes.NewReader(corefile.Body()), nil)
	if err != nil {
		return found, err
	}
	longest := ""
	d := caddyfile.NewDispenserTokens(corefile.Path(), blocks[c.ServerBlockIndex].Tokens["transfer"])
	for d.Next() {
		zones := plugin.Zones(plugin.OriginsFromArgsOrServerBlock(d.RemainingArgs(), c.ServerBlockKeys))
		one, err := parseSecondaries(&d)
		if err != nil {
			return found, err
		}
		if match := zones.Matches(zone); len(match) > len(longest) {
			longest, found = match, one
		}
	}
	return found, nil
}

// parseSecondaries reads the block of one directive of the plugin transfer.
func parseSecondaries(d *caddyfile.Dispenser) (feed.Secondaries, error) {
	var s feed.Secondaries
	for d.NextBlock() {
		switch property, values := d.Val(), d.RemainingArgs(); property {
		case "to":
			for _, host := range values {
				if host == "*" {
					continue // who may ask; nobody is told
				}
				address, err := hosts.HostPort(host, transport.Port)
				if err != nil {
					return s, err
				}
				s.Addresses = append(s.Addresses, address)
			}
		case "source":
			s.Source = net.ParseIP(values[0])
		}
	}
	return s, nil
}
