package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/idna"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// eachEdit calls visit with every name that is one edit away from one in Unicode, by some characters.
func eachEdit(name string, visit func(edited string)) {
	runes := []rune(name)
	replace := func(from, to int, by ...rune) {
		edited := append(append(append([]rune(nil), runes[:from]...), by...), runes[to:]...)
		if a, err := idna.Punycode.ToASCII(string(edited)); err == nil {
			visit(a)
		}
	}
	for i := range len(runes) + 1 {
		for _, r := range "abcilmosty01-.ö" {
			replace(i, i, r)
			if i < len(runes) {
				replace(i, i+1, r)
			}
		}
		if i < len(runes) {
			replace(i, i+1)
		}
		if i+1 < len(runes) {
			replace(i, i+2, runes[i+1], runes[i])
		}
	}
}

// TestLookalikesBelow: what a wildcard or a DNAME says of all names below one is kept by no resolver if one of these is a lookalike: each name
// above a lookalike is hidden itself, or known to hold such.
func TestLookalikesBelow(t *testing.T) {
	for _, protect := range []string{
		"hotmail.com", "us.army.mil", "shop.co.uk", "mil", "xn--mnchen-3ya.example", "a.b.fleet.example hotmail.com ing.com", "x.xn--mnchen-3ya.example",
		"web.de", "docomo.ne.jp", "mail.web.de",
	} {
		t.Run(protect, func(t *testing.T) {
			s := compile(t, setting{protect: protect})
			tried := 0
			unknown := map[string]string{}
			check := func(name string) {
				labels := strings.Split(name, ".")
				if !s.enforces(name) || slices.Contains(labels, "") || len(labels[len(labels)-1]) == 1 { // no name, or no top-level domain
					return
				}
				for above, ok := parent(name); ok && above != ""; above, ok = parent(above) {
					tried++
					if !s.enforces(above) && !s.mayHoldLookalikes(above, &Query{}) {
						unknown[above] = name
					}
				}
			}
			for name := range strings.FieldsSeq("web.de.de web.de.de.de docomo.ne.jp.jp docomo.ne.jp.ne.jp docomo.ne.ne.jp mail.web.de.de shop.co.uk.uk") {
				check(name)
			}
			for suffix := range strings.FieldsSeq(protect) {
				unicode, err := idna.Punycode.ToUnicode(suffix)
				require.NoError(t, err)
				eachEdit(unicode, check)
			}
			assert.Empty(t, unknown)
			assert.Positive(t, tried)
		})
	}
}

// enforces reports whether a name is hidden.
func (s *Set) enforces(name string) bool {
	d := s.Judge(&Query{Name: name, Type: dns.TypeMX})
	return d.Enforced()
}

// TestTails: a name within a protected suffix is above lookalikes, and few others are, but with two edits.
func TestTails(t *testing.T) {
	s := compile(t, setting{protect: "hotmail.com us.army.mil xn--mnchen-3ya.example"}, setting{Policy: Policy{Mode: Monitor}, protect: "ourbank.example"})
	for name, want := range map[string]bool{
		"mail.com.": true, "MAIL.com": true, "l.com.": true, "my.mil.": true, "nchen.example.": true, "xn--nchen-jva.example.": true,
		"gmail.com.": false, "mail.co.": false, "nchen.test.": false, "partner.example.": false, "www.mail.com.": false, "bank.test.": false,
	} {
		assert.Equal(t, want, s.mayHoldLookalikes(name, &Query{}), name)
	}
	s = compile(t, setting{Policy: Policy{Distance: 1, Kinds: match.DefaultKinds.With(match.Suffix), Keyboard: match.QWERTY}, protect: "mindef.co.uk"})
	require.True(t, s.enforces("mindef.xy.uk."))
	assert.True(t, s.mayHoldLookalikes("xy.uk.", &Query{}))
	s = compile(t, setting{protect: "army.mil", allow: "army.ml", deny: "sub.army.ml"})
	require.True(t, s.enforces("sub.army.ml."))
	assert.True(t, s.mayHoldLookalikes("army.ml.", &Query{}), "allowed, above one that is denied")
	two := Policy{Distance: 2, Kinds: match.DefaultKinds, Keyboard: match.QWERTY}
	s = compile(t, setting{Policy: two, protect: "hotmail.com"})
	require.True(t, s.enforces("hot.nail.com."))
	assert.True(t, s.mayHoldLookalikes("nail.com.", &Query{}))
}
