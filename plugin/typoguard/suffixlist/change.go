package suffixlist

import (
	"fmt"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
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

// compare returns the difference between two versions of a list. It keeps some 16 bytes of each suffix, not the suffix itself, which would be several
// times as large.
func compare(before, after List, p *pace.Pace) Difference {
	var d Difference
	var seen sightings
	for s := range before.All() {
		if p.Step(); seen.see(s.Name, inOld) == nowhere {
			d.Before++
		}
	}
	common := 0
	for s := range after.All() {
		p.Step()
		switch seen.see(s.Name, inNew) {
		case nowhere:
			d.Added++
			if isStrange(s.Name) {
				d.Strange = append(d.Strange, s)
			}
		case inOld:
			common++
		case inNew: // twice
		}
	}
	d.After = common + d.Added
	d.Removed = d.Before - common
	return d
}

// isStrange reports whether a suffix is a single label that is no top-level domain.
func isStrange(name string) bool { return !strings.Contains(name, ".") && !tlds.Delegated(name) }

// Strange returns the suffixes of the list in force that are a single label and no top-level domain.
func (s *Source) Strange() []Suffix {
	var all []Suffix
	at := Position{s.Path, 0}
	for line := range strings.Lines(s.content) {
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

// Since returns the difference between an older version of the list and the one in force, for instance that of the process or the copy
// before a restart.
func (s *Source) Since(before string, now time.Time) Difference {
	if before == s.content {
		return Difference{}
	}
	return compare(s.version(before, now), s.version(s.content, now), nil)
}

// version returns the suffixes of a version of the list that have not expired at a time; none if it is no list.
func (s *Source) version(content string, now time.Time) List {
	if s.text(content).check(nil) != nil {
		return List{}
	}
	return List{files: []text{s.text(content)}, now: now}
}

// checkChange returns an error for content that must not replace the list in the background, since nobody looks on. A list that turns
// into an error page, or loses most of its lines, would take the protection away.
func (s *Source) checkChange(content string, p *pace.Pace) error {
	if err := s.check(content, p); err != nil {
		return err
	}
	now := time.Now()
	before, after := List{now: now}, List{files: []text{s.text(content)}, now: now}
	if s.isPresent {
		before.files = []text{s.text(s.content)}
	}
	d := compare(before, after, p)
	switch {
	case d.Before > 0 && strings.TrimSpace(content) == "": // written by halves, or the disk is full
		return s.At.Errorf("%s: %s: empty; expected a comment in a list without suffixes; reload the Corefile to take it", s.Option, s.Label())
	case d.Shrinks(s.Shrink):
		return s.At.Errorf("%s: %s: %s; expected it to lose at most %d%% (shrink); reload the Corefile to take it", s.Option, s.Label(), d, s.Shrink)
	case len(d.Strange) > 0:
		return d.Strange[0].At.Errorf("%q is no top-level domain (%s); expected a domain suffix; reload the Corefile to take it", d.Strange[0].Name, d)
	}
	return nil
}
