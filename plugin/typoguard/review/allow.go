package review

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// allowance is what to allow if blocking a name was wrong.
type allowance struct {
	// Policy is the policy to change, and Stanza the first line of its stanza.
	Policy, Stanza string
	// Suggestions are the suffixes that can be allowed, widest first. There are none for a name that no line can express.
	Suggestions []suggestion
	// Given are the allowances for some of them.
	Given []*history.Allowance
	// Form is the form by which they are given.
	Form allowForm
}

// suggestion is one suffix that can be allowed.
type suggestion struct {
	Suffix string
	// Public reports whether anyone can register names below the suffix, which makes it a wide hole.
	Public bool
	// Line goes into the stanza, FileLine into a file of allow_file.
	Line, FileLine string
}

// allowanceFor returns what to allow if an event was a false positive. Comments in list files name the day.
func allowanceFor(e *event.Event, day time.Time) allowance {
	a := allowance{Policy: e.Policy, Stanza: stanzaOf(e.Policy)}
	for _, suffix := range allowable(e) {
		public, _ := publicsuffix.PublicSuffix(suffix)
		a.Suggestions = append(a.Suggestions, suggestion{
			Suffix: suffix, Public: public == suffix,
			Line:     "allow " + suffix,
			FileLine: fmt.Sprintf("%s  # false positive, event %s, %s", suffix, e.ID, day.UTC().Format(time.DateOnly)),
		})
	}
	return a
}

// stanzaOf returns the first line of a policy's stanza. The policy named default needs no name.
func stanzaOf(policy string) string {
	if policy == "default" {
		return "typoguard {"
	}
	return "typoguard " + policy + " {"
}

// allowable returns the suffixes that could be allowed, widest first: the registered domain, then the name itself. There are
// none if the event has no protected suffix, or if its name is not a host name.
func allowable(e *event.Event) []string {
	name, ok := hostname(e.Name)
	if !ok || e.Protected == "" {
		return nil
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return []string{name} // the name is a public suffix itself
	}
	if e.Protected == domain || strings.HasSuffix(e.Protected, "."+domain) {
		// Both have the same owner, so allowing the whole domain would allow every lookalike of the protected suffix too.
		domain = like(name, e)
	}
	return slices.Compact([]string{domain, name})
}

// like returns the part of a name that looks like the protected suffix, or the whole name if that part is unknown.
func like(name string, e *event.Event) string {
	if before, ok := strings.CutSuffix(e.Intended, e.Protected); ok {
		if part, ok := strings.CutPrefix(name, before); ok && part != "" {
			return part
		}
	}
	return name
}

// hostname returns a name as list files accept it. It reports false for a name that they reject, or that they would change.
func hostname(name string) (string, bool) {
	chars := match.Decode(name)
	for _, r := range chars {
		if _, isOctet := match.Octet(r); isOctet {
			return "", false
		}
	}
	suffix, err := match.ParseSuffix(string(chars))
	if err != nil || !slices.Equal(match.Decode(suffix), chars) {
		return "", false
	}
	return suffix, true
}
