package typoguard

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// smtpPort is where mail servers connect to, always.
const smtpPort = 25

// smtpConfig is what a stanza says of the SMTP listeners to which the sinkhole leads.
type smtpConfig struct {
	addresses    []netip.AddrPort
	settings     []*smtpSetting
	hint         string // for the sender, in the replies
	logAddresses bool   // of mail that is refused
}

// smtpSetting is an option, or a part of one, about SMTP listeners.
type smtpSetting struct {
	option, part string // such as smtp_limits and connections
	value        string // as it was given
	at           suffixlist.Position
	apply        func(*smtp.Config)
}

// String returns the setting as it is written.
func (s *smtpSetting) String() string {
	if s.part == "" {
		return s.value
	}
	return s.part + " " + s.value
}

// findSetting returns the setting of the same kind as another one, or nil.
func findSetting(settings []*smtpSetting, like *smtpSetting) *smtpSetting {
	i := slices.IndexFunc(settings, func(s *smtpSetting) bool { return s.option == like.option && s.part == like.part })
	if i < 0 {
		return nil
	}
	return settings[i]
}

// add notes a setting, which must be the only one of its kind.
func (c *smtpConfig) add(next *smtpSetting) error {
	if other := findSetting(c.settings, next); other != nil {
		return fmt.Errorf("%sgiven at %s already; expected once", strings.TrimLeft(next.part+" ", " "), other.at)
	}
	c.settings = append(c.settings, next)
	return nil
}

// checkSMTP returns an error for a listener to which no client is sent, and for options about one where there is none.
func (c *policyConfig) checkSMTP() error {
	if at, ok := c.given["smtp"]; ok {
		if c.Action != policy.Sinkhole {
			return at.Errorf("smtp: action %s sends nobody to it; expected action sinkhole", c.Action)
		}
		return nil
	}
	for _, option := range []string{"smtp_hostname", "smtp_tls", "smtp_limits", "hint", "log_addresses"} {
		if at, ok := c.given[option]; ok {
			return at.Errorf("%s: without an SMTP listener; expected smtp ADDRESS, too", option)
		}
	}
	return nil
}

func parseSMTP(c *caddy.Controller, p *policyConfig) error {
	args, err := arguments(c, "addresses to listen on")
	for _, arg := range args {
		address, err := parseListener(arg)
		if err != nil {
			return err
		}
		if slices.Contains(p.smtp.addresses, address) {
			return fmt.Errorf("address %s twice; expected different ones", address)
		}
		p.smtp.addresses = append(p.smtp.addresses, address)
	}
	return err
}

// parseListener reads an address to listen on, with or without a port.
func parseListener(arg string) (netip.AddrPort, error) {
	address, err := netip.ParseAddrPort(arg)
	if err != nil {
		var addr netip.Addr
		addr, err = netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(arg, "["), "]"))
		address = netip.AddrPortFrom(addr, smtpPort)
	}
	if addr := address.Addr(); err != nil || addr.Zone() != "" || addr.Is4In6() || addr.IsMulticast() {
		return netip.AddrPort{}, fmt.Errorf("address %q; expected one of this host, such as 192.0.2.25 or [2001:db8::25]:2525", arg)
	}
	return address, nil
}

func parseSMTPHostname(c *caddy.Controller, p *policyConfig) error {
	arg, err := argument(c, "a host name")
	if err != nil {
		return err
	}
	name, err := match.ParseSuffix(arg)
	if err != nil {
		return fmt.Errorf("%q; expected a host name such as sinkhole.example.org", arg)
	}
	return p.smtp.add(&smtpSetting{"smtp_hostname", "", name, here(c), func(config *smtp.Config) { config.Hostname = name }})
}

func parseSMTPTLS(c *caddy.Controller, p *policyConfig) error {
	args, err := arguments(c, "the files of a certificate and of its key")
	if err != nil {
		return err
	}
	if len(args) != 2 {
		return fmt.Errorf("%d files; expected those of a certificate and of its key, in PEM", len(args))
	}
	certificate, err := tls.LoadX509KeyPair(p.below(args[0]), p.below(args[1]))
	if err != nil {
		return fmt.Errorf("%w; expected the files of a certificate and of its key, in PEM", err)
	}
	value := p.below(args[0]) + " " + p.below(args[1])
	return p.smtp.add(&smtpSetting{"smtp_tls", "", value, here(c), func(config *smtp.Config) { config.Certificate = &certificate }})
}

// parseSMTPLimits reads pairs of a limit and its value.
func parseSMTPLimits(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	args, err := arguments(c, "limits and their values")
	if err != nil {
		return err
	}
	if len(args)%2 == 1 {
		return fmt.Errorf("%q without a value; expected pairs such as connections 1000", args[len(args)-1])
	}
	for pair := range slices.Chunk(args, 2) {
		limit := smtp.Limit(pair[0])
		if !slices.Contains(smtp.AllLimits, limit) {
			return fmt.Errorf("unknown limit %q; expected one of %s", limit, limitNames())
		}
		apply, err := parseLimit(limit, pair[1])
		if err != nil {
			return err
		}
		if err := p.smtp.add(&smtpSetting{"smtp_limits", pair[0], pair[1], at, apply}); err != nil {
			return err
		}
	}
	return nil
}

// parseLimit returns what puts a limit into a configuration.
func parseLimit(limit smtp.Limit, arg string) (func(*smtp.Config), error) {
	number, numberErr := strconv.Atoi(arg)
	duration, durationErr := parseDuration(arg)
	apply := func(config *smtp.Config) { setLimit(&config.Limits, limit, number, duration) }
	switch isTime := limit == smtp.CommandTime || limit == smtp.SessionTime; {
	case isTime && durationErr != nil:
		return nil, fmt.Errorf("%s %q; expected a duration such as 30s", limit, arg)
	case !isTime && numberErr != nil:
		return nil, fmt.Errorf("%s %q; expected a number", limit, arg)
	}
	config := smtp.Config{Limits: smtp.DefaultLimits}
	apply(&config)
	return apply, config.Limits.Check()
}

// setLimit sets a limit to a number, or to a duration if it is one of time.
func setLimit(l *smtp.Limits, limit smtp.Limit, number int, duration time.Duration) {
	switch limit {
	case smtp.Connections:
		l.Connections = number
	case smtp.PerClient:
		l.PerClient = number
	case smtp.Commands:
		l.Commands = number
	case smtp.Recipients:
		l.Recipients = number
	case smtp.LineLength:
		l.LineLength = number
	case smtp.Rate:
		l.Rate = number
	case smtp.CommandTime:
		l.CommandTime = duration
	case smtp.SessionTime:
		l.SessionTime = duration
	}
}

// limitNames returns the names of all limits, for an error.
func limitNames() string {
	var names []string
	for _, limit := range smtp.AllLimits {
		names = append(names, string(limit))
	}
	return strings.Join(names, ", ")
}

func parseHint(c *caddy.Controller, p *policyConfig) error {
	args, err := arguments(c, "a text")
	if err != nil {
		return err
	}
	if len(args) > 1 {
		return errors.New("several words; expected one text in quotes")
	}
	p.smtp.hint = args[0]
	return smtp.CheckHint(args[0])
}

func parseLogAddresses(c *caddy.Controller, p *policyConfig) (err error) {
	p.smtp.logAddresses, err = choice(c, "on", "off")
	return err
}
