package typoguard

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// smtpPort is where mail servers connect to, always.
const smtpPort = 25

// smtpOptions are the options that say something about a policy's SMTP listeners, but for smtp itself.
var smtpOptions = []string{"smtp_hostname", "smtp_tls", "smtp_limits", "hint", "log_addresses"}

// checkSMTP returns an error for a listener that nobody is sent to, and for options about one where there is none.
func (s *stanza) checkSMTP() error {
	if at, ok := s.given["smtp"]; ok {
		if s.policy.action != sinkhole {
			return at.errorf("smtp: action %s sends nobody to it; expected action sinkhole", s.policy.action)
		}
		return nil
	}
	for _, option := range smtpOptions {
		if at, ok := s.given[option]; ok {
			return at.errorf("%s: without an SMTP listener; expected smtp ADDRESS, too", option)
		}
	}
	return nil
}

func parseSMTP(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, "addresses to listen on")
	for _, arg := range args {
		address, err := parseListener(arg)
		if err != nil {
			return err
		}
		if slices.Contains(s.policy.listeners, address) {
			return fmt.Errorf("address %s twice; expected different ones", address)
		}
		s.policy.listeners = append(s.policy.listeners, address)
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

func parseSMTPHostname(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "a host name")
	if err != nil {
		return err
	}
	name, err := match.ParseSuffix(arg)
	if err != nil {
		return fmt.Errorf("%q; expected a host name such as sinkhole.example.org", arg)
	}
	return s.set("smtp_hostname", "", here(c), name, func(config *smtp.Config) { config.Hostname = name })
}

func parseSMTPTLS(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, "the files of a certificate and of its key")
	if err != nil {
		return err
	}
	if len(args) != 2 {
		return fmt.Errorf("%d files; expected those of a certificate and of its key, in PEM", len(args))
	}
	for i, path := range args {
		if !filepath.IsAbs(path) {
			args[i] = filepath.Join(s.root, path)
		}
	}
	certificate, err := tls.LoadX509KeyPair(args[0], args[1])
	if err != nil {
		return fmt.Errorf("%w; expected the files of a certificate and of its key, in PEM", err)
	}
	return s.set("smtp_tls", "", here(c), strings.Join(args, " "), func(config *smtp.Config) { config.Certificate = &certificate })
}

// parseSMTPLimits reads pairs of a limit and its value.
func parseSMTPLimits(c *caddy.Controller, s *stanza) error {
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
		if err := s.set("smtp_limits", pair[0], at, pair[1], apply); err != nil {
			return err
		}
	}
	return nil
}

// parseLimit returns what puts a limit into a configuration.
func parseLimit(limit smtp.Limit, arg string) (func(*smtp.Config), error) {
	number, numberErr := strconv.Atoi(arg)
	duration, durationErr := time.ParseDuration(arg)
	apply := func(config *smtp.Config) {
		l := &config.Limits
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

// limitNames returns the names of all limits, for an error.
func limitNames() string {
	var names []string
	for _, limit := range smtp.AllLimits {
		names = append(names, string(limit))
	}
	return strings.Join(names, ", ")
}

func parseHint(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, "a text")
	if err != nil {
		return err
	}
	if len(args) > 1 {
		return errors.New("several words; expected one text in quotes")
	}
	s.policy.hint = args[0]
	return smtp.CheckHint(args[0])
}

func parseLogAddresses(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "on or off")
	if err != nil {
		return err
	}
	if arg != "on" && arg != "off" {
		return fmt.Errorf("%q; expected on or off", arg)
	}
	s.policy.logAddresses = arg == "on"
	return nil
}
