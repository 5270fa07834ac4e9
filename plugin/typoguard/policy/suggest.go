package policy

import (
	"cmp"
	"slices"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// Suggestion is what a mail domain may have been meant to be.
type Suggestion struct {
	event.Lookalike
	By   *Policy
	Mode Mode // what the policy does about it at the moment
}

// foreign returns 1 if the policy is for other clients, and 0 if it is for this one.
func (s *Suggestion) foreign(client *Client) int {
	if s.By.Clients.Cover(client) {
		return 0
	}
	return 1
}

// Suggest returns what a domain may have been meant to be: by the policies of sets for which ask returns true, each intended
// name once, at most so many. The order is that of Judge, policies that enforce before those that only monitor. Popular domains are
// none. It does not look at the policies' types and requirements, and at their clients only to prefer one that is for the client, whom the
// queries' events are about: a client that writes to the domain was sent here by an answer to a client that was covered, and the recipient
// is refused anyway.
func Suggest(domain string, client *Client, sets []*Set, ask func(*Policy) bool, now time.Time, most int) []Suggestion {
	var found []Suggestion
	for _, s := range sets {
		found = s.appendSuggestions(found, domain, ask, now)
	}
	slices.SortStableFunc(found, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.Distance, b.Distance), cmp.Compare(len(b.Protected), len(a.Protected)),
			cmp.Compare(a.foreign(client), b.foreign(client)))
	})
	var suggestions []Suggestion
	for _, s := range found {
		known := slices.ContainsFunc(suggestions, func(other Suggestion) bool { return other.Intended == s.Intended })
		if !known && len(suggestions) < most {
			suggestions = append(suggestions, s)
		}
	}
	return suggestions
}

func (s *Set) appendSuggestions(to []Suggestion, domain string, ask func(*Policy) bool, now time.Time) []Suggestion {
	buffer := s.buffers.Get().(*match.Buffer)
	defer s.buffers.Put(buffer)
	matches := s.lookup(domain, buffer).Matches
	for i := range matches {
		p := s.Policies[matches[i].Tag]
		if _, exempt := s.isExempt(domain, &matches[i]); exempt || !ask(p) {
			continue
		}
		mode, _ := s.modeOf(domain, &matches[i], now)
		to = append(to, Suggestion{s.lookalike(domain, &matches[i]), p, mode})
	}
	return to
}
