package export

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

// Microsoft's limits for an organisation (Exchange Online limits, section "Journal, transport, and inbox rule limits"): the number of transport
// rules, the characters of conditions, exceptions and actions of a rule, and those of the regular expressions of all rules together.
const (
	maxRules    = 300
	maxRule     = 8 << 10
	maxPatterns = 20 << 10
	// maxRuleName is the length of a rule's name.
	maxRuleName = 64
)

// What is left for the rest of a rule, and for patterns of the organisation's other rules.
const (
	roomInRule     = maxRule - 2<<10
	roomInPatterns = maxPatterns - 4<<10
)

// exchangeRule is a transport rule: for domains as they are, or for patterns of addresses, which also cover what lies below a domain.
type exchangeRule struct {
	protected  string
	domains    []string
	patterns   []string
	exceptions []string // patterns
	size       int
}

// exchangeRules makes transport rules of rows. A message to several recipients is refused for those that a rule is about.
type exchangeRules struct {
	rules    []*exchangeRule
	byDomain bool // domains are matched as they are, since patterns for all of them would be too long
	patterns int  // characters in all patterns
	open     map[string]*exchangeRule
}

//go:embed exchange.ps1
var exchangeScript string

// writeExchange writes a PowerShell script.
func writeExchange(w io.Writer, rows []rows.Likely, policies string) ([]string, error) {
	all := &exchangeRules{open: map[string]*exchangeRule{}, byDomain: patternsLength(rows) > roomInPatterns}
	for _, row := range rows {
		if err := all.add(&row, exceptionsBelow(rows, row.Name)); err != nil {
			return nil, err
		}
	}
	switch {
	case len(all.rules) > maxRules:
		return nil, fmt.Errorf("%d transport rules; expected at most %d: use -policy or -registered", len(all.rules), maxRules)
	case all.patterns > roomInPatterns:
		return nil, fmt.Errorf("%d characters in patterns; expected at most %d: allow less, or protect full domains instead of top-level ones", all.patterns, roomInPatterns)
	}
	_, err := fmt.Fprintf(w, exchangeScript, policies, all.text())
	return all.limits(), err
}

// patternsLength returns the length of the patterns for all rows.
func patternsLength(rows []rows.Likely) int {
	sum := 0
	for _, row := range rows {
		sum += len(patternOf(row.Name))
	}
	return sum
}

// patternOf returns the pattern of addresses in a domain or below.
func patternOf(domain string) string { return `[@.]` + strings.ReplaceAll(domain, ".", `\.`) + `$` }

// exceptionsBelow returns the patterns of the exceptions below a name.
func exceptionsBelow(rows []rows.Likely, name string) []string {
	var patterns []string
	for _, row := range rows {
		if row.Passes && strings.HasSuffix(row.Name, "."+name) {
			patterns = append(patterns, patternOf(row.Name))
		}
	}
	return patterns
}

// add adds a row that hides a name. What is only hidden below a name is left out.
func (a *exchangeRules) add(row *rows.Likely, exceptions []string) error {
	if row.Passes || row.OnlyBelow {
		return nil
	}
	kind, value := "patterns ", patternOf(row.Name)
	if a.byDomain && strings.Contains(row.Name, ".") {
		kind, value, exceptions = "domains ", row.Name, nil // which lie below it
	}
	size := len(value)
	for _, e := range exceptions {
		size += len(e)
	}
	if size > roomInRule {
		return fmt.Errorf("%s: %d exceptions do not fit into a transport rule of %d characters; expected fewer allowed or protected suffixes below it", row.Name, len(exceptions), maxRule)
	}
	r := a.open[kind+row.Lookalike.Protected]
	if r == nil || r.size+size > roomInRule {
		r = &exchangeRule{protected: row.Lookalike.Protected}
		a.rules = append(a.rules, r)
		a.open[kind+row.Lookalike.Protected] = r
	}
	r.size += size
	if kind == "domains " {
		r.domains = append(r.domains, value)
		return nil
	}
	a.patterns += size
	r.patterns, r.exceptions = append(r.patterns, value), append(r.exceptions, exceptions...)
	return nil
}

// limits returns what the rules do not express.
func (a *exchangeRules) limits() []string {
	lines := []string{fmt.Sprintf("%d transport rules of at most %d of an organisation, %d of %d characters in patterns", len(a.rules), maxRules, a.patterns, maxPatterns)}
	if a.byDomain {
		lines = append(lines, "names below the domains are not refused: patterns for all of them would be too long; use -registered")
	}
	return append(lines, "domains of which only what lies below is hidden are left out")
}

// text returns the rules in PowerShell.
func (a *exchangeRules) text() string {
	var b strings.Builder
	for i, r := range a.rules {
		name := fmt.Sprintf("typoguard %03d %s", i+1, r.protected)
		fmt.Fprintf(&b, "    @{\n        Name = %s\n        Protected = %s\n", quote(name[:min(len(name), maxRuleName)]), quote(r.protected))
		fmt.Fprintf(&b, "        RecipientDomainIs = %s\n", array(r.domains))
		fmt.Fprintf(&b, "        RecipientAddressMatchesPatterns = %s\n", array(r.patterns))
		fmt.Fprintf(&b, "        ExceptIfRecipientAddressMatchesPatterns = %s\n    }\n", array(r.exceptions))
	}
	return b.String()
}

// quote returns a string of PowerShell, in which nothing is expanded.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// array returns an array of strings, or $null, which clears a condition.
func array(texts []string) string {
	if len(texts) == 0 {
		return "$null"
	}
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quote(text)
	}
	return "@(" + strings.Join(quoted, ", ") + ")"
}
