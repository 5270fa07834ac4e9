package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

func TestHidesNoneBelow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, protect, allow, deny, asked string
		distance                          int
		kinds                             match.Kinds
		want                              bool
	}{
		{"another top-level domain", "army.mil", "", "", "example.com", 0, 0, true},
		{"a name of one label", "army.mil", "", "", "com", 0, 0, true},
		{"an address", "army.mil", "", "", "1.0.0.127", 0, 0, true},
		{"protected", "army.mil", "", "", "army.mil", 0, 0, true},
		{"above a lookalike", "army.mil", "", "", "ml", 0, 0, false},
		{"in upper case, with a final dot", "army.mil", "", "", "ML.", 0, 0, false},
		{"above a protected suffix", "army.mil", "", "", "mil", 0, 0, false},
		{"a dot within the last label", "army.mil", "", "", "il", 0, 0, false},
		{"a dot within the first label", "army.mil", "", "", "y.mil", 0, 0, false},
		{"looks like the last label", "army.mil", "", "", "rnil", 0, 0, false},
		{"an A-label", "army.mil", "", "", "xn--p1ai", 0, 0, false},
		{"allowed", "mil", "gov.ml", "", "gov.ml", 0, 0, true},
		{"allowed, and something below it is denied", "army.mil", "ml", "army.ml", "ml", 0, 0, false},
		{"a lookalike", "mil", "", "", "ml", 0, 0, false},
		{"two edits", "mindef.example", "", "", "example.com", 2, match.DefaultKinds, false},
		{"something behind", "army.mil", "", "", "com", 1, match.DefaultKinds.With(match.Appended), false},
		{"another top-level domain in place", "army.mil", "", "", "com", 1, match.DefaultKinds.With(match.TLD), false},
		{"another public suffix", "army.mil", "", "", "com", 1, match.AllKinds, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, setting{Policy: Policy{Name: "p", Distance: tt.distance, Kinds: tt.kinds}, protect: tt.protect, allow: tt.allow, deny: tt.deny})
			d := s.Judge(&Query{Name: tt.asked, Type: dns.TypeMX})
			assert.Equal(t, tt.want, s.HidesNoneBelow(tt.asked, &d))
		})
	}
}

// FuzzHidesNoneBelow: what is said of a name holds for those above every hidden name.
func FuzzHidesNoneBelow(f *testing.F) {
	for _, name := range []string{"us.army.ml", "arm.y.mil", "army.m.il", "ar.rny.mil", "web.de.de.de", "mod.govuk", "a.mod.gov.ua", "x.us.com", "gov.mlil", "mailmail.example"} {
		f.Add("army.mil web.de mod.gov.uk ups.com mail.example", name)
	}
	f.Fuzz(func(t *testing.T, protect, name string) {
		if _, ok := dns.IsDomainName(name); !ok || strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || r > '~' }) {
			return
		}
		for suffix := range strings.FieldsSeq(protect) {
			if parsed, err := match.ParseSuffix(suffix); err != nil || parsed != suffix {
				return
			}
		}
		p := Policy{Name: "p", Distance: 1, Kinds: match.DefaultKinds, Popular: famous(t, "us.com\nmail.com")}
		s, err := Compile([]*Policy{&p}, []Suffixes{{Protected: list(protect)}}, time.Now(), nil)
		if err != nil {
			return
		}
		below := s.Judge(&Query{Name: name, Type: dns.TypeMX})
		if !below.Covered() {
			return
		}
		for above, ok := parent(name); ok && above != ""; above, ok = parent(above) {
			d := s.Judge(&Query{Name: above, Type: dns.TypeMX})
			require.False(t, s.HidesNoneBelow(above, &d), "%s is hidden, below %s", name, above)
		}
	})
}
