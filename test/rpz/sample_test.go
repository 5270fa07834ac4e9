//go:build e2e

package rpz_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"unicode"

	"github.com/miekg/dns"
	"golang.org/x/net/idna"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/tlds"
	"github.com/typoguard/coredns-typoguard/test/typos"
)

const (
	sampleSize = 10_000
	// mostly is how many names of the sample are asked for by other types than MX and A, too.
	mostly = 1_000
)

// letters are those of host names, with the dot.
const letters = "abcdefghijklmnopqrstuvwxyz0123456789-."

// hostname is a name that can have mail, on the wire.
var hostname = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// sampler makes names to ask for. It makes the same ones in every run.
type sampler struct {
	*rand.Rand
	listed []string // the suffixes that the policy protects and allows
	owners []string // of the zone's rows, without wildcards
}

// sample returns the names: of each sort some, in random order.
func (s *sampler) sample() []string {
	sorts := []func() string{
		s.lookalike, s.lookalike, s.lookalike,
		func() string { return s.below(s.lookalike()) },
		func() string { return s.below(s.lookalike()) },
		func() string { return s.mutant(1) },
		func() string { return s.mutant(2) },
		func() string { return s.mutant(3) },
		func() string { return s.below(s.mutant(1)) },
		s.accented,
		func() string { return s.pick(s.listed) },
		func() string { return s.below(s.pick(s.listed)) },
		func() string { return s.beside(s.pick(s.listed)) },
		s.ordinary,
		func() string { return s.deep(s.lookalike()) },
		func() string { return s.deep(s.pick(s.listed)) },
	}
	var names []string
	seen := map[string]bool{}
	for len(names) < sampleSize {
		name := s.spell(sorts[s.IntN(len(sorts))]())
		if !seen[name] && canBeListed(strings.ToLower(name)) {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// canBeListed reports whether a name, which has but one letter outside ASCII if it is not from the zone, is one that the zone has if it is a
// lookalike.
func canBeListed(name string) bool {
	top := name[strings.LastIndexByte(name, '.')+1:]
	return len(name) <= 240 && hostname.MatchString(name) && tlds.Delegated(top)
}

// pick returns any of some names.
func (s *sampler) pick(names []string) string { return names[s.IntN(len(names))] }

// lookalike returns a name that has a row.
func (s *sampler) lookalike() string { return s.pick(s.owners) }

// below returns a name below another.
func (s *sampler) below(name string) string {
	for range 1 + s.IntN(3) {
		name = s.label() + "." + name
	}
	return name
}

// deep returns a name far below another.
func (s *sampler) deep(name string) string {
	for range 10 + s.IntN(20) {
		name = string(letters[s.IntN(36)]) + "." + name
	}
	return name
}

// mutant returns a listed suffix with some edits. They are of ASCII: what they make of an A-label is no name in Unicode.
func (s *sampler) mutant(edits int) string {
	name := s.pick(s.listed)
	for range edits {
		at, c := s.IntN(len(name)), string(letters[s.IntN(len(letters))])
		name = typos.Edit(name, at, typos.Op(s.IntN(4)), c)
		if name == "" || strings.Contains(name, "xn--") {
			return s.ordinary()
		}
	}
	return name
}

// accented returns the first suffix, a protected one, with one letter replaced by, or added from, those of other languages.
func (s *sampler) accented() string {
	name, letter := s.listed[0], s.pick([]string{"ä", "é", "ö", "ø", "ß", "ç", "ł", "ș"})
	at := s.IntN(len(name))
	if wire, err := idna.Registration.ToASCII(name[:at] + letter + name[at+s.IntN(2):]); err == nil {
		return wire
	}
	return s.ordinary()
}

// beside returns a name that shares the last labels of another, such as those in between what has rows.
func (s *sampler) beside(name string) string {
	for range 1 + s.IntN(3) {
		if _, above, ok := strings.Cut(name, "."); ok {
			name = above
		}
	}
	if s.IntN(3) > 0 {
		name = s.below(name)
	}
	return name
}

// ordinary returns a name like that of anybody.
func (s *sampler) ordinary() string {
	return s.below(s.pick([]string{"com", "nl", "de", "org", "mil", "ml", "gov", "co.il", "ac.uk"}))
}

// label returns a label of a few letters.
func (s *sampler) label() string {
	var b strings.Builder
	for range 1 + s.IntN(8) {
		b.WriteByte(letters[s.IntN(36)])
	}
	return b.String()
}

// spell returns a name in a mix of cases now and then, as resolvers ask that guard against spoofing.
func (s *sampler) spell(name string) string {
	if s.IntN(10) > 0 {
		return name
	}
	return strings.Map(func(c rune) rune {
		if s.IntN(2) == 0 {
			return unicode.ToUpper(c)
		}
		return c
	}, name)
}

// questions returns what is asked of names: MX and A, and of some other types, too.
func questions(names []string, others []uint16) []question {
	var all []question
	for i, name := range names {
		all = append(all, question{name, dns.TypeMX}, question{name, dns.TypeA})
		if i < mostly {
			for _, qtype := range others {
				all = append(all, question{name, qtype})
			}
		}
	}
	return all
}
