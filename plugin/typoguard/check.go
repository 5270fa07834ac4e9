package typoguard

import (
	"errors"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// check checks what depends on several options, and completes the policy.
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
	if err := errors.Join(c.addLog(), c.checkReview(), c.checkDigests(), c.checkPopular()); err != nil {
		return err
	}
	if err := c.completeKinds(); err != nil {
		return err
	}
	return c.completePrefixes()
}

// completeKinds adds the default kinds that the distance allows, unless the stanza gives others.
func (c *policyConfig) completeKinds() error {
	at, given := c.given["kinds"]
	if c.addDefaultKinds || !given {
		defaults := match.DefaultKinds
		if c.Distance == 1 {
			defaults = defaults.Without(match.Multiple)
		}
		c.Kinds |= defaults
	}
	if !given {
		return nil
	}
	if err := c.CheckKinds(); err != nil {
		return at.Errorf("kinds: %w", err)
	}
	return nil
}

// protectsFiles reports whether any list file has suffixes to protect.
func (c *policyConfig) protectsFiles() bool {
	for _, s := range c.lists.sources {
		if s.Protects {
			return true
		}
	}
	return false
}

// completeSources passes the stanza's options for lists from elsewhere to the sources.
func (c *policyConfig) completeSources() error {
	if err := c.addAllowed(); err != nil {
		return err
	}
	fetched, away := false, false
	for _, s := range c.lists.sources {
		s.Shrink = c.lists.shrink
		if s.HasCopy() {
			away = true
			s.Remote(c.lists.cacheDir, c.lists.optional)
		}
		if s.IsRemote() {
			fetched = true
			s.Signed(c.lists.key)
		}
	}
	for _, option := range []string{"cache_dir", "on_missing", "minisign"} {
		if at, ok := c.given[option]; ok && !fetched && (!away || option == "minisign") {
			return at.Errorf("%s: no list is fetched; expected one from https://", option)
		}
	}
	return nil
}

// checkProtected returns an error if an option applies to none of the protected suffixes, expired ones included.
func (c *policyConfig) checkProtected(protected suffixlist.List) error {
	distance, registry := 1, false
	for s := range protected.All() {
		distance = max(distance, match.MaxDistance(s.Name))
		registry = registry || policy.IsRegistry(s.Name)
		if distance >= c.Distance && (registry || c.Require == nil || c.Kinds.Has(match.TLD)) {
			return nil
		}
	}
	var errs []error
	if distance < c.Distance {
		errs = append(errs, c.given["distance"].Errorf(
			"distance: %d applies to none of the suffixes; expected one with at least five characters before its public suffix, such as mindef.nl", c.Distance))
	}
	if c.Require != nil && !registry && !c.Kinds.Has(match.TLD) {
		errs = append(errs, c.given["require"].Errorf(
			"require: all protected suffixes are domains themselves, so there is nothing to look up; expected one under which others register, such as mil"))
	}
	return errors.Join(errs...)
}

// checkSMTP returns an error for a listener to which no answer points, and for SMTP options without a listener.
func (c *policyConfig) checkSMTP() error {
	if at, ok := c.given["smtp"]; ok {
		if c.Action != policy.Sinkhole {
			return at.Errorf("smtp: action %s sends no clients to the listener; expected action sinkhole", c.Action)
		}
		return nil
	}
	for _, option := range []string{"smtp_hostname", "smtp_tls", "smtp_limits", "hint", "log_addresses"} {
		if at, ok := c.given[option]; ok {
			return at.Errorf("%s: the policy has no SMTP listener; expected smtp ADDRESS too", option)
		}
	}
	return nil
}

// addLog adds the log to the sinks, which it is by default.
func (c *policyConfig) addLog() error {
	if !c.logEvents {
		return nil
	}
	return c.addSink(newSinkConfig("log_events", c.at, sink.Config{Name: logSink, Open: newLogTarget}))
}

// checkReview completes the review page with the history that it shows.
func (c *policyConfig) checkReview() error {
	if c.review == nil {
		return nil
	}
	if c.history.dsn == "" {
		return c.review.at.Errorf("review: the policy has no history; expected one in the same stanza, such as history sqlite:///var/lib/typoguard/events.db")
	}
	c.review.DSN, c.review.history = c.history.dsn, c.history.name
	return nil
}
