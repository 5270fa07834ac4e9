package typoguard

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/builtin"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// suffix is a domain suffix and where it was written.
type suffix struct {
	name  string
	at    position
	until moment // when it stops counting
	note  string // what is said of it
}

// list is the suffixes to protect, or to allow, of one policy.
type list struct {
	inline []suffix
	files  []*file
}

// suffixes returns those given in the Corefile, and then those of the files as last loaded.
func (l *list) suffixes() ([]suffix, error) {
	all := slices.Clone(l.inline)
	for _, f := range l.files {
		var err error
		if all, err = f.appendSuffixes(all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// file is a list file: a suffix on each line, which may have an end (until=DATE), and a note after '#', in UTF-8.
type file struct {
	path     string
	option   string   // that names it
	at       position // of the option
	protects bool     // its suffixes are to be protected, not allowed
	// content is what was last loaded. It is kept as it was read, to be read again when another list changes: as a
	// million suffixes it would be several times as large, and full of pointers for the garbage collector to follow.
	content []byte
	remote  *remote // nil of a file on this host; otherwise path is its address
}

// read returns the content of the file.
func (f *file) read(ctx context.Context) ([]byte, error) {
	if name, ok := strings.CutPrefix(f.path, builtinPrefix); ok {
		content, _ := builtin.Read(name) // which was there when the Corefile was parsed
		return content, nil
	}
	if f.remote == nil {
		content, err := os.ReadFile(f.path)
		if err != nil {
			return nil, f.at.errorf("%s: %w; expected a readable list file", f.option, err)
		}
		return content, nil
	}
	content, err := f.remote.fetch(ctx, f.path, f.content)
	if err != nil {
		return nil, f.at.errorf("%s: %w; expected a list", f.option, err)
	}
	return content, nil
}

// isMissing reports whether the file could not be fetched yet, and there is no copy.
func (f *file) isMissing() bool { return f.remote != nil && f.content == nil }

// readFirst is read at the start, when nothing is in force: if the list cannot be fetched its copy does. Then, and if the
// server may start without, the error of stale says why.
func (f *file) readFirst() (content []byte, stale, err error) {
	content, err = f.read(context.Background())
	if err == nil || f.remote == nil {
		return content, nil, err
	}
	content, copyErr := f.remote.copied(f.path)
	switch {
	case copyErr == nil:
		return content, err, nil
	case f.remote.optional:
		return nil, err, nil
	}
	return nil, nil, fmt.Errorf("%w, %w", err, copyErr)
}

// keep keeps a copy of what is in force, if it was fetched.
func (f *file) keep() {
	if f.remote == nil {
		return
	}
	if err := f.remote.keep(f.path, f.content); err != nil {
		log.Errorf("No copy of %s is kept: %v", f.path, err)
	}
}

// appendSuffixes appends the suffixes in the file's content. Every line must be right, and a file of suffixes to protect
// not be empty: what would be left out without a word is mail unprotected.
func (f *file) appendSuffixes(found []suffix) ([]suffix, error) {
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(f.content, []byte("\ufeff"))))
	lines.Buffer(nil, len(f.content)+1) // a line may be as long as it likes, so Scan cannot fail
	before := len(found)
	for at := (position{f.path, 1}); lines.Scan(); at.line++ {
		s, err := f.parseLine(lines.Text())
		if err != nil {
			return nil, at.errorf("%w", err)
		}
		if s.name != "" {
			s.at = at
			found = append(found, s)
		}
	}
	if f.protects && len(found) == before && !f.isMissing() {
		return nil, f.at.errorf("%s: no suffix in %s; expected one at least", f.option, f.path)
	}
	return found, nil
}

// parseLine returns the suffix of a line, of which the name is "" if there is none.
func (f *file) parseLine(line string) (suffix, error) {
	if !utf8.ValidString(line) {
		return suffix{}, fmt.Errorf("%q is not UTF-8; expected a domain suffix", line)
	}
	text, note, _ := strings.Cut(line, "#")
	words := strings.Fields(text)
	if len(words) == 0 {
		return suffix{}, nil
	}
	name, err := parseSuffix(words[0], f.protects)
	if err != nil {
		return suffix{}, err
	}
	s := suffix{name: name, note: strings.TrimSpace(note)}
	if len(words) == 1 {
		return s, nil
	}
	date, ok := strings.CutPrefix(words[1], untilPrefix)
	switch {
	case !ok:
		return suffix{}, fmt.Errorf("%q after %q; expected one suffix a line, and until=DATE at most", words[1], words[0])
	case len(words) > 2:
		return suffix{}, fmt.Errorf("%q after %q; expected nothing more", words[2], words[1])
	}
	s.until, err = parseUntil(date)
	return s, err
}

// parseSuffix reads a suffix to be protected or allowed.
func parseSuffix(s string, protects bool) (string, error) {
	name, err := match.ParseSuffix(s)
	if err == nil && protects {
		err = match.CheckProtectable(name)
	}
	if err != nil {
		return "", fmt.Errorf("%q: %w", s, err)
	}
	return name, nil
}
