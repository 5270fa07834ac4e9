package policy

import (
	"fmt"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// compileAbove builds what the set knows of the names above listed suffixes.
func (s *Set) compileAbove(protected []match.Entry, allowed []string) error {
	s.above = map[string]struct{}{}
	for _, name := range allowed {
		s.addAbove(name)
	}
	for _, e := range protected {
		s.addAbove(e.Suffix)
	}
	listed := make(map[string]struct{}, len(protected))
	for _, e := range protected {
		listed[e.Suffix] = struct{}{}
	}
	var parents []match.Entry
	known := map[match.Entry]struct{}{}
	for _, e := range protected {
		for name, ok := parent(e.Suffix); ok; name, ok = parent(name) {
			e.Suffix = name
			_, isListed := listed[name]
			_, isKnown := known[e]
			if isListed || isKnown || match.CheckProtectable(name) != nil {
				continue
			}
			known[e] = struct{}{}
			parents = append(parents, e)
		}
	}
	index, err := match.Compile(parents, nil)
	if err != nil {
		return fmt.Errorf("compiling the names above protected suffixes: %w", err)
	}
	s.parents = index
	return nil
}

// addAbove adds the names above a suffix.
func (s *Set) addAbove(name string) {
	for name, ok := parent(name); ok; name, ok = parent(name) {
		if _, known := s.above[name]; known {
			return // and so are those above it
		}
		s.above[name] = struct{}{}
	}
}

// parent returns the name above another one, and false if that is the root.
func parent(name string) (string, bool) {
	_, above, ok := strings.Cut(name, ".")
	return above, ok
}

// ListedBelow reports whether a protected or allowed suffix lies below a name. Such a name must not be answered with NXDOMAIN,
// which says that nothing is below it (RFC 8020).
func (s *Set) ListedBelow(name string) bool {
	_, ok := s.above[strings.ToLower(strings.TrimSuffix(name, "."))]
	return ok
}

// nearParent reports whether a name as a whole looks like one above a protected suffix, of a policy that enforces and is for
// the client. Nothing is known of such a name itself, which no policy covers.
func (s *Set) nearParent(name string, q *Query) bool {
	buffer := s.buffers.Get().(*match.Buffer)
	defer s.buffers.Put(buffer)
	matches := s.parents.Lookup(name, buffer).Matches
	if len(matches) == 0 {
		return false
	}
	client, now := q.client(), q.now()
	for i := range matches {
		p := s.Policies[matches[i].Tag]
		if matches[i].Start == 0 && p.ModeAt(now) == Enforce && p.counts(&Query{Only: q.Only}, client) {
			return true
		}
	}
	return false
}
