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

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// smtpPort is the port to which mail servers always connect.
const smtpPort = 25

func parseSMTP(c *caddy.Controller, p *policyConfig) error {
	words, err := args.All(c, "addresses to listen on")
	for _, arg := range words {
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
	arg, err := args.One(c, "a host name")
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
	words, err := args.All(c, "the files of a certificate and of its key")
	if err != nil {
		return err
	}
	if len(words) != 2 {
		return fmt.Errorf("%d files; expected those of a certificate and of its key, in PEM", len(words))
	}
	certificate, err := tls.LoadX509KeyPair(p.below(words[0]), p.below(words[1]))
	if err != nil {
		return fmt.Errorf("%w; expected the files of a certificate and of its key, in PEM", err)
	}
	value := p.below(words[0]) + " " + p.below(words[1])
	return p.smtp.add(&smtpSetting{"smtp_tls", "", value, here(c), func(config *smtp.Config) { config.Certificate = &certificate }})
}

// parseSMTPLimits reads pairs of a limit and a value.
func parseSMTPLimits(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	words, err := args.All(c, "limits and their values")
	if err != nil {
		return err
	}
	if len(words)%2 == 1 {
		return fmt.Errorf("%q without a value; expected pairs such as connections 1000", words[len(words)-1])
	}
	for pair := range slices.Chunk(words, 2) {
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

// parseLimit returns a function that sets a limit in a configuration.
func parseLimit(limit smtp.Limit, arg string) (func(*smtp.Config), error) {
	number, numberErr := strconv.Atoi(arg)
	duration, durationErr := args.Duration(arg)
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

// setLimit sets a limit to a number, or a time limit to a duration.
func setLimit(l *smtp.Limits, limit smtp.Limit, number int, duration time.Duration) {
	numbers := map[smtp.Limit]*int{
		smtp.Connections: &l.Connections, smtp.PerClient: &l.PerClient, smtp.Commands: &l.Commands,
		smtp.Recipients: &l.Recipients, smtp.LineLength: &l.LineLength, smtp.Rate: &l.Rate,
	}
	durations := map[smtp.Limit]*time.Duration{smtp.CommandTime: &l.CommandTime, smtp.SessionTime: &l.SessionTime}
	if to, ok := numbers[limit]; ok {
		*to = number
		return
	}
	*durations[limit] = duration
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
	words, err := args.All(c, "a text")
	if err != nil {
		return err
	}
	if len(words) > 1 {
		return errors.New("several words; expected one text in quotes")
	}
	p.smtp.hint = words[0]
	return smtp.CheckHint(words[0])
}

func parseLogAddresses(c *caddy.Controller, p *policyConfig) (err error) {
	p.smtp.logAddresses, err = args.Choice(c, "on", "off")
	return err
}
