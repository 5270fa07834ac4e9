package export

import (
	"fmt"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// limitsOf returns a line for each thing that the policies say but no list does.
func limitsOf(selected *rows.Selection, isRegistered bool) []string {
	var lines []string
	for _, p := range selected.Monitored {
		lines = append(lines, fmt.Sprintf("policy %s left out because it is in mode monitor", p.Name))
	}
	for _, p := range selected.Policies {
		for _, limit := range limitsOfPolicy(p, selected.SuffixesOf(p), isRegistered) {
			lines = append(lines, fmt.Sprintf("policy %s: %s", p.Name, limit))
		}
	}
	return lines
}

// limitsOfPolicy returns what a list leaves out of a policy.
func limitsOfPolicy(p *policy.Policy, suffixes policy.Suffixes, isRegistered bool) []string {
	var limits []string
	if !p.Clients.Everybody() {
		limits = append(limits, "clients: the list is for every client of the mail server that has it")
	}
	if p.Require != nil {
		limits = append(limits, "require counterpart: lookalikes are refused whether or not the intended name exists")
	}
	if p.Distance > 1 || p.Kinds.Has(match.Suffix) {
		limits = append(limits, "distance: the list has only names one edit away")
	}
	if p.Kinds.Has(match.Homoglyph) {
		limits = append(limits, "kinds: what only looks the same (homoglyph) is left out: nobody types it by mistake")
	}
	if len(p.Inspect.Names()) > 0 {
		limits = append(limits, "inspect: the list has domains of recipients, not the targets of records")
	}
	ends := func(s suffixlist.Suffix) bool { return !s.Until.IsZero() }
	if suffixes.Protected.Any(ends) || suffixes.Allowed.Any(ends) {
		limits = append(limits, "until: entries expire only when the list is written again")
	}
	if isRegistered {
		limits = append(limits, "registered: who registers a lookalike from now on is not on the list")
	}
	return limits
}
