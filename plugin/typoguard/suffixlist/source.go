package suffixlist

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/builtin"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
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
	// Shrink is the percentage of its suffixes that the list may lose in the background.
	Shrink int
	// Stored reads a list that is in a database, and nil otherwise. An error that wraps fs.ErrNotExist means that none was ever stored.
	// The lookup is that of LookUpWith, or nil.
	Stored func(ctx context.Context, lookup Lookup) ([]byte, error)

	file   file
	remote *remote // nil if the file is neither fetched nor stored
	lookup Lookup  // of the list's host, or nil
	// content is the list in force, and isPresent says that there is one. It is stored as text, to be parsed again when another list
	// changes: a million parsed suffixes would be several times as large, and full of pointers for the garbage collector to follow.
	content   string
	isPresent bool

	seen    uint64    // hash of the content when Look last read it
	failure error     // why the current version is not in force
	success time.Time // when the list was last found to be up to date; zero for never
}

// Label returns the name of the list for logs and metrics: its path, without a password.
func (s *Source) Label() string {
	if address, err := url.Parse(s.Path); s.IsRemote() && err == nil {
		return address.Redacted()
	}
	return s.Path
}

// Success returns when the list was last found to be up to date; zero for not since the start.
func (s *Source) Success() time.Time { return s.success }

// Modified returns when a fetched list was last changed, as its web server says; zero if that is not known.
func (s *Source) Modified() time.Time {
	if s.remote == nil {
		return time.Time{}
	}
	return s.remote.modified
}

// Content returns the list in force, as text.
func (s *Source) Content() string { return s.content }

// Copied returns the copy of a fetched list from before the start, or "" if there was none.
func (s *Source) Copied() string {
	if s.remote == nil {
		return ""
	}
	return s.remote.previous
}

// IsRemote reports whether the list is fetched.
func (s *Source) IsRemote() bool { return strings.HasPrefix(s.Path, HTTPSPrefix) }

// HasCopy reports whether the list comes from elsewhere, so that it may be away, and a copy of it is kept.
func (s *Source) HasCopy() bool { return s.IsRemote() || s.Stored != nil }

// IsBuiltin reports whether the list comes with the plugin.
func (s *Source) IsBuiltin() bool { return strings.HasPrefix(s.Path, BuiltinPrefix) }

// builtin returns the name of a list that comes with the plugin, and whether it is one.
func (s *Source) builtin() (string, bool) { return strings.CutPrefix(s.Path, BuiltinPrefix) }

// Check returns an error for an invalid source, without reading it.
func (s *Source) Check() error {
	if name, ok := s.builtin(); ok {
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

// Remote prepares a source that HasCopy. The last good copy is kept in cacheDir, unless that is ""; if optional is true, the server
// may start without the list.
func (s *Source) Remote(cacheDir string, optional bool) { s.remote = newRemote(cacheDir, optional) }

// read returns the current content of the list.
func (s *Source) read(ctx context.Context) (string, error) {
	if name, ok := s.builtin(); ok {
		content, _ := builtin.Read(name) // which Check found
		return string(content), nil
	}
	if s.Stored != nil {
		return s.readStored(ctx)
	}
	if s.remote == nil {
		content, err := s.file.read(ctx, s.Path, readTimeout, ReadRegular)
		if err != nil {
			return "", s.At.Errorf("%s: %w; expected a readable list file", s.Option, err)
		}
		return string(content), nil
	}
	content, err := s.remote.fetch(ctx, s.Path, s.content)
	if err != nil {
		return "", s.At.Errorf("%s: %w; expected a list", s.Option, err)
	}
	return content, nil
}

// readStored returns the current content of a list in a database.
func (s *Source) readStored(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	content, err := s.Stored(ctx, s.lookup)
	switch {
	case err == nil:
		return string(content), nil
	case errors.Is(err, fs.ErrNotExist) && s.isEmpty(s.content) && s.isEmpty(s.Copied()):
		return "", nil // nothing that could have been lost
	}
	return "", s.At.Errorf("%s: %w; expected a list", s.Option, err)
}

// isEmpty reports whether a version of the list has no suffix.
func (s *Source) isEmpty(content string) bool { return errors.Is(s.text(content).check(nil), errEmpty) }

// load reads the list at startup, when nothing is in force. If it cannot be fetched, or is none, load uses its copy, or nothing if the
// server may start without the list. Nobody resolves while the server starts: with a copy, a web server that does not answer is not waited
// for long.
func (s *Source) load(ctx context.Context) error {
	if s.remote == nil {
		return s.loadLocal(ctx)
	}
	copied, copyErr := s.remote.copied(s.Path)
	if copyErr == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startTimeout)
		defer cancel()
	}
	content, err := s.read(ctx)
	if err == nil {
		err = s.check(content, nil)
	}
	switch {
	case err == nil:
		s.content, s.isPresent, s.success = content, true, time.Now()
	case copyErr == nil:
		s.content, s.isPresent, s.failure = copied, true, err
		return s.check(copied, nil)
	case s.remote.optional:
		s.failure = err
	default:
		s.failure = fmt.Errorf("%w, %w", err, copyErr)
	}
	return nil
}

// loadLocal is load for a list that is not fetched.
func (s *Source) loadLocal(ctx context.Context) error {
	content, err := s.read(ctx)
	if err != nil {
		return err
	}
	s.content, s.isPresent, s.success = content, true, time.Now()
	return s.check(content, nil)
}

// required returns why a list that the server must not start without is missing, or nil.
func (s *Source) required() error {
	if s.isMissing() && !s.remote.optional {
		return s.failure
	}
	return nil
}

// isMissing reports whether the list could never be fetched and has no copy.
func (s *Source) isMissing() bool { return s.remote != nil && !s.isPresent }

// keep writes a copy of the list in force, if it was fetched.
func (s *Source) keep() error {
	if s.remote == nil || !s.isPresent {
		return nil
	}
	if err := s.remote.keep(s.Path, s.content); err != nil {
		return fmt.Errorf("cannot keep a copy of %s: %w", s.Path, err)
	}
	return nil
}

// text returns a version of the list.
func (s *Source) text(content string) text { return text{s.Path, content, s.Protects} }

// check returns an error for a version of the list that cannot be in force.
func (s *Source) check(content string, p *pace.Pace) error {
	err := s.text(content).check(p)
	switch {
	case !errors.Is(err, errEmpty):
		return err
	case s.Protects:
		return s.At.Errorf("%s: no suffix in %s; expected at least one", s.Option, s.Path)
	}
	return nil
}
