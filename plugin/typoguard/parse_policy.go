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

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

const (
	maxTTL = 86400
	// defaultKinds stands for all kinds that a policy has unless it says otherwise.
	defaultKinds = "default"
	// maxTimeout is the longest time that a query waits for existence checks. Mail servers give up on a query after five seconds.
	maxTimeout = 4 * time.Second
)

func parseDistance(c *caddy.Controller, p *policyConfig) error {
	isOne, err := args.Choice(c, "1", "2")
	if p.Distance = 2; isOne {
		p.Distance = 1
	}
	return err
}

func parseKinds(c *caddy.Controller, p *policyConfig) error {
	words, err := args.All(c, "kinds of difference")
	for _, arg := range words {
		if arg == defaultKinds {
			p.addDefaultKinds = true
			continue
		}
		kind, err := match.ParseKind(arg)
		if err != nil {
			return fmt.Errorf("%w, or %s", err, defaultKinds)
		}
		p.Kinds = p.Kinds.With(kind)
		if kind == match.Substitution { // includes adjacent keys
			p.Kinds = p.Kinds.With(match.Adjacent)
		}
	}
	return err
}

func parseKeyboard(c *caddy.Controller, p *policyConfig) error {
	arg, err := args.One(c, "a layout")
	if err != nil {
		return err
	}
	p.Keyboard, err = match.ParseKeyboard(arg)
	return err
}

func parseTypes(c *caddy.Controller, p *policyConfig) error {
	words, err := args.All(c, "query types")
	for _, arg := range words {
		qtype, ok := dns.StringToType[strings.ToUpper(arg)]
		switch {
		case !ok || qtype == dns.TypeNone || qtype == dns.TypeReserved || qtype == dns.TypeOPT:
			return fmt.Errorf("unknown type %q; expected query types such as MX A AAAA", arg)
		case qtype == dns.TypeANY:
			return errors.New("ANY is answered as MX is; expected types other than ANY")
		case policy.AlwaysPasses(qtype):
			return fmt.Errorf("%s always passes, for DNSSEC; expected other types", dns.TypeToString[qtype])
		}
		p.Types = append(p.Types, qtype)
	}
	return err
}

func parseAction(c *caddy.Controller, p *policyConfig) error {
	i, rest, err := args.Named(c, "action", policy.ActionNames[:])
	if err != nil {
		return err
	}
	p.Action = policy.Action(i)
	switch {
	case p.Action == policy.Sinkhole:
		return parseSinkhole(rest, p)
	case len(rest) > 0:
		return fmt.Errorf("%q after %s; expected nothing", rest[0], p.Action)
	}
	return nil
}

// parseSinkhole reads the sinkhole's addresses. It rejects those that cannot be a host's: they would send mail back to the mail server
// itself, or leave it in the queue for days.
func parseSinkhole(words []string, p *policyConfig) error {
	if len(words) == 0 {
		return errors.New("sinkhole without an address; expected at least one")
	}
	for _, arg := range words {
		addr, err := netip.ParseAddr(arg)
		switch {
		case err != nil || addr.Zone() != "" || addr.Is4In6():
			return fmt.Errorf("sinkhole address %q; expected an IPv4 or IPv6 address", arg)
		case addr.IsUnspecified() || addr.IsMulticast() || addr.IsLinkLocalUnicast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
			return fmt.Errorf("sinkhole address %s is not the address of a host; expected one that all clients reach", addr)
		case slices.Contains(p.Sinkhole, addr):
			return fmt.Errorf("sinkhole address %s twice; expected different ones", addr)
		}
		p.Sinkhole = append(p.Sinkhole, addr)
	}
	return nil
}

func parseMode(c *caddy.Controller, p *policyConfig) error {
	i, rest, err := args.Named(c, "mode", policy.ModeNames())
	if err != nil {
		return err
	}
	p.Mode = policy.Mode(i)
	switch date, ok := strings.CutPrefix(strings.Join(rest, " "), suffixlist.UntilPrefix); {
	case len(rest) == 0:
	case p.Mode != policy.Monitor || !ok:
		return fmt.Errorf("%q after %s; expected nothing, or until=DATE after monitor", rest[0], p.Mode)
	default:
		p.MonitorUntil, err = suffixlist.ParseUntil(date)
	}
	return err
}

func parseRequire(c *caddy.Controller, p *policyConfig) error {
	words, err := args.All(c, "counterpart")
	if err != nil {
		return err
	}
	if words[0] != "counterpart" {
		return fmt.Errorf("unknown requirement %q; expected counterpart", words[0])
	}
	r := &policy.Requirement{Timeout: policy.DefaultTimeout}
	p.Require = r
	return args.Pairs(words[1:], map[string]func(string) error{
		"on_error": func(value string) error {
			i := slices.Index(policy.OnErrorNames[:], value)
			if i < 0 {
				return fmt.Errorf("on_error %q; expected defer, block or pass", value)
			}
			r.OnError = policy.OnError(i)
			return nil
		},
		"timeout": func(value string) (err error) {
			if r.Timeout, err = args.Duration(value); err != nil || r.Timeout <= 0 || r.Timeout > maxTimeout {
				return fmt.Errorf("timeout %q; expected a duration up to %s such as 1s", value, maxTimeout)
			}
			return nil
		},
	})
}

func parseInspect(c *caddy.Controller, p *policyConfig) error {
	words, err := args.All(c, "types of records")
	for _, arg := range words {
		record, err := policy.ParseRecord(arg)
		if err != nil {
			return err
		}
		p.Inspect |= record
	}
	return err
}

func parseWatch(c *caddy.Controller, p *policyConfig) error {
	on, err := args.Choice(c, "on", "off")
	p.watch = on
	return err
}

func parseTTL(c *caddy.Controller, p *policyConfig) error {
	arg, err := args.One(c, "seconds")
	if err != nil {
		return err
	}
	ttl, err := strconv.ParseUint(arg, 10, 32)
	if err != nil || ttl > maxTTL {
		return fmt.Errorf("%q; expected seconds from 0 to %d", arg, maxTTL)
	}
	p.TTL = uint32(ttl)
	return nil
}
