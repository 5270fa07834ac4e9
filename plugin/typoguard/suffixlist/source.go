package suffixlist

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/builtin"
)

const (
	// BuiltinPrefix is the prefix of the names of lists that come with the plugin.
	BuiltinPrefix = "builtin:"
	// HTTPSPrefix is the prefix of the addresses of fetched lists. Plain HTTP is not supported: anyone in between could remove
	// the protection.
	HTTPSPrefix = "https://"
)

// Source is a list file: on this host, fetched from a web server, or shipped with the plugin.
type Source struct {
	// Path is the file's name, its address, or its name with BuiltinPrefix.
	Path string
	// Option and At are the Corefile's option that names the file, and its position.
	Option string
	At     Position
	// Protects is true if its suffixes are protected, and false if they are allowed. A list to protect must not be empty.
	Protects bool

	remote *remote // nil if the file is not fetched
	// content is the list in force. It is stored as text, to be parsed again when another list changes: a million parsed suffixes
	// would be several times as large, and full of pointers for the garbage collector to follow.
	content []byte
}

// IsRemote reports whether the list is fetched.
func (s *Source) IsRemote() bool { return strings.HasPrefix(s.Path, HTTPSPrefix) }

// isBuiltin returns the name of the list, and whether it comes with the plugin.
func (s *Source) isBuiltin() (string, bool) { return strings.CutPrefix(s.Path, BuiltinPrefix) }

// Check returns an error for an invalid source, without reading it.
func (s *Source) Check() error {
	if name, ok := s.isBuiltin(); ok {
		if _, ok := builtin.Read(name); !ok {
			return fmt.Errorf("no built-in list %q; expected one of %s", name, strings.Join(builtin.Names(), ", "))
		}
		return nil
	}
	if strings.Contains(s.Path, "://") && !s.IsRemote() {
		return fmt.Errorf("%q; expected a file, or an address that begins with %s", s.Path, HTTPSPrefix)
	}
	return nil
}

// Remote prepares a source that is fetched. The last good copy is kept in cacheDir, unless that is ""; if optional is true, the server
// may start without the list.
func (s *Source) Remote(cacheDir string, optional bool) { s.remote = newRemote(cacheDir, optional) }

// read returns the current content of the list.
func (s *Source) read(ctx context.Context) ([]byte, error) {
	if name, ok := s.isBuiltin(); ok {
		content, _ := builtin.Read(name) // which Check found
		return content, nil
	}
	if s.remote == nil {
		content, err := os.ReadFile(s.Path)
		if err != nil {
			return nil, s.At.Errorf("%s: %w; expected a readable list file", s.Option, err)
		}
		return content, nil
	}
	content, err := s.remote.fetch(ctx, s.Path, s.content)
	if err != nil {
		return nil, s.At.Errorf("%s: %w; expected a list", s.Option, err)
	}
	return content, nil
}

// readFirst is read at startup, when nothing is in force. If the list cannot be fetched, readFirst returns its copy, or nothing if the
// server may start without the list; stale is then the reason.
func (s *Source) readFirst(ctx context.Context) (content []byte, stale, err error) {
	content, err = s.read(ctx)
	if err == nil || s.remote == nil {
		return content, nil, err
	}
	content, copyErr := s.remote.copied(s.Path)
	switch {
	case copyErr == nil:
		return content, err, nil
	case s.remote.optional:
		return nil, err, nil
	}
	return nil, nil, fmt.Errorf("%w, %w", err, copyErr)
}

// isMissing reports whether the list could never be fetched and has no copy.
func (s *Source) isMissing() bool { return s.remote != nil && s.content == nil }

// keep writes a copy of the list in force, if it was fetched.
func (s *Source) keep() error {
	if s.remote == nil {
		return nil
	}
	if err := s.remote.keep(s.Path, s.content); err != nil {
		return fmt.Errorf("cannot keep a copy of %s: %w", s.Path, err)
	}
	return nil
}

// appendSuffixes appends the suffixes of the list in force.
func (s *Source) appendSuffixes(to []Suffix) ([]Suffix, error) {
	to, err := parse(to, s.Path, s.content, s.Protects)
	if !errors.Is(err, errEmpty) {
		return to, err
	}
	if s.Protects && !s.isMissing() {
		return nil, s.At.Errorf("%s: no suffix in %s; expected at least one", s.Option, s.Path)
	}
	return to, nil
}
