package typoguard

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/plugin/metadata"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// byMetadata is the prefix of arguments that select clients by metadata.
const byMetadata = "metadata:"

func parseClients(c *caddy.Controller, p *policyConfig) error {
	words, err := args.All(c, "networks")
	for _, arg := range words {
		if text, ok := strings.CutPrefix(arg, byMetadata); ok {
			name, value, ok := strings.Cut(text, "=")
			if !ok || !metadata.IsLabel(name) {
				return fmt.Errorf("%q; expected metadata:LABEL=VALUE with a label such as plugin/name", arg)
			}
			p.Clients.Labels = append(p.Clients.Labels, policy.Label{Name: name, Value: value})
			continue
		}
		network, err := parseNetwork(arg)
		if err != nil {
			return err
		}
		p.Clients.Networks = append(p.Clients.Networks, network)
	}
	return err
}

func parseClientSubnetFrom(c *caddy.Controller, p *policyConfig) error {
	words, err := args.All(c, "networks")
	for _, arg := range words {
		network, err := parseNetwork(arg)
		if err != nil {
			return err
		}
		p.Clients.Forwarders = append(p.Clients.Forwarders, network)
	}
	return err
}

// parseNetwork reads a network in CIDR notation, or a single address.
func parseNetwork(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" && !addr.Is4In6() {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	network, err := netip.ParsePrefix(s)
	switch {
	case err != nil || network.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%q; expected a network such as 192.0.2.0/24 or 2001:db8::/32", s)
	case network != network.Masked():
		return netip.Prefix{}, fmt.Errorf("%q has host bits set; expected %s", s, network.Masked())
	}
	return network, nil
}

func parseClientMask(c *caddy.Controller, p *policyConfig) error {
	const expected = "expected bits of IPv4 and of IPv6 addresses to keep, such as 24 56"
	words, err := args.All(c, strings.TrimPrefix(expected, "expected "))
	if err != nil {
		return err
	}
	if len(words) != 2 {
		return fmt.Errorf("%d numbers; %s", len(words), expected)
	}
	v4, err4 := strconv.Atoi(words[0])
	v6, err6 := strconv.Atoi(words[1])
	if err4 != nil || err6 != nil {
		return fmt.Errorf("%q; %s", strings.Join(words, " "), expected)
	}
	p.mask = event.Mask{V4: v4, V6: v6}
	return p.mask.Check()
}
