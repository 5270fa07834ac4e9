package typoguard

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
)

// option is an option of a stanza, with its parser. When the parser is called, the current token is the option's name.
type option struct {
	name  string
	parse func(*caddy.Controller, *policyConfig) error
}

// options are all options, in the order of the manual.
var options = []option{
	{"protect", parseProtect},
	{"protect_file", parseProtectFile},
	{"allow", parseAllow},
	{"allow_file", parseAllowFile},
	{allowFromOption, once(parseAllowFrom)},
	{"deny", parseDeny},
	{"popular", once(parsePopular)},
	{"short", once(parseShort)},
	{"cache_dir", once(parseCacheDir)},
	{"on_missing", once(parseOnMissing)},
	{"minisign", once(parseMinisign)},
	{"distance", once(parseDistance)},
	{"kinds", parseKinds},
	{prefixesOption, parsePrefixes},
	{"keyboard", once(parseKeyboard)},
	{"clients", parseClients},
	{"client_subnet_from", parseClientSubnetFrom},
	{"types", parseTypes},
	{"action", once(parseAction)},
	{"smtp", parseSMTP},
	{"smtp_hostname", parseSMTPHostname},
	{"smtp_tls", parseSMTPTLS},
	{"smtp_limits", parseSMTPLimits},
	{"hint", once(parseHint)},
	{"log_addresses", once(parseLogAddresses)},
	{"mode", once(parseMode)},
	{"require", once(parseRequire)},
	{"inspect", parseInspect},
	{"watch", once(parseWatch)},
	{zoneOption, once(parseLookalikeZone)},
	{feedOption, once(parseFeed)},
	{"ttl", once(parseTTL)},
	{"reload", once(parseReload)},
	{"shrink", once(parseShrink)},
	{"events", parseEvents},
	{"syslog", parseSyslog},
	{"notify", parseNotify},
	{"log_events", once(parseLogEvents)},
	{"client_mask", once(parseClientMask)},
	{"dnstap", once(parseDnstap)},
	{historyOption, once(parseHistory)},
	{"review", once(parseReview)},
}

// policyName matches valid names of policies, which appear as metric labels and in answers.
var policyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)

// parse reads all stanzas of a server block. Relative file names are below root.
func parse(c *caddy.Controller, root string) ([]*policyConfig, error) {
	var all []*policyConfig
	for c.Next() {
		p, err := parseStanza(c, root)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(all, func(other *policyConfig) bool { return other.Name == p.Name }); i >= 0 {
			return nil, p.at.Errorf("policy name %q is already used by the stanza at %s; expected a different name for each", p.Name, all[i].at)
		}
		all = append(all, p)
	}
	return all, nil
}

func parseStanza(c *caddy.Controller, root string) (*policyConfig, error) {
	p := newPolicyConfig(here(c), root)
	switch words := c.RemainingArgs(); {
	case len(words) > 1:
		return nil, p.at.Errorf("%q after the policy name; expected one name at most", words[1])
	case len(words) == 1 && !policyName.MatchString(words[0]):
		return nil, p.at.Errorf("policy name %q; expected up to 63 letters, digits, '_', '.' and '-'", words[0])
	case len(words) == 1:
		p.Name = words[0]
	}
	for c.NextBlock() {
		name, at := c.Val(), here(c)
		i := slices.IndexFunc(options, func(o option) bool { return o.name == name })
		if i < 0 {
			return nil, at.Errorf("unknown option %q%s; expected one of %s", name, guess(name), strings.Join(optionNames(), ", "))
		}
		if err := options[i].parse(c, p); err != nil {
			return nil, at.Errorf("%s: %w", name, err)
		}
		p.given[name] = at
	}
	return p, p.check()
}

// optionNames returns the names of all options.
func optionNames() []string {
	var names []string
	for _, o := range options {
		names = append(names, o.name)
	}
	return names
}

// guess says what an unknown option is, if that can be guessed: another plugin, or an option mistyped.
func guess(name string) string {
	if slices.Contains(caddy.ValidDirectives("dns"), name) {
		return " (a plugin: is a } missing above?)"
	}
	return args.DidYouMean(name, optionNames())
}

// once returns a parser that rejects an option given twice.
func once(parseOption func(*caddy.Controller, *policyConfig) error) func(*caddy.Controller, *policyConfig) error {
	return func(c *caddy.Controller, p *policyConfig) error {
		if at, ok := p.given[c.Val()]; ok {
			return fmt.Errorf("already given at %s; expected it once", at)
		}
		return parseOption(c, p)
	}
}
