package review

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// allowance is what to write into the configuration if it was wrong to block a name.
type allowance struct {
	// Policy is whose stanza it belongs to, and Stanza how that begins.
	Policy, Stanza string
	// Ways are what can be allowed, the widest first. There is none for a name that no line can hold.
	Ways []way
}

// way is one suffix that can be allowed.
type way struct {
	Suffix string
	// Public says that anybody can register names below the suffix, so that it is a wide hole.
	Public bool
	// Line goes into the stanza, FileLine into a file of allow_file.
	Line, FileLine string
}

// allow returns what to write into the configuration if an event was a false positive, on a day.
func allow(e *event.Event, day time.Time) allowance {
	a := allowance{Policy: e.Policy, Stanza: stanzaOf(e.Policy)}
	for _, suffix := range allowable(e) {
		public, _ := publicsuffix.PublicSuffix(suffix)
		a.Ways = append(a.Ways, way{
			Suffix: suffix, Public: public == suffix,
			Line:     "allow " + suffix,
			FileLine: fmt.Sprintf("%s  # false positive, event %s, %s", suffix, e.ID, day.UTC().Format(time.DateOnly)),
		})
	}
	return a
}

// stanzaOf returns how the stanza of a policy begins. That of the policy named default needs no name.
func stanzaOf(policy string) string {
	if policy == "default" {
		return "typoguard {"
	}
	return "typoguard " + policy + " {"
}

// allowable returns the suffixes that could be allowed, the widest first: the domain that somebody registered, the name
// itself. Nothing for mail to a domain that looks like no protected one, and for what is no host name.
func allowable(e *event.Event) []string {
	name, ok := hostname(e.Name)
	if !ok || e.Protected == "" {
		return nil
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return []string{name} // which is a public suffix itself
	}
	if e.Protected == domain || strings.HasSuffix(e.Protected, "."+domain) {
		// Both have one owner: to allow all that is hers would be to allow every lookalike of the protected suffix too.
		domain = like(name, e)
	}
	return slices.Compact([]string{domain, name})
}

// like returns the part of a name that looks like the protected suffix, or the name if it cannot be told.
func like(name string, e *event.Event) string {
	if before, ok := strings.CutSuffix(e.Intended, e.Protected); ok {
		if part, ok := strings.CutPrefix(name, before); ok && part != "" {
			return part
		}
	}
	return name
}

// hostname returns a name as a list takes it. It reports false for one that a list does not take, or as another.
func hostname(name string) (string, bool) {
	letters := lettersOf(name)
	for _, r := range letters {
		if r >= raw {
			return "", false
		}
	}
	suffix, err := match.ParseSuffix(string(letters))
	if err != nil || !slices.Equal(lettersOf(suffix), letters) {
		return "", false
	}
	return suffix, true
}
