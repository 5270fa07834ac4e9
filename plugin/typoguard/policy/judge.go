package policy

import (
	"slices"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// Judge decides about a query. It allocates nothing for a name that is near no protected suffix. Any number of goroutines
// may call it.
func (s *Set) Judge(q *Query) Decision {
	hash := s.negative.hash(q.Name)
	if s.negative.has(hash) {
		return Decision{Reason: NoMatch}
	}
	buffer := s.buffers.Get().(*match.Buffer)
	defer s.buffers.Put(buffer)
	found := s.lookup(q.Name, buffer)
	if len(found.Matches) > 0 {
		return s.decide(q, found.Matches)
	}
	if found.Listing == match.Unlisted {
		s.negative.add(hash)
	}
	return listed(found)
}

// lookup returns what a name looks like. An allowed name looks like nothing, unless it is denied.
func (s *Set) lookup(name string, b *match.Buffer) match.Result {
	found := s.index.Lookup(name, b)
	if found.Listing == match.Allowed {
		found.Matches = s.deniedMatches(name, found.Suffix, b)
	}
	return found
}

// decide returns what the policies say about a name that matches.
func (s *Set) decide(q *Query, matches []match.Match) Decision {
	d := s.pick(q, matches)
	if d.Policy != nil && !q.isAnsweredBy(d.Policy) {
		d.Reason = OtherType
	}
	d.NoName = d.Covered() && d.Policy.denies(q.Type) && !s.PassesBelow(q.Name) && !d.checksBelow()
	if q.Candidates || (d.Covered() && d.Policy.Candidates) {
		d.Candidates = s.candidates(q.Name, matches)
	}
	return d
}

// pick picks among the matches of a name, best first, the one whose policy is for the client. A name is hidden if a single match says so,
// whether others are of the same suffix, elsewhere in the name, or of other policies: one that only monitors, or for which the name is
// popular, or has no counterpart, never takes it from one that enforces, and one that does not know yet never from one that does.
func (s *Set) pick(q *Query, matches []match.Match) Decision {
	d := Decision{Reason: OtherClient}
	var exempt *Decision
	client, now := q.client(), q.now()
	for i := range matches {
		m := &matches[i]
		p := s.Policies[m.Tag]
		if !p.counts(q, client) || (q.Without.Has(m.Kind) && !s.isDenied(q.Name, m)) {
			continue
		}
		mode, doubtful := s.modeOf(q.Name, m, now)
		if d.Policy != nil && mode == Monitor {
			continue
		}
		if domain, ok := s.isExempt(q.Name, m); ok {
			if exempt == nil {
				exempt = &Decision{
					Verdict: Popular, Reason: IsPopular, Policy: p, Mode: Exempt, Lookalike: s.lookalike(q.Name, m), Popular: domain,
				}
			}
			continue
		}
		found, reason := s.check(q, matches, i)
		if reason != Hidden {
			if d.Policy == nil {
				d.Reason = reason
			}
			continue
		}
		hides := Decision{
			Verdict: Lookalike, Policy: p, Mode: mode, Lookalike: s.lookalike(q.Name, m), Counterpart: found, Doubtful: doubtful, Uncertain: s.lacksAllowed,
		}
		if mode == Enforce && !hides.Deferred() {
			return hides
		}
		if !d.Enforced() {
			d = hides
		}
	}
	if d.Policy == nil && exempt != nil {
		return *exempt
	}
	return d
}

// modeOf returns what the policy of a match of a name does about it at a time, and whether that is because the match is doubtful.
func (s *Set) modeOf(name string, m *match.Match, now time.Time) (mode Mode, doubtful bool) {
	p := s.Policies[m.Tag]
	if mode = p.ModeAt(now); mode == Enforce && p.isDoubtful(name, m) && !s.isDenied(name, m) {
		return Monitor, true
	}
	return mode, false
}

// counts reports whether a policy has a say in a query at all.
func (p *Policy) counts(q *Query, client *Client) bool {
	return p.Clients.Cover(client) && (q.Target == 0 || p.Inspect&q.Target != 0) && (q.Zone == "" || q.Zone == p.Zone) && (q.Feed == "" || q.Feed == p.Feed) && (q.Only == nil || q.Only == p)
}

// check checks whether the counterpart of a lookalike exists, if the policy of a match requires it, and who operates one under another
// TLD. It returns why the lookalike does not count for that policy, or Hidden if it does. A name that the policy denies counts. For a
// type that the policy passes nothing is looked up, unless another policy answers it: all types must be decided by the same policy, or
// one hides the MX records, and the other leaves the address.
func (s *Set) check(q *Query, matches []match.Match, at int) (Existence, Reason) {
	m := &matches[at]
	p := s.Policies[m.Tag]
	answers := func(m match.Match) bool { return q.isAnsweredBy(s.Policies[m.Tag]) }
	if s.isDenied(q.Name, m) || !slices.ContainsFunc(matches, answers) {
		return NotChecked, Hidden
	}
	if m.Kind == match.TLD {
		return s.checkOperator(p, q, m)
	}
	if p.Require == nil || q.Exists == nil {
		return NotChecked, Hidden
	}
	domain, below := counterpart(q.Name, m)
	if domain == "" {
		return NotChecked, Hidden
	}
	found := q.exists(domain, below, p.Require.Timeout)
	if !p.Require.satisfied(found) {
		return found, NoCounterpart
	}
	return found, Hidden
}

// candidates returns everything that a name looks like.
func (s *Set) candidates(name string, matches []match.Match) []event.Lookalike {
	all := make([]event.Lookalike, len(matches))
	for i := range matches {
		all[i] = s.lookalike(name, &matches[i])
	}
	return all
}

// lookalike returns what a match of a name means.
func (s *Set) lookalike(name string, m *match.Match) event.Lookalike {
	return event.Lookalike{
		Protected: m.Suffix, Intended: m.Intended(name), Kind: m.Kind.String(), Distance: m.Distance, Policy: s.Policies[m.Tag].Name,
	}
}

// Others returns what a name looks like besides, at most so many.
func (d *Decision) Others(most int) []event.Lookalike {
	others := slices.DeleteFunc(slices.Clone(d.Candidates), func(c event.Lookalike) bool { return c == d.Lookalike })
	return others[:min(len(others), most)]
}
