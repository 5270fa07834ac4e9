package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// parents are the names above the protected suffixes of a policy, in the order of these. They are copies, which do not keep lists in memory.
type parents struct {
	names []string
	known map[string]struct{}
}

// add adds the names above a suffix.
func (p *parents) add(suffix string) {
	for name, ok := parent(suffix); ok; name, ok = parent(name) {
		if _, known := p.known[name]; known {
			return // and so are those above it
		}
		name = strings.Clone(name)
		p.known[name] = struct{}{}
		p.names = append(p.names, name)
	}
}

// compileAbove builds what the set knows of the names above those that pass.
func (c *compiler) compileAbove() error {
	for _, p := range c.Policies {
		for _, list := range p.Popular {
			for _, name := range list.Above() {
				if strings.Contains(name, ".") || c.lostDot(name) {
					c.above[name] = struct{}{}
				}
			}
		}
	}
	builders := map[int]*match.Builder{} // by number of labels: a name under another one would not be near it
	var buffer match.Buffer
	for tag := range c.aboveOf {
		for _, name := range c.aboveOf[tag].names {
			c.pace.Step()
			c.above[name] = struct{}{}
			if match.CheckProtectable(name) != nil || c.isProtected(name, &buffer) {
				continue
			}
			labels := labelsOf(name)
			if builders[labels] == nil {
				builders[labels] = &match.Builder{Step: c.pace.Step}
			}
			if _, err := builders[labels].Protect(c.entry(name, tag)); err != nil {
				return fmt.Errorf("compiling the names above protected suffixes: %w", err)
			}
		}
	}
	c.parents = map[int]*match.Index{}
	for labels, builder := range builders {
		c.parents[labels] = builder.Build(match.Homoglyphs(skeleton.Of))
	}
	return nil
}

// labelsOf returns the number of labels of a name without the final dot.
func labelsOf(name string) int { return strings.Count(name, ".") + 1 }

// addAbove adds the names above an allowed suffix.
func (s *Set) addAbove(name string) {
	for name, ok := parent(name); ok; name, ok = parent(name) {
		if _, known := s.above[name]; known {
			return // and so are those above it
		}
		s.above[strings.Clone(name)] = struct{}{}
	}
}

// parent returns the name above another one, and false if that is the root.
func parent(name string) (string, bool) {
	_, above, ok := strings.Cut(name, ".")
	return above, ok
}

// PassesBelow reports whether a protected, allowed or popular domain lies below a name. Such a name must not be answered with NXDOMAIN,
// which says that nothing is below it (RFC 8020). Popular ones are looked for below a top-level domain only if it looks like a domain
// that has lost its dot: below one that looks like another top-level domain, none passes.
func (s *Set) PassesBelow(name string) bool {
	_, ok := s.above[strings.ToLower(strings.TrimSuffix(name, "."))]
	return ok
}

// lostDot reports whether a top-level domain looks like a protected suffix of two labels.
func (s *Set) lostDot(top string) bool {
	buffer := s.buffers.Get().(*match.Buffer)
	defer s.buffers.Put(buffer)
	return slices.ContainsFunc(s.index.Lookup(top, buffer).Matches, func(m match.Match) bool { return strings.Contains(m.Suffix, ".") })
}

// nearParent reports whether a name as a whole looks like one above a protected suffix, of a policy that enforces and is for
// the client. Nothing is known of such a name itself, which no policy covers.
func (s *Set) nearParent(name string, q *Query) bool {
	buffer := s.buffers.Get().(*match.Buffer)
	defer s.buffers.Put(buffer)
	labels := labelsOf(strings.TrimSuffix(name, "."))
	for n := labels - 1; n <= labels+1; n++ {
		index := s.parents[n]
		if index == nil {
			continue
		}
		if matches := index.Lookup(name, buffer).Matches; len(matches) > 0 && s.anyCounts(name, matches, q) {
			return true
		}
	}
	return false
}

// nearProtectedParent reports whether a name as a whole looks like a protected suffix above another one. It may pass all the same, where the other
// one's lookalikes do not: by another policy, or because it is short.
func (s *Set) nearProtectedParent(name string) bool {
	buffer := s.buffers.Get().(*match.Buffer)
	defer s.buffers.Put(buffer)
	return slices.ContainsFunc(s.lookup(name, buffer).Matches, func(m match.Match) bool {
		return m.Start == 0 && s.PassesBelow(m.Suffix)
	})
}

// anyCounts reports whether one of the policies that a name as a whole matches enforces and is for the client.
func (s *Set) anyCounts(name string, matches []match.Match, q *Query) bool {
	client, now := q.client(), q.now()
	return slices.ContainsFunc(matches, func(m match.Match) bool {
		p := s.Policies[m.Tag]
		mode, _ := s.modeOf(name, &m, now)
		if m.Start != 0 || mode != Enforce || !p.counts(&Query{Only: q.Only}, client) {
			return false
		}
		_, exempt := s.isExempt(name, &m)
		return !exempt
	})
}
