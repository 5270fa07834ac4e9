package review

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// TestAllow: what is suggested is as narrow as it can be without one line for each host, and never a public suffix.
func TestAllow(t *testing.T) {
	tests := []struct {
		name, lookalike, protected, intended string
		want                                 []string
	}{
		{"the domain itself", "army.ml", "mil", "army.mil", []string{"army.ml"}},
		{"below it", "us.army.ml", "mil", "us.army.mil", []string{"army.ml", "us.army.ml"}},
		{"second-level public suffix", "mail.unit.co.il", "mil", "mail.unit.co.mil", []string{"unit.co.il", "mail.unit.co.il"}},
		{"a public suffix itself", "ml", "mil", "mil", []string{"ml"}},
		{"a second-level public suffix itself", "co.il", "co.mil", "co.mil", []string{"co.il"}},
		{"a private public suffix", "army.github.io", "army.mil", "army.mil", []string{"army.github.io"}},
		{"no known top-level domain", "mail.corp", "mail.corps", "mail.corps", []string{"mail.corp"}},
		{"one owner", "a.mial.partner.example", "mail.partner.example", "a.mail.partner.example",
			[]string{"mial.partner.example", "a.mial.partner.example"}},
		{"one owner, itself protected", "partner.examples", "partner.example", "partner.example", []string{"partner.examples"}},
		{"homoglyph", "a.xn--rmy-5cd.mil", "army.mil", "a.army.mil", []string{"xn--rmy-5cd.mil", "a.xn--rmy-5cd.mil"}},
		{"homoglyph in octets", `\208\176rmy.mil`, "army.mil", "army.mil", []string{"xn--rmy-5cd.mil"}},
		{"blanks", `a\032b.ml`, "mil", "a b.mil", nil},
		{"no text", `a\255.ml`, "mil", "a.mil", nil},
		{"tokens of a Corefile", `a{b}.ml`, "mil", "a.mil", nil},
		{"what another name is mapped to", "ärmy\u00ad.ml", "mil", "army.mil", nil},
		{"mail to another domain", "example.org", "", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &event.Event{ID: "k3j5q2abcd", Name: tt.lookalike, Lookalike: event.Lookalike{Protected: tt.protected, Intended: tt.intended, Policy: "mil"}}
			assert.Equal(t, tt.want, allowable(e))
		})
	}
}

func TestAllowLines(t *testing.T) {
	day := time.Date(2026, 11, 22, 23, 30, 0, 0, time.FixedZone("", -3600))
	e := &event.Event{ID: "k3j5q2abcd", Name: "us.army.ml", Lookalike: event.Lookalike{Protected: "mil", Intended: "us.army.mil", Policy: "mil"}}
	assert.Equal(t, allowance{Policy: "mil", Stanza: "typoguard mil {", Suggestions: []suggestion{
		{"army.ml", false, "allow army.ml", "army.ml  # false positive, event k3j5q2abcd, 2026-11-23"},
		{"us.army.ml", false, "allow us.army.ml", "us.army.ml  # false positive, event k3j5q2abcd, 2026-11-23"},
	}}, allowanceFor(e, day))
	e.Policy, e.Name = "default", "ml"
	assert.Equal(t, "typoguard {", allowanceFor(e, day).Stanza)
	assert.True(t, allowanceFor(e, day).Suggestions[0].Public)
}

// FuzzAllow: what is suggested is a suffix of the name that the plugin takes as it stands, and a public suffix only if the
// name is one.
func FuzzAllow(f *testing.F) {
	f.Add("us.army.ml", "mil", "us.army.mil")
	f.Add(`a\032b.co.il`, "co.mil", "co.mil")
	f.Add("xn--rmy-5cd.mil", "army.mil", "army.mil")
	f.Fuzz(func(t *testing.T, name, protected, intended string) {
		for _, suggestion := range allowanceFor(&event.Event{Name: name, Lookalike: event.Lookalike{Protected: protected, Intended: intended, Policy: "mil"}}, time.Now()).Suggestions {
			parsed, err := match.ParseSuffix(suggestion.Suffix)
			require.NoError(t, err)
			require.Equal(t, suggestion.Suffix, parsed)
			full, suffix := match.Decode(name), match.Decode(suggestion.Suffix)
			require.LessOrEqual(t, len(suffix), len(full))
			require.Equal(t, string(suffix), string(full[len(full)-len(suffix):]))
			require.Regexp(t, `^[a-z0-9.-]+$`, suggestion.Suffix)
			if suggestion.Public {
				require.Len(t, suffix, len(full))
			}
		}
	})
}
