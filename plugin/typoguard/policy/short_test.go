package policy

import (
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// TestJudgeShort: with short report, a substitution by a distant key in a registrable label of up to four letters is only reported.
func TestJudgeShort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, protect, asked string
		want                 Reason
	}{
		{"a distant key", "ups.com", "ubs.com", OnlyReported},
		{"below it", "ups.com", "mail.UBS.com.", OnlyReported},
		{"four letters", "citi.com", "ciki.com", OnlyReported},
		{"five letters", "boing.com", "baing.com", Hidden},
		{"an adjacent key", "ups.com", "uos.com", Hidden},
		{"an omission", "citi.com", "cit.com", Hidden},
		{"a transposition", "ups.com", "usp.com", Hidden},
		{"in the public suffix", "ups.de", "ups.dk", Hidden},
		{"before the registrable label", "www.ups.com", "wxw.ups.com", Hidden},
		{"in the registrable label of a longer suffix", "www.ups.com", "www.ubs.com", OnlyReported},
		{"a short label under a longer public suffix", "ups.co.uk", "ubs.co.uk", OnlyReported},
		{"in that suffix", "ups.co.uk", "ups.cx.uk", Hidden},
		{"of a letter by a dot", "u-s.com", "u.s.com", Hidden},
		{"of a dot by a letter", "x.ups.com", "xaups.com", Hidden},
		{"in what others register under", "mil", "mal", Hidden},
		{"letters in Unicode", "xn--ml-xka.de", "xn--mx-xka.de", OnlyReported}, // mül.de, müx.de
		{"a letter that is not in ASCII", "mul.de", "xn--ml-xka.de", OnlyReported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, setting{Policy: Policy{ReportShort: true}, protect: tt.protect})
			d := s.Judge(&Query{Name: tt.asked, Type: dns.TypeMX})
			assert.Equal(t, Lookalike, d.Verdict)
			assert.Equal(t, tt.want, d.Outcome())
			assert.Equal(t, tt.want == Hidden, d.Enforced())
			d = compile(t, setting{protect: tt.protect}).Judge(&Query{Name: tt.asked, Type: dns.TypeMX})
			assert.True(t, d.Enforced(), "without the option")
		})
	}
}

// TestShortDenied: what a policy denies is hidden even if it would only be reported otherwise.
func TestShortDenied(t *testing.T) {
	t.Parallel()
	s := compile(t, setting{Policy: Policy{ReportShort: true, Popular: famous(t, "ubs.com")}, protect: "ups.com", deny: "ubs.com"})
	for _, name := range []string{"ubs.com.", "mail.UBS.com"} {
		d := s.Judge(&Query{Name: name, Type: dns.TypeMX})
		assert.True(t, d.Enforced(), name)
		assert.False(t, d.Doubtful, name)
	}
	d := s.Judge(&Query{Name: "uks.com", Type: dns.TypeMX})
	assert.Equal(t, OnlyReported, d.Outcome())
}

// TestModes: a policy has the modes that its options give to a kind.
func TestModes(t *testing.T) {
	t.Parallel()
	p := Policy{}
	assert.Equal(t, []Mode{Enforce}, p.Modes(match.Substitution))
	p.ReportShort, p.Popular = true, famous(t, "bing.com")
	assert.Equal(t, []Mode{Enforce, Monitor, Exempt}, p.Modes(match.Substitution))
	assert.Equal(t, []Mode{Enforce, Exempt}, p.Modes(match.Omission))
	assert.Equal(t, []Mode{Enforce}, p.Modes(match.Homoglyph))
	p.Mode = Monitor
	assert.Equal(t, []Mode{Monitor, Exempt}, p.Modes(match.Substitution))
}
