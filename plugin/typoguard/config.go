package typoguard

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// Defaults of options.
const (
	defaultName   = "default"
	defaultTTL    = 60
	defaultReload = 30 * time.Second
)

// policyConfig is the configuration in a typoguard stanza. It does not change after parsing.
type policyConfig struct {
	policy.Policy
	at    suffixlist.Position
	root  string                         // the directory of relative file names
	given map[string]suffixlist.Position // where each option was last given

	addDefaultKinds bool     // to the kinds that the stanza gives
	prefixes        []string // that it adds to the usual names of hosts

	lists   listsConfig
	servers []string // the name servers of the list zone
	feed    feedConfig
	popular popularConfig
	smtp    smtpConfig
	review  *reviewConfig // nil without a page

	sinks     []*sinkConfig // of events
	digests   []*digestConfig
	sinkNames []string
	watch     bool       // whether to watch the neighbours of the suffixes
	popularTo []string   // the names of those that are told of popular domains
	logEvents bool       // whether CoreDNS's log is one of the sinks
	mask      event.Mask // for clients in events
	dnstap    bool       // whether to send dnstap messages with the policy
	history   historyConfig
}

// listsConfig is where a policy's suffixes come from.
type listsConfig struct {
	protected, allowed, denied []suffixlist.Suffix
	sources                    []*suffixlist.Source
	reload                     time.Duration   // how often to check the sources; 0: never
	cacheDir                   string          // for copies of fetched lists; "": none
	optional                   bool            // start even if a list can neither be fetched nor has a copy
	unready                    bool            // the server is not ready as long as such a list is missing
	key                        *suffixlist.Key // with which fetched lists must be signed; nil: with none
	shrink                     int             // percentage of its suffixes that a list may lose in the background
}

// historyConfig is the history of a policy's events.
type historyConfig struct{ dsn, name string }

func newPolicyConfig(at suffixlist.Position, root string) *policyConfig {
	return &policyConfig{
		Policy: policy.Policy{Name: defaultName, Distance: 1, Keyboard: match.QWERTY, TTL: defaultTTL},
		at:     at,
		root:   root,
		given:  map[string]suffixlist.Position{},
		lists:  listsConfig{reload: defaultReload, shrink: suffixlist.DefaultShrink},
		mask:   event.NoMask,

		logEvents: true,
	}
}

// here returns the position of the current token.
func here(c *caddy.Controller) suffixlist.Position {
	return suffixlist.Position{File: c.File(), Line: c.Line()}
}

// below returns the path of a file named in the stanza.
func (c *policyConfig) below(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.root, path)
}

// historyOption is the name of the option that adds a history to the sinks of events.
const historyOption = "history"

// sinkConfig is the configuration of a sink of events, and its position.
type sinkConfig struct {
	sink.Config
	option string
	at     suffixlist.Position
}

// newSinkConfig returns the configuration of a sink by an option.
func newSinkConfig(option string, at suffixlist.Position, config sink.Config) *sinkConfig {
	open := config.Open
	config.Open = func() (sink.Target, error) {
		target, err := open()
		if err != nil {
			return nil, at.Errorf("%s: %w", option, err)
		}
		return target, nil
	}
	return &sinkConfig{config, option, at}
}

// addSink adds a sink to the stanza. Policies share sinks of the same name.
func (c *policyConfig) addSink(config *sinkConfig) error {
	if slices.Contains(c.sinkNames, config.Name) {
		return fmt.Errorf("%s twice; expected different ones", config.Name)
	}
	c.sinkNames = append(c.sinkNames, config.Name)
	if config.option != historyOption { // there is nothing to review, and they would be more than all lookalikes
		c.popularTo = append(c.popularTo, config.Name)
	}
	c.sinks = append(c.sinks, config)
	return nil
}

// reviewConfig is the configuration of a review page.
type reviewConfig struct {
	historyconfig.Page
	history string // the history's name, to show instead of the DSN
	at      suffixlist.Position
}

// String returns the settings of the page.
func (c *reviewConfig) String() string {
	more := ""
	if c.ClientsFile != "" {
		more = fmt.Sprintf(" clients_file %q", c.ClientsFile)
	}
	if c.ClientsPTR != "" {
		more += fmt.Sprintf(" clients_ptr %q", c.ClientsPTR)
	}
	if c.Editors != "" {
		more += fmt.Sprintf(" editors %q", strings.Split(c.Editors, "\n"))
	}
	return fmt.Sprintf("web_config %q host %q%s history %s", c.WebConfig, c.Host, more, c.history)
}

// smtpConfig is a stanza's configuration of the SMTP listeners to which the sinkhole points.
type smtpConfig struct {
	addresses    []netip.AddrPort
	settings     []*smtpSetting
	hint         string // for the sender, in replies
	logAddresses bool   // whether to log full addresses of refused mail
}

// smtpSetting is an option, or a part of one, for SMTP listeners.
type smtpSetting struct {
	option, part string // such as smtp_limits and connections
	value        string // as given
	at           suffixlist.Position
	apply        func(*smtp.Config)
}

// String returns the setting as written in the Corefile.
func (s *smtpSetting) String() string {
	if s.part == "" {
		return s.value
	}
	return s.part + " " + s.value
}

// findSetting returns the setting for the same option and part as another one, or nil.
func findSetting(settings []*smtpSetting, like *smtpSetting) *smtpSetting {
	i := slices.IndexFunc(settings, func(s *smtpSetting) bool { return s.option == like.option && s.part == like.part })
	if i < 0 {
		return nil
	}
	return settings[i]
}

// add adds a setting. It may be given only once.
func (c *smtpConfig) add(next *smtpSetting) error {
	if other := findSetting(c.settings, next); other != nil {
		return fmt.Errorf("%salready given at %s; expected it once", strings.TrimLeft(next.part+" ", " "), other.at)
	}
	c.settings = append(c.settings, next)
	return nil
}
