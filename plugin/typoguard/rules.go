package typoguard

import (
	"errors"
	"fmt"
	"slices"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// rules are the policies of a server block with what they protect at one moment. They never change, but for what they
// remember of names.
type rules struct {
	policies []*policy // a match's tag is the index of its policy
	sizes    []sizes   // of each policy
	index    *match.Index
	unlike   *unlikeNames
	next     moment // when a line of a list stops counting, or is about to; 0 is never
}

// sizes are the numbers of suffixes of a policy, and of those among them that stop counting soon.
type sizes struct {
	protected, allowed                 int
	expiringProtected, expiringAllowed int
}

// soon is how long before it stops counting a line is counted as one that does, in seconds.
const soon = 7 * 24 * 60 * 60

// suffixes are what a stanza protects and allows.
type suffixes struct{ protected, allowed []suffix }

// suffixes returns what the stanza protects and allows, with what its lists hold now.
func (s *stanza) suffixes() (suffixes, error) {
	protected, err := s.protect.suffixes()
	if err != nil {
		return suffixes{}, err
	}
	allowed, err := s.allow.suffixes()
	return suffixes{protected, allowed}, err
}

// at returns the suffixes that count at a moment.
func (s suffixes) at(now moment) suffixes {
	return suffixes{countingAt(now, s.protected), countingAt(now, s.allowed)}
}

func countingAt(now moment, all []suffix) []suffix {
	return slices.DeleteFunc(all, func(s suffix) bool { return s.until.passed(now) })
}

// expiring returns how many of the suffixes, which count at a moment, stop counting soon, and when the first of them does or
// the next one becomes one of them, 0 if never.
func expiring(all []suffix, now moment) (count int, next moment) {
	for _, s := range all {
		if s.until == 0 {
			continue
		}
		change := s.until
		if s.until-soon <= now {
			count++
		} else {
			change = s.until - soon
		}
		next = earlier(next, change)
	}
	return count, next
}

// earlier returns the earlier of two moments.
func earlier(a, b moment) moment {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// compile makes rules of stanzas, with what their lists hold and what of it counts at a moment.
func compile(stanzas []*stanza, now moment) (*rules, error) {
	all := make([]suffixes, len(stanzas))
	for tag, s := range stanzas {
		listed, err := s.suffixes()
		if err != nil {
			return nil, err
		}
		if err := s.checkProtected(listed.protected); err != nil {
			return nil, err
		}
		all[tag] = listed.at(now)
	}
	if err := findContradiction(all); err != nil {
		return nil, err
	}
	r := &rules{unlike: newUnlikeNames()}
	var entries []match.Entry
	var allowed []string
	for tag, s := range stanzas {
		protectedNames, allowedNames := names(all[tag].protected), names(all[tag].allowed)
		for _, name := range protectedNames {
			entries = append(entries, match.Entry{
				Suffix: name, Distance: s.policy.distance, Kinds: s.policy.kinds, Keyboard: s.policy.keyboard, Tag: tag,
			})
		}
		allowed = append(allowed, allowedNames...)
		r.policies = append(r.policies, &s.policy)
		size := sizes{protected: len(protectedNames), allowed: len(allowedNames)}
		var nextProtected, nextAllowed moment
		size.expiringProtected, nextProtected = expiring(all[tag].protected, now)
		size.expiringAllowed, nextAllowed = expiring(all[tag].allowed, now)
		r.sizes = append(r.sizes, size)
		r.next = earlier(r.next, earlier(nextProtected, nextAllowed))
	}
	index, err := match.Compile(entries, allowed, match.Homoglyphs(skeleton.Of))
	if err != nil {
		return nil, fmt.Errorf("compiling the policies: %w", err)
	}
	r.index = index
	return r, nil
}

// findContradiction returns an error if a suffix is both protected and allowed, in whatever policies: a listed name
// passes for all of them, so one of the two was not meant.
func findContradiction(all []suffixes) error {
	allowedAt := map[string]position{}
	for _, s := range all {
		for _, a := range s.allowed {
			allowedAt[a.name] = a.at
		}
	}
	for _, s := range all {
		for _, p := range s.protected {
			if at, ok := allowedAt[p.name]; ok {
				return at.errorf("%q is allowed here and protected at %s; expected it on one list only", p.name, p.at)
			}
		}
	}
	return nil
}

// names returns the names of suffixes, each once.
func names(suffixes []suffix) []string {
	seen := make(map[string]struct{}, len(suffixes))
	var unique []string
	for _, s := range suffixes {
		if _, ok := seen[s.name]; !ok {
			seen[s.name] = struct{}{}
			unique = append(unique, s.name)
		}
	}
	return unique
}

// checkProtected returns an error if an option of the stanza applies to none of the suffixes it protects, whether they
// count at present or not.
func (s *stanza) checkProtected(protected []suffix) error {
	if slices.ContainsFunc(s.files(), (*file).isMissing) {
		return nil // nobody knows what they are
	}
	all := names(protected)
	return errors.Join(s.checkDistance(all), s.checkRequire(all))
}

// checkDistance returns an error if the stanza asks for distance 2 and none of the suffixes can have it.
func (s *stanza) checkDistance(protected []string) error {
	if s.policy.distance == 1 {
		return nil
	}
	for _, name := range protected {
		if match.MaxDistance(name) == s.policy.distance {
			return nil
		}
	}
	return s.given["distance"].errorf("distance: %d applies to none of the suffixes; expected one of at least two labels and six characters", s.policy.distance)
}

// checkRequire returns an error if the stanza requires counterparts and none of the suffixes can have any.
func (s *stanza) checkRequire(protected []string) error {
	if s.policy.require == nil || slices.ContainsFunc(protected, isRegistry) {
		return nil
	}
	return s.given["require"].errorf("require: all protected suffixes are domains themselves, of which there is nothing to look up; expected one to register others under, such as mil")
}
