package typoguard

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
)

const pluginName = "typoguard"

func init() { plugin.Register(pluginName, setup) }

// setup parses the policies of a server block and puts their handler into its chain. It reads or fetches lists, but starts
// nothing: an instance that fails to start later is dropped without a word.
func setup(c *caddy.Controller) error {
	config := dnsserver.GetConfig(c)
	b, err := parse(c, config.Root)
	if err != nil {
		return plugin.Error(pluginName, err)
	}
	t := newTypoguard(b)
	c.OnStartup(func() error {
		if b.needsMetadata() && config.Handler("metadata") == nil {
			return plugin.Error(pluginName, errors.New("clients are named by metadata, but the server block does not have the metadata plugin"))
		}
		t.tappers = tappers(config)
		if err := b.checkTappers(t.tappers); err != nil {
			return plugin.Error(pluginName, err)
		}
		t.counters = b.newCounters(serverAddresses(config, c.ServerBlockKeys), config.ViewName)
		return nil
	})
	i := instanceOf(c)
	i.add(b)
	if err := i.addSinks(b); err != nil {
		return plugin.Error(pluginName, err)
	}
	if err := i.addListeners(b); err != nil {
		return plugin.Error(pluginName, err)
	}
	if err := i.addReviews(b); err != nil {
		return plugin.Error(pluginName, err)
	}
	config.AddPlugin(func(next plugin.Handler) plugin.Handler {
		t.Next = next
		return t
	})
	return nil
}

// defaults of the options that a stanza need not give.
const (
	defaultName   = "default"
	defaultTTL    = 60
	defaultReload = 30 * time.Second
	maxTTL        = 86400
	minReload     = time.Second
	// A query waits for a counterpart for so long. Mail servers give up a query after five seconds.
	defaultTimeout = time.Second
	maxTimeout     = 4 * time.Second
)

// options has the parser of every option, called with the token that names the option current.
var options = map[string]func(*caddy.Controller, *stanza) error{
	"protect":            parseProtect,
	"protect_file":       parseProtectFile,
	"allow":              parseAllow,
	"allow_file":         parseAllowFile,
	"cache_dir":          once(parseCacheDir),
	"on_missing":         once(parseOnMissing),
	"distance":           once(parseDistance),
	"kinds":              parseKinds,
	"keyboard":           once(parseKeyboard),
	"clients":            parseClients,
	"client_subnet_from": parseClientSubnetFrom,
	"types":              parseTypes,
	"action":             once(parseAction),
	"mode":               once(parseMode),
	"ttl":                once(parseTTL),
	"reload":             once(parseReload),
	"require":            once(parseRequire),
	"inspect":            parseInspect,
	"smtp":               parseSMTP,
	"smtp_hostname":      parseSMTPHostname,
	"smtp_tls":           parseSMTPTLS,
	"smtp_limits":        parseSMTPLimits,
	"hint":               once(parseHint),
	"log_addresses":      once(parseLogAddresses),
	"events":             parseEvents,
	"syslog":             parseSyslog,
	"log_events":         once(parseLogEvents),
	"client_mask":        once(parseClientMask),
	"dnstap":             once(parseDnstap),
	"history":            once(parseHistory),
	"review":             once(parseReview),
}

// optionNames is in the order of the documentation.
var optionNames = []string{
	"protect", "protect_file", "allow", "allow_file", "cache_dir", "on_missing", "distance", "kinds", "keyboard", "clients",
	"client_subnet_from", "types", "action", "smtp", "smtp_hostname", "smtp_tls", "smtp_limits", "hint", "log_addresses", "mode",
	"require", "inspect", "ttl", "reload", "events", "syslog", "log_events", "client_mask", "dnstap", "history", "review",
}

// policyName is what a policy may be called: it is a metric label and stands in answers.
var policyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)

// parse reads all stanzas of a server block and compiles them. Relative file names are below root.
func parse(c *caddy.Controller, root string) (*block, error) {
	b := &block{at: c.ServerBlockIndex, changed: make(chan struct{}, 1)}
	for c.Next() {
		s, err := parseStanza(c, root)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(b.stanzas, func(other *stanza) bool { return other.policy.name == s.policy.name }); i >= 0 {
			return nil, s.at.errorf("policy name %q is taken by the stanza at %s; expected a name of its own for each", s.policy.name, b.stanzas[i].at)
		}
		b.stanzas = append(b.stanzas, s)
	}
	return b, b.loadAll()
}

func parseStanza(c *caddy.Controller, root string) (*stanza, error) {
	s := newStanza(here(c), root)
	switch args := c.RemainingArgs(); {
	case len(args) > 1:
		return nil, s.at.errorf("%q after the policy name; expected one name at most", args[1])
	case len(args) == 1 && !policyName.MatchString(args[0]):
		return nil, s.at.errorf("policy name %q; expected up to 63 letters, digits, '_', '.' and '-'", args[0])
	case len(args) == 1:
		s.policy.name = args[0]
	}
	for c.NextBlock() {
		option := c.Val()
		parseOption, ok := options[option]
		if !ok {
			return nil, here(c).errorf("unknown option %q; expected one of %s", option, strings.Join(optionNames, ", "))
		}
		at := here(c)
		if err := parseOption(c, s); err != nil {
			return nil, at.errorf("%s: %w", option, err)
		}
		s.given[option] = at
	}
	return s, s.check()
}

// once makes an option an error that is given a second time.
func once(parseOption func(*caddy.Controller, *stanza) error) func(*caddy.Controller, *stanza) error {
	return func(c *caddy.Controller, s *stanza) error {
		if at, ok := s.given[c.Val()]; ok {
			return fmt.Errorf("given at %s already; expected once", at)
		}
		return parseOption(c, s)
	}
}

// arguments returns the arguments of an option, of which there must be one at least.
func arguments(c *caddy.Controller, expected string) ([]string, error) {
	args := c.RemainingArgs()
	if len(args) == 0 {
		return nil, fmt.Errorf("no argument; expected %s", expected)
	}
	return args, nil
}

// argument returns the only argument of an option.
func argument(c *caddy.Controller, expected string) (string, error) {
	args, err := arguments(c, expected)
	if err != nil {
		return "", err
	}
	if len(args) > 1 {
		return "", fmt.Errorf("%q after %q; expected %s only", args[1], args[0], expected)
	}
	return args[0], nil
}
