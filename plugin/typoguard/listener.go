package typoguard

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// smtpHostname is how SMTP listeners introduce themselves unless they are told otherwise. It is not the host's name: a
// mail server on the same host would take the listener for itself, and the message for one that loops.
const smtpHostname = "typoguard.invalid"

// setting is an option, or a part of one, about SMTP listeners.
type setting struct {
	option, part string // such as smtp_limits and connections
	value        string // as it was given
	at           position
	apply        func(*smtp.Config)
}

// String returns the setting as it is written.
func (s *setting) String() string {
	if s.part == "" {
		return s.value
	}
	return s.part + " " + s.value
}

// set notes a setting of all SMTP listeners of the stanza, which must be the only one of its kind.
func (s *stanza) set(option, part string, at position, value string, apply func(*smtp.Config)) error {
	next := &setting{option, part, value, at, apply}
	if other := find(s.settings, next); other != nil {
		return fmt.Errorf("%sgiven at %s already; expected once", strings.TrimLeft(part+" ", " "), other.at)
	}
	s.settings = append(s.settings, next)
	return nil
}

// find returns the setting of the same kind as another one, or nil.
func find(settings []*setting, like *setting) *setting {
	i := slices.IndexFunc(settings, func(s *setting) bool { return s.option == like.option && s.part == like.part })
	if i < 0 {
		return nil
	}
	return settings[i]
}

// listener is an SMTP listener, for all policies of a caddy instance that name its address.
type listener struct {
	address  netip.AddrPort
	settings []*setting
	blocks   []*block // with such a policy
	buffers  sync.Pool
}

// addListeners makes the SMTP listeners of a block part of the instance. Policies that share a listener may not contradict
// each other about it; what only one of them says holds for all.
func (i *instance) addListeners(b *block) error {
	for _, s := range b.stanzas {
		for _, address := range s.policy.listeners {
			l, ok := i.listeners[address]
			if !ok {
				l = &listener{address: address, buffers: sync.Pool{New: func() any { return new(match.Buffer) }}}
				i.listeners[address] = l
			}
			if err := l.add(b, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// add makes a stanza one of the listener's.
func (l *listener) add(b *block, s *stanza) error {
	if !slices.Contains(l.blocks, b) {
		l.blocks = append(l.blocks, b)
	}
	for _, next := range s.settings {
		switch other := find(l.settings, next); {
		case other == nil:
			l.settings = append(l.settings, next)
		case other.value != next.value:
			return next.at.errorf("%s: %s contradicts %s at %s; expected the same for both, which share the listener %s",
				next.option, next, other, other.at, l.address)
		}
	}
	return nil
}

// config returns the configuration of the listener's server.
func (l *listener) config(events *hub) *smtp.Config {
	config := &smtp.Config{
		Hostname: smtpHostname,
		Limits:   smtp.DefaultLimits,
		Judge:    l.judge,
		Observer: newSMTPObserver(l, events),
	}
	for _, s := range l.settings {
		s.apply(config)
	}
	return config
}

// judge says what a recipient's domain may have been meant to be, by the rules in force of all policies that name the
// listener. It does not look at the policies' clients: who connects was sent here by an answer to somebody, and nobody is
// refused less for it. Policies that only monitor send nobody here, so that they come last.
func (l *listener) judge(domain string) []smtp.Suggestion {
	type candidate struct {
		match.Match
		*policy
	}
	var found []candidate
	buffer := l.buffers.Get().(*match.Buffer)
	for _, b := range l.blocks {
		rules := b.rules.Load()
		for _, m := range rules.index.Lookup(domain, buffer).Matches {
			if p := rules.policies[m.Tag]; slices.Contains(p.listeners, l.address) {
				found = append(found, candidate{m, p})
			}
		}
	}
	l.buffers.Put(buffer)
	now := present()
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.modeAt(now), b.modeAt(now)), cmp.Compare(a.Distance, b.Distance), cmp.Compare(len(b.Suffix), len(a.Suffix)))
	})
	var suggestions []smtp.Suggestion
	for _, c := range found {
		intended := domain[:c.Start] + c.Suffix
		known := slices.ContainsFunc(suggestions, func(s smtp.Suggestion) bool { return s.Intended == intended })
		if known || len(suggestions) == smtp.MaxSuggestions {
			continue
		}
		suggestions = append(suggestions, smtp.Suggestion{
			Intended: intended, Protected: c.Suffix, Policy: c.name, Kind: c.Kind.String(), Distance: c.Distance,
			Hint: c.hint, LogAddresses: c.logAddresses,
		})
	}
	return suggestions
}
