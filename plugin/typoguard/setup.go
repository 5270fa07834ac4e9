package typoguard

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/metadata"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/builtin"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

const pluginName = "typoguard"

func init() { plugin.Register(pluginName, setup) }

// setup parses the policies of a server block and puts their handler into its chain. It reads list files, but starts
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
}

// optionNames is in the order of the documentation.
var optionNames = []string{
	"protect", "protect_file", "allow", "allow_file", "cache_dir", "on_missing", "distance", "kinds", "keyboard", "clients",
	"client_subnet_from", "types", "action", "smtp", "smtp_hostname", "smtp_tls", "smtp_limits", "hint", "log_addresses", "mode",
	"require", "inspect", "ttl", "reload", "events", "syslog", "log_events", "client_mask", "dnstap",
}

// builtinPrefix is how suffixes are named that come with the plugin.
const builtinPrefix = "builtin:"

// metadataPrefix is how clients are named by their metadata.
const metadataPrefix = "metadata:"

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

func parseProtect(c *caddy.Controller, s *stanza) error {
	return parseSuffixes(c, &s.protect, true)
}

func parseAllow(c *caddy.Controller, s *stanza) error {
	return parseSuffixes(c, &s.allow, false)
}

func parseSuffixes(c *caddy.Controller, to *list, protects bool) error {
	at, option := here(c), c.Val()
	args, err := arguments(c, "domain suffixes")
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, builtinPrefix); ok {
			if _, ok := builtin.Read(name); !ok {
				return fmt.Errorf("no built-in list %q; expected one of %s", name, strings.Join(builtin.Names(), ", "))
			}
			to.files = append(to.files, &file{path: arg, option: option, at: at, protects: protects})
			continue
		}
		name, err := parseSuffix(arg, protects)
		if err != nil {
			return err
		}
		to.inline = append(to.inline, suffix{name: name, at: at})
	}
	return err
}

func parseProtectFile(c *caddy.Controller, s *stanza) error {
	return parseFiles(c, s, &s.protect, true)
}

func parseAllowFile(c *caddy.Controller, s *stanza) error {
	return parseFiles(c, s, &s.allow, false)
}

func parseFiles(c *caddy.Controller, s *stanza, to *list, protects bool) error {
	at, option := here(c), c.Val()
	args, err := arguments(c, "file names")
	for _, path := range args {
		f := &file{path: path, option: option, at: at, protects: protects}
		switch {
		case strings.HasPrefix(path, remotePrefix):
			f.remote = newRemote()
		case strings.Contains(path, "://"):
			return fmt.Errorf("%q; expected a file, or an address that begins with %s", path, remotePrefix)
		default:
			f.path = s.below(path)
		}
		to.files = append(to.files, f)
	}
	return err
}

// below returns the path of a file that is named in the stanza.
func (s *stanza) below(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.root, path)
}

func parseCacheDir(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "a directory")
	if err != nil {
		return err
	}
	s.cache = s.below(arg)
	if info, err := os.Stat(s.cache); err != nil {
		return fmt.Errorf("%w; expected a directory", err)
	} else if !info.IsDir() {
		return fmt.Errorf("%s; expected a directory", s.cache)
	}
	return nil
}

func parseOnMissing(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "fail or start")
	if err != nil {
		return err
	}
	if arg != "fail" && arg != "start" {
		return fmt.Errorf("%q; expected fail or start", arg)
	}
	s.startWithout = arg == "start"
	return nil
}

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

func parseReload(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "a duration")
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(arg)
	if err != nil || (d != 0 && d < minReload) {
		return fmt.Errorf("%q; expected a duration of at least %s such as 30s, or 0s for never", arg, minReload)
	}
	s.reload = d
	return nil
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
