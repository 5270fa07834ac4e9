package typoguard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// position is where something stands in a Corefile or a list.
type position struct {
	file string
	line int
}

// here returns the position of the current token.
func here(c *caddy.Controller) position { return position{c.File(), c.Line()} }

func (p position) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// errorf returns an error in the form that caddy gives to errors in a Corefile.
func (p position) errorf(format string, args ...any) error {
	return fmt.Errorf("%s - Error during parsing: %w", p, fmt.Errorf(format, args...))
}

// stanza is a policy as it is configured, with what its lists held when they were last read.
type stanza struct {
	at           position
	root         string
	policy       policy
	protect      list
	allow        list
	reload       time.Duration       // 0: never
	cache        string              // the directory for copies of fetched lists; "": none
	startWithout bool                // the server starts though a list can neither be fetched nor is there a copy
	given        map[string]position // of each option, where it was given last

	settings  []*setting    // of the policy's SMTP listeners
	sinks     []*sinkConfig // of events
	logEvents bool          // whether CoreDNS's log is one of them

	dsn, historyName string      // of the history; "" without one
	review           *reviewPage // nil without one

	loaded  uint64 // digest of the files' contents in force
	seen    uint64 // and as they were last looked at
	failure string // why those are not in force; empty if they are
}

// newStanza returns a stanza with the defaults.
func newStanza(at position, root string) *stanza {
	return &stanza{
		at:     at,
		root:   root,
		policy: policy{name: defaultName, distance: 1, keyboard: match.QWERTY, ttl: defaultTTL, mask: event.NoMask},
		reload: defaultReload,
		given:  map[string]position{},

		logEvents: true,
	}
}

// check looks at what only all options together tell, and completes the policy.
func (s *stanza) check() error {
	p := &s.policy
	if err := p.checkTypes(); err != nil {
		return s.given["types"].errorf("types: %w", err)
	}
	if at, ok := s.given["client_subnet_from"]; ok && len(p.clients.networks) == 0 {
		return at.errorf("client_subnet_from: the policy is not restricted to any clients; expected networks in clients")
	}
	if err := p.checkSinkhole(); err != nil {
		return s.given["action"].errorf("action: %w", err)
	}
	if err := s.checkSMTP(); err != nil {
		return err
	}
	if len(s.protect.inline) == 0 && len(s.protect.files) == 0 {
		return s.at.errorf("policy %q protects nothing; expected protect or protect_file", p.name)
	}
	if err := s.completeRemotes(); err != nil {
		return err
	}
	if err := errors.Join(s.addLog(), s.checkReview()); err != nil {
		return err
	}
	if at, ok := s.given["kinds"]; ok {
		if err := p.checkKinds(); err != nil {
			return at.errorf("kinds: %w", err)
		}
		return nil
	}
	p.kinds = match.AllKinds
	if p.distance == 1 {
		p.kinds = p.kinds.Without(match.Multiple)
	}
	return nil
}

// completeRemotes tells the lists that are fetched what the stanza says of them.
func (s *stanza) completeRemotes() error {
	fetched := false
	for _, f := range s.files() {
		if f.remote != nil {
			fetched = true
			f.remote.cacheDir, f.remote.optional = s.cache, s.startWithout
		}
	}
	for _, option := range []string{"cache_dir", "on_missing"} {
		if at, ok := s.given[option]; ok && !fetched {
			return at.errorf("%s: no list is fetched; expected one from https://", option)
		}
	}
	return nil
}

// checkKinds returns an error for kinds and a distance that make one another pointless.
func (p *policy) checkKinds() error {
	switch {
	case p.distance == 1 && p.kinds.Has(match.Multiple):
		return errors.New("multiple is two edits; expected distance 2 with it")
	case p.distance > 1 && !p.kinds.Has(match.Multiple):
		return errors.New("without multiple, distance 2 finds nothing more; expected distance 1, or multiple among the kinds")
	}
	return nil
}

// files returns the stanza's list files.
func (s *stanza) files() []*file {
	return slices.Concat(s.protect.files, s.allow.files)
}

// read returns the contents of the stanza's files.
func (s *stanza) read(ctx context.Context) ([][]byte, error) {
	var contents [][]byte
	for _, f := range s.files() {
		content, err := f.read(ctx)
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

// readFirst returns the contents of the stanza's files at the start. What is not as fresh as it should be is noted as a
// failure.
func (s *stanza) readFirst() ([][]byte, error) {
	var contents [][]byte
	for _, f := range s.files() {
		content, stale, err := f.readFirst()
		if err != nil {
			return nil, err
		}
		if stale != nil {
			s.failure = stale.Error()
		}
		contents = append(contents, content)
	}
	return contents, nil
}

// contents returns what the stanza's files held when they were last loaded.
func (s *stanza) contents() [][]byte {
	var all [][]byte
	for _, f := range s.files() {
		all = append(all, f.content)
	}
	return all
}

// keep keeps copies of the lists that were fetched.
func (s *stanza) keep() {
	for _, f := range s.files() {
		f.keep()
	}
}

// setContents takes over the contents of the stanza's files.
func (s *stanza) setContents(all [][]byte) {
	for i, f := range s.files() {
		f.content = all[i]
	}
}
