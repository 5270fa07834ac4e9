package rows

import (
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// decide returns what the server decides about a name.
func (s *Selection) decide(name string) policy.Decision {
	return s.set.Judge(&policy.Query{Name: name, Type: dns.TypeMX})
}

// hides returns the policy by which the zone hides a name, of which the closest rule is given, or nil.
func (all rules) hides(name string, closest rule) *policy.Policy {
	if _, own := all[name]; own && closest.except {
		return nil
	}
	return closest.policy
}

// withoutUnlisted removes kinds that a zone cannot list from a Corefile.
var withoutUnlisted = strings.NewReplacer(" appended", "", " tld", "")

// comparison returns a function that compares what the rules of a plan say of a name with what the server decides.
func comparison(t *testing.T, p *Plan, all rules, decide func(name string) policy.Decision) func(name string) {
	t.Helper()
	exists := all.existing()
	return func(name string) {
		if !IsHostname(name) {
			return
		}
		d := decide(name)
		var hides *policy.Policy
		if d.Enforced() {
			hides = d.Policy
		}
		closest := all.encloser(name, func(owner string) bool { _, ok := all[owner]; return ok })
		byRFC4592 := all.hides(name, all.encloser(name, func(owner string) bool { return exists[owner] }))
		byAncestor := all.hides(name, closest)
		if nameOf(byRFC4592) != nameOf(hides) || nameOf(byAncestor) != nameOf(hides) {
			assert.Fail(t, "what the zone says", "of %s: %q, or %q, expected %q", name, nameOf(byRFC4592), nameOf(byAncestor), nameOf(hides))
		}
		if noName := hides != nil && d.NoName; noName != (byAncestor != nil && all.deny(name, p, closest)) {
			assert.Fail(t, "what the zone says", "of %s: NXDOMAIN is %t, expected %t", name, !noName, noName)
		}
	}
}

// nameOf returns the name of a policy, and "" for none.
func nameOf(p *policy.Policy) string {
	if p == nil {
		return ""
	}
	return p.Name
}

// TestPlanOfOtherPlaces: a zone leaves out what is hidden only for a kind that it cannot list, and nothing else: a name that has such a kind in
// one place may differ in another way elsewhere, or be denied.
func TestPlanOfOtherPlaces(t *testing.T) {
	for _, tt := range []struct {
		name, text     string
		denied         []string
		hidden, passes string // some names
	}{
		{"appended, and two edits", "typoguard one {\n protect mindef.com\n kinds default appended\n }\n" +
			"typoguard two {\n protect mindef.com.br\n distance 2\n action nodata\n }", nil, "mindef.com.au x.mindef.com.au", "mindef.com.info mindef.com.shop"},
		{"appended, below a name that is hidden", "typoguard {\n protect army.mil mil.co\n kinds default appended\n allow ok.army.mil.com\n }",
			nil, "army.mil.com x.army.mil.com mil.com", "ok.army.mil.com army.mil.nl"},
		{"appended, and denied", "typoguard {\n protect army.mil\n kinds default appended\n deny army.mil.com x.army.mil.co\n allow ok.army.mil.co\n }",
			[]string{"army.mil.com", "x.army.mil.co"}, "army.mil.com ok.army.mil.com x.army.mil.co", "army.mil.nl army.mil.co ok.army.mil.co"},
		{"another TLD, and denied", "typoguard {\n protect army.nl\n kinds default tld\n deny army.com x.army.de\n }",
			[]string{"army.com", "x.army.de"}, "army.com ok.army.com x.army.de arny.nl", "army.de army.co.uk"},
		{"another TLD, and one edit", "typoguard {\n protect army.nl\n kinds default tld\n }\n" +
			"typoguard two {\n protect army.dk\n kinds default\n }", nil, "army.de x.army.de", "army.com x.army.com"},
		{"another TLD, below a name that is hidden", "typoguard {\n protect navy.nl nl.co\n kinds default tld\n allow ok.navy.nl.com\n }",
			nil, "navy.nl.com x.navy.nl.com", "ok.navy.nl.com navy.de"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := selectAll(t, ". {\n "+tt.text+"\n}")
			listed := selectAll(t, ". {\n "+withoutUnlisted.Replace(tt.text)+"\n}")
			decide := func(name string) policy.Decision {
				if slices.ContainsFunc(tt.denied, func(above string) bool { return strings.HasSuffix("."+name, "."+above) }) {
					return s.decide(name)
				}
				return listed.decide(name)
			}
			for name := range strings.FieldsSeq(tt.hidden) {
				d := decide(name)
				assert.True(t, d.Enforced(), name)
			}
			for name := range strings.FieldsSeq(tt.passes) {
				d := decide(name)
				assert.False(t, d.Enforced(), name)
			}
			p := s.Plan(false)
			try := comparison(t, p, rulesOf(t, p), decide)
			for name := range strings.FieldsSeq(tt.hidden + " " + tt.passes) {
				for ; name != ""; name = parent(name) {
					try(name)
					try("any." + name)
				}
			}
		})
	}
}
