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
	// BuiltinPrefix is how the lists that come with the plugin are named.
	BuiltinPrefix = "builtin:"
	// HTTPSPrefix is how the address of a list begins that is fetched. There is no plain HTTP: anybody in between could
	// lift the protection.
	HTTPSPrefix = "https://"
)

// Source is a list file: a file on this host, one that is fetched, or one that comes with the plugin.
type Source struct {
	// Path is the file's name, its address, or its name with BuiltinPrefix.
	Path string
	// Option and At are the option of the Corefile that names it.
	Option string
	At     Position
	// Protects says that its suffixes are to be protected, not allowed. Such a list must not be empty.
	Protects bool

	remote *remote // nil of a file that is not fetched
	// content is what is in force. It is kept as it was read, to be parsed again when another list changes: as a million
	// suffixes it would be several times as large, and full of pointers for the garbage collector to follow.
	content []byte
}

// IsRemote reports whether the list is fetched.
func (s *Source) IsRemote() bool { return strings.HasPrefix(s.Path, HTTPSPrefix) }

// isBuiltin returns the name of a list that comes with the plugin.
func (s *Source) isBuiltin() (string, bool) { return strings.CutPrefix(s.Path, BuiltinPrefix) }

// Check returns an error for a source that cannot be one, without reading it.
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

// Remote makes the source one that is fetched. The last good copy is kept in a directory, unless that is ""; optional says
// that the server may start without the list.
func (s *Source) Remote(cacheDir string, optional bool) { s.remote = newRemote(cacheDir, optional) }

// read returns the content of the list as it is now.
func (s *Source) read(ctx context.Context) ([]byte, error) {
	if name, ok := s.isBuiltin(); ok {
		content, _ := builtin.Read(name) // which was there when the Corefile was parsed
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

// readFirst is read at the start, when nothing is in force. If the list cannot be fetched, its copy counts, or nothing if the
// server may start without; stale then says why.
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

// isMissing reports whether the list could not be fetched yet, and there is no copy.
func (s *Source) isMissing() bool { return s.remote != nil && s.content == nil }

// keep keeps a copy of what is in force, if it was fetched.
func (s *Source) keep() error {
	if s.remote == nil {
		return nil
	}
	if err := s.remote.keep(s.Path, s.content); err != nil {
		return fmt.Errorf("cannot keep a copy of %s: %w", s.Path, err)
	}
	return nil
}

// appendSuffixes appends the suffixes of the list that is in force.
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
