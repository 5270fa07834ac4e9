package suffixlist

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/tlds"
)

const (
	// DefaultShrink is the percentage of its suffixes that a list may lose in the background.
	DefaultShrink = 50
	// smallList is the number of suffixes below which a list may lose any number of them.
	smallList = 10
)

// Difference is what distinguishes two versions of a list, by the suffixes that have not expired.
type Difference struct {
	Before, After  int // suffixes
	Added, Removed int
	// Strange are the added suffixes of a single label that is no top-level domain, as an error page or a log may contain.
	Strange []Suffix
}

// String returns the difference for people.
func (d Difference) String() string {
	return fmt.Sprintf("%d suffixes before, %d after (+%d −%d)", d.Before, d.After, d.Added, d.Removed)
}

// Shrinks reports whether a list loses more than a percentage of its suffixes.
func (d Difference) Shrinks(percent int) bool {
	return d.Before >= smallList && d.Removed*100 > percent*d.Before
}

// compare returns the difference between two versions of a list.
func compare(before, after []Suffix, now time.Time) Difference {
	was, is := byName(At(before, now)), byName(At(after, now))
	d := Difference{Before: len(was), After: len(is)}
	for name := range was {
		if _, ok := is[name]; !ok {
			d.Removed++
		}
	}
	for name, s := range is {
		if _, ok := was[name]; ok {
			continue
		}
		d.Added++
		if isStrange(name) {
			d.Strange = append(d.Strange, s)
		}
	}
	return d
}

// isStrange reports whether a suffix is a single label that is no top-level domain.
func isStrange(name string) bool { return !strings.Contains(name, ".") && !tlds.Delegated(name) }

// Strange returns the suffixes of the list in force that are a single label and no top-level domain.
func (s *Source) Strange() []Suffix {
	var all []Suffix
	at := Position{s.Path, 0}
	for line := range strings.Lines(string(s.content)) {
		at.Line++
		if text, _, _ := strings.Cut(line, "#"); strings.Contains(text, ".") {
			continue // without being parsed, which takes long for a million of them
		}
		if suffix, err := parseLine(strings.TrimRight(line, "\r\n"), s.Protects); err == nil && suffix.Name != "" && isStrange(suffix.Name) {
			suffix.At = at
			all = append(all, suffix)
		}
	}
	return all
}

func byName(suffixes []Suffix) map[string]Suffix {
	all := make(map[string]Suffix, len(suffixes))
	for _, s := range suffixes {
		all[s.Name] = s
	}
	return all
}

// Since returns the difference between an older version of the list and the one in force, for instance that of the process or the copy
// before a restart.
func (s *Source) Since(before []byte, now time.Time) Difference {
	if bytes.Equal(before, s.content) {
		return Difference{}
	}
	old, _ := parse(nil, s.Path, before, s.Protects) // what was no list had no suffix
	current, _ := parse(nil, s.Path, s.content, s.Protects)
	return compare(old, current, now)
}

// checkChange returns an error for content that must not replace the list in the background, since nobody looks on. A list that turns
// into an error page, or loses most of its lines, would take the protection away.
func (s *Source) checkChange(content []byte) error {
	after, err := s.parse(nil, content)
	if err != nil {
		return err
	}
	before, err := parse(nil, s.Path, s.content, s.Protects)
	if err != nil {
		before = nil // the list is missing
	}
	d := compare(before, after, time.Now())
	switch {
	case d.Shrinks(s.Shrink):
		return s.At.Errorf("%s: %s: %s; expected it to lose at most %d%% (shrink); reload the Corefile to take it", s.Option, s.Label(), d, s.Shrink)
	case len(d.Strange) > 0:
		return d.Strange[0].At.Errorf("%q is no top-level domain (%s); expected a domain suffix; reload the Corefile to take it", d.Strange[0].Name, d)
	}
	return nil
}
