package typoguard

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coredns/caddy"

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
	at      position
	root    string
	policy  policy
	protect list
	allow   list
	reload  time.Duration       // 0: never
	given   map[string]position // of each option, where it was given last

	settings []*setting // of the policy's SMTP listeners

	loaded  uint64 // digest of the files' contents in force
	seen    uint64 // and as they were last looked at
	failure string // why those are not in force; empty if they are
}

// newStanza returns a stanza with the defaults.
func newStanza(at position, root string) *stanza {
	return &stanza{
		at:     at,
		root:   root,
		policy: policy{name: defaultName, distance: 1, keyboard: match.QWERTY, ttl: defaultTTL},
		reload: defaultReload,
		given:  map[string]position{},
	}
}

// check looks at what only all options together tell, and completes the policy.
func (s *stanza) check() error {
	p := &s.policy
	if err := p.checkTypes(); err != nil {
		return s.given["types"].errorf("types: %w", err)
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
func (s *stanza) read() ([][]byte, error) {
	var contents [][]byte
	for _, f := range s.files() {
		content, err := f.read()
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

// parseFiles takes over the suffixes in the contents of the stanza's files. On an error none are.
func (s *stanza) parseFiles(contents [][]byte) error {
	var parsed [][]suffix
	for i, f := range s.files() {
		suffixes, err := f.parse(contents[i])
		if err != nil {
			return err
		}
		parsed = append(parsed, suffixes)
	}
	s.setFileSuffixes(parsed)
	return nil
}

// fileSuffixes returns what each of the stanza's files held when it was loaded.
func (s *stanza) fileSuffixes() [][]suffix {
	var all [][]suffix
	for _, f := range s.files() {
		all = append(all, f.suffixes)
	}
	return all
}

func (s *stanza) setFileSuffixes(all [][]suffix) {
	for i, f := range s.files() {
		f.suffixes = all[i]
	}
}
