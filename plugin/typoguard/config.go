package typoguard

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// defaults of the options that a stanza need not give.
const (
	defaultName   = "default"
	defaultTTL    = 60
	defaultReload = 30 * time.Second
)

// policyConfig is a typoguard stanza as it is configured. It does not change once it has been parsed.
type policyConfig struct {
	policy.Policy
	at    suffixlist.Position
	root  string                         // that relative file names are below
	given map[string]suffixlist.Position // of each option, where it was given last

	lists  listsConfig
	smtp   smtpConfig
	review *reviewConfig // nil without a page

	sinks     []*sinkConfig // of events
	sinkNames []string
	logEvents bool       // whether CoreDNS's log is one of them
	mask      event.Mask // of clients in events
	dnstap    bool       // whether dnstap messages tell of the policy
	history   historyConfig
}

// listsConfig is where a policy has its suffixes from.
type listsConfig struct {
	protected, allowed []suffixlist.Suffix
	sources            []*suffixlist.Source
	reload             time.Duration // 0: never
	cacheDir           string        // for copies of fetched lists; "": none
	optional           bool          // the server starts though a list can neither be fetched nor is there a copy
}

// historyConfig is the history of a policy's events.
type historyConfig struct{ dsn, name string }

func newPolicyConfig(at suffixlist.Position, root string) *policyConfig {
	return &policyConfig{
		Policy: policy.Policy{Name: defaultName, Distance: 1, Keyboard: match.QWERTY, TTL: defaultTTL},
		at:     at,
		root:   root,
		given:  map[string]suffixlist.Position{},
		lists:  listsConfig{reload: defaultReload},
		mask:   event.NoMask,

		logEvents: true,
	}
}

// here returns the position of the current token.
func here(c *caddy.Controller) suffixlist.Position {
	return suffixlist.Position{File: c.File(), Line: c.Line()}
}

// below returns the path of a file that is named in the stanza.
func (c *policyConfig) below(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.root, path)
}

// check looks at what only all options together tell, and completes the policy.
func (c *policyConfig) check() error {
	if err := c.CheckTypes(); err != nil {
		return c.given["types"].Errorf("types: %w", err)
	}
	if at, ok := c.given["client_subnet_from"]; ok && len(c.Clients.Networks) == 0 {
		return at.Errorf("client_subnet_from: the policy is not restricted to any clients; expected networks in clients")
	}
	if err := c.CheckSinkhole(); err != nil {
		return c.given["action"].Errorf("action: %w", err)
	}
	if err := c.checkSMTP(); err != nil {
		return err
	}
	if len(c.lists.protected) == 0 && !c.protectsFiles() {
		return c.at.Errorf("policy %q protects nothing; expected protect or protect_file", c.Name)
	}
	if err := c.completeSources(); err != nil {
		return err
	}
	if err := errors.Join(c.addLog(), c.checkReview()); err != nil {
		return err
	}
	return c.completeKinds()
}

// completeKinds makes the kinds all that the distance has, unless they were given.
func (c *policyConfig) completeKinds() error {
	if at, ok := c.given["kinds"]; ok {
		if err := c.CheckKinds(); err != nil {
			return at.Errorf("kinds: %w", err)
		}
		return nil
	}
	c.Kinds = match.AllKinds
	if c.Distance == 1 {
		c.Kinds = c.Kinds.Without(match.Multiple)
	}
	return nil
}

// protectsFiles reports whether there is a list file of suffixes to protect.
func (c *policyConfig) protectsFiles() bool {
	for _, s := range c.lists.sources {
		if s.Protects {
			return true
		}
	}
	return false
}

// completeSources tells the lists that are fetched what the stanza says of them.
func (c *policyConfig) completeSources() error {
	fetched := false
	for _, s := range c.lists.sources {
		if s.IsRemote() {
			fetched = true
			s.Remote(c.lists.cacheDir, c.lists.optional)
		}
	}
	for _, option := range []string{"cache_dir", "on_missing"} {
		if at, ok := c.given[option]; ok && !fetched {
			return at.Errorf("%s: no list is fetched; expected one from https://", option)
		}
	}
	return nil
}

// checkProtected returns an error if an option of the stanza applies to none of the suffixes it protects, whether they
// have expired or not.
func (c *policyConfig) checkProtected(protected []suffixlist.Suffix) error {
	distance, registry := 1, false
	for i := range protected {
		distance = max(distance, match.MaxDistance(protected[i].Name))
		registry = registry || policy.IsRegistry(protected[i].Name)
		if distance >= c.Distance && (registry || c.Require == nil) {
			return nil
		}
	}
	var errs []error
	if distance < c.Distance {
		errs = append(errs, c.given["distance"].Errorf(
			"distance: %d applies to none of the suffixes; expected one of at least two labels and six characters", c.Distance))
	}
	if c.Require != nil && !registry {
		errs = append(errs, c.given["require"].Errorf(
			"require: all protected suffixes are domains themselves, of which there is nothing to look up; expected one to register others under, such as mil"))
	}
	return errors.Join(errs...)
}
