package typoguard

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/plugin/metadata"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// metadataPrefix is how clients are named by their metadata.
const metadataPrefix = "metadata:"

func parseDistance(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "1 or 2")
	if err != nil {
		return err
	}
	if arg != "1" && arg != "2" {
		return fmt.Errorf("%q; expected 1 or 2", arg)
	}
	s.policy.distance, err = strconv.Atoi(arg)
	return err
}

func parseKinds(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, "kinds of difference")
	for _, arg := range args {
		kind, err := match.ParseKind(arg)
		if err != nil {
			return err
		}
		s.policy.kinds = s.policy.kinds.With(kind)
		if kind == match.Substitution { // by whatever key
			s.policy.kinds = s.policy.kinds.With(match.Adjacent)
		}
	}
	return err
}

func parseKeyboard(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "a layout")
	if err != nil {
		return err
	}
	s.policy.keyboard, err = match.ParseKeyboard(arg)
	return err
}

func parseClients(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, "networks")
	for _, arg := range args {
		if text, ok := strings.CutPrefix(arg, metadataPrefix); ok {
			name, value, ok := strings.Cut(text, "=")
			if !ok || !metadata.IsLabel(name) {
				return fmt.Errorf("%q; expected metadata:LABEL=VALUE with a label such as plugin/name", arg)
			}
			s.policy.clients.labels = append(s.policy.clients.labels, label{name, value})
			continue
		}
		network, err := parseNetwork(arg)
		if err != nil {
			return err
		}
		s.policy.clients.networks = append(s.policy.clients.networks, network)
	}
	return err
}

func parseClientSubnetFrom(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, "networks")
	for _, arg := range args {
		network, err := parseNetwork(arg)
		if err != nil {
			return err
		}
		s.policy.clients.forwarders = append(s.policy.clients.forwarders, network)
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

func parseTypes(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, "query types")
	for _, arg := range args {
		qtype, ok := dns.StringToType[strings.ToUpper(arg)]
		switch {
		case !ok || qtype == dns.TypeNone || qtype == dns.TypeReserved || qtype == dns.TypeOPT:
			return fmt.Errorf("unknown type %q; expected query types such as MX A AAAA", arg)
		case qtype == dns.TypeANY:
			return errors.New("ANY is answered as MX is; expected types other than ANY")
		case alwaysPasses(qtype):
			return fmt.Errorf("%s always passes, for DNSSEC; expected other types", dns.TypeToString[qtype])
		}
		s.policy.types = append(s.policy.types, qtype)
	}
	return err
}

func parseAction(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, strings.Join(actionNames, ", "))
	if err != nil {
		return err
	}
	i := slices.Index(actionNames, args[0])
	if i < 0 {
		return fmt.Errorf("unknown action %q; expected one of %s", args[0], strings.Join(actionNames, ", "))
	}
	s.policy.action = action(i)
	switch {
	case s.policy.action == sinkhole:
		return parseSinkhole(args[1:], &s.policy)
	case len(args) > 1:
		return fmt.Errorf("%q after %s; expected nothing", args[1], args[0])
	}
	return nil
}

// parseSinkhole reads the sinkhole's addresses. Those that are no host's would send the mail back to the mail server
// itself, or leave it in the queue for days.
func parseSinkhole(args []string, p *policy) error {
	if len(args) == 0 {
		return errors.New("sinkhole without an address; expected at least one")
	}
	for _, arg := range args {
		addr, err := netip.ParseAddr(arg)
		switch {
		case err != nil || addr.Zone() != "" || addr.Is4In6():
			return fmt.Errorf("sinkhole address %q; expected an IPv4 or IPv6 address", arg)
		case addr.IsUnspecified() || addr.IsMulticast() || addr.IsLinkLocalUnicast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
			return fmt.Errorf("sinkhole address %s is no address of a host; expected one that all clients reach", addr)
		case slices.Contains(p.sinkhole, addr):
			return fmt.Errorf("sinkhole address %s twice; expected different ones", addr)
		}
		p.sinkhole = append(p.sinkhole, addr)
	}
	return nil
}

func parseMode(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, strings.Join(modeNames, " or "))
	if err != nil {
		return err
	}
	i := slices.Index(modeNames, args[0])
	if i < 0 {
		return fmt.Errorf("unknown mode %q; expected %s", args[0], strings.Join(modeNames, " or "))
	}
	s.policy.mode = mode(i)
	switch date, ok := strings.CutPrefix(strings.Join(args[1:], " "), untilPrefix); {
	case len(args) == 1:
	case s.policy.mode != monitor || !ok:
		return fmt.Errorf("%q after %s; expected nothing, or until=DATE after monitor", args[1], args[0])
	default:
		s.policy.trial, err = parseUntil(date)
	}
	return err
}

func parseRequire(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, "counterpart")
	if err != nil {
		return err
	}
	if args[0] != "counterpart" {
		return fmt.Errorf("unknown requirement %q; expected counterpart", args[0])
	}
	r := &requirement{timeout: defaultTimeout}
	given := map[string]bool{}
	for args = args[1:]; len(args) > 0; args = args[2:] {
		switch {
		case len(args) == 1:
			return fmt.Errorf("%q without a value; expected on_error block|pass or timeout DURATION", args[0])
		case given[args[0]]:
			return fmt.Errorf("%s twice; expected it once", args[0])
		}
		given[args[0]] = true
		if err := r.set(args[0], args[1]); err != nil {
			return err
		}
	}
	s.policy.require = r
	return nil
}

// set sets one of the settings of a requirement.
func (r *requirement) set(name, value string) error {
	switch name {
	case "on_error":
		if value != "block" && value != "pass" {
			return fmt.Errorf("on_error %q; expected block or pass", value)
		}
		r.passOnError = value == "pass"
	case "timeout":
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 || d > maxTimeout {
			return fmt.Errorf("timeout %q; expected a duration up to %s such as 1s", value, maxTimeout)
		}
		r.timeout = d
	default:
		return fmt.Errorf("%q; expected on_error block|pass or timeout DURATION", name)
	}
	return nil
}

func parseInspect(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, "types of records")
	for _, arg := range args {
		i := slices.IndexFunc(inspected, func(record inspectable) bool { return record.name == strings.ToLower(arg) })
		if i < 0 {
			return fmt.Errorf("unknown type %q; expected mx, cname, srv or ns", arg)
		}
		s.policy.inspect |= inspected[i].bit
	}
	return err
}

func parseTTL(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "seconds")
	if err != nil {
		return err
	}
	ttl, err := strconv.ParseUint(arg, 10, 32)
	if err != nil || ttl > maxTTL {
		return fmt.Errorf("%q; expected seconds from 0 to %d", arg, maxTTL)
	}
	s.policy.ttl = uint32(ttl)
	return nil
}
