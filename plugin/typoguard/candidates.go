package typoguard

import (
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// maxCandidates is how many suffixes an event names beside the one that decided.
const maxCandidates = 16

// candidates returns what else a name looks like, best first, whoever the policies are for: a person who reviews the event may
// see that another one was meant. matches are all of the name, and decisive is the one that decided.
func (r *rules) candidates(name string, matches []match.Match, decisive *match.Match) []event.Candidate {
	if len(matches) < 2 {
		return nil
	}
	others := make([]event.Candidate, 0, min(len(matches)-1, maxCandidates))
	for i := range matches {
		m := &matches[i]
		if *m == *decisive {
			continue
		}
		if len(others) == maxCandidates {
			break
		}
		others = append(others, event.Candidate{
			Protected: m.Suffix, Intended: intended(name, m), Kind: m.Kind.String(), Distance: m.Distance, Policy: r.policies[m.Tag].name,
		})
	}
	return others
}

// smtpCandidates returns the same of a refused recipient: what its reply names after the first suggestion.
func smtpCandidates(suggestions []smtp.Suggestion) []event.Candidate {
	var others []event.Candidate
	for _, s := range suggestions[min(1, len(suggestions)):] {
		others = append(others, event.Candidate{Protected: s.Protected, Intended: s.Intended, Kind: s.Kind, Distance: s.Distance, Policy: s.Policy})
	}
	return others
}
