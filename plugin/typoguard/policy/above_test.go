package policy

import (
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

func TestPassesBelow(t *testing.T) {
	s := compile(t, setting{protect: "mil us.army.nl", allow: "gov.ml"}, setting{Policy: Policy{Mode: Monitor}, protect: "x.y.example a.y.example"})
	for name, want := range map[string]bool{
		"ml.": true, "ML": true, "nl.": true, "Army.nl.": true, "army.nl": true, "y.example.": true, "example.": true,
		"mil.": false, "gov.ml.": false, "www.gov.ml.": false, "us.army.nl.": false, "my.army.nl.": false, "l.": false, "vml.": false, ".": false, "": false,
	} {
		assert.Equal(t, want, s.PassesBelow(name), name)
	}
}

// TestPopularBelow: a hidden name with a popular one below it is not denied, or that would not be found behind a cache.
func TestPopularBelow(t *testing.T) {
	list, err := popular.Parse([]byte("shop.partners.example\na.other.test\n"))
	require.NoError(t, err)
	exempts := Policy{Popular: []*popular.List{list}}
	s := compile(t, setting{Policy: exempts, protect: "partner.example"})
	for name, denied := range map[string]bool{"partners.example.": false, "Partners.Example.": false, "www.partners.example.": true, "partne.example.": true} {
		d := s.Judge(&Query{Name: name, Type: dns.TypeMX})
		require.True(t, d.Enforced(), name)
		assert.Equal(t, denied, d.NoName, name)
	}
	d := s.Judge(&Query{Name: "shop.partners.example.", Type: dns.TypeMX})
	assert.Equal(t, Popular, d.Verdict)
	assert.True(t, s.PassesBelow("other.test."))
	assert.False(t, s.PassesBelow("test."), "a top-level domain")
	s = compile(t, setting{Policy: exempts, protect: "te.st exampl"})
	d = s.Judge(&Query{Name: "test.", Type: dns.TypeMX})
	assert.True(t, d.Enforced())
	assert.False(t, d.NoName, "a top-level domain that looks like a domain that has lost its dot")
	d = s.Judge(&Query{Name: "a.other.test.", Type: dns.TypeMX})
	assert.Equal(t, Popular, d.Verdict)
	d = s.Judge(&Query{Name: "example.", Type: dns.TypeMX})
	assert.True(t, d.NoName, "a top-level domain that looks like another one, below which none passes")
	s = compile(t, setting{protect: "partner.example"})
	d = s.Judge(&Query{Name: "partners.example.", Type: dns.TypeMX})
	assert.True(t, d.NoName, "nothing below it passes")
}

// TestNeverDenied: a name above a listed one is answered with NODATA, until the list says otherwise.
func TestNeverDenied(t *testing.T) {
	p := &Policy{Distance: 1, Kinds: match.AllKinds}
	for _, allowed := range []string{"", "gov.ml", "a.b.gov.ml"} {
		s, err := Compile([]*Policy{p}, []Suffixes{{Protected: list("mil"), Allowed: list(allowed)}}, time.Now(), nil)
		require.NoError(t, err)
		for _, name := range []string{"ml.", "ML"} {
			d := s.Judge(&Query{Name: name, Type: dns.TypeMX})
			assert.True(t, d.Covered())
			assert.Equal(t, allowed == "", d.NoName, "%s above %q", name, allowed)
		}
		d := s.Judge(&Query{Name: "navy.ml.", Type: dns.TypeMX})
		assert.True(t, d.NoName)
	}
}

func TestNearParent(t *testing.T) {
	s := compile(t,
		setting{protect: "us.army.mil"},
		setting{protect: "a.b.navy.example b.fleet.example fleet.example"},
		setting{Policy: Policy{Mode: Monitor}, protect: "us.trial.example"},
		setting{Policy: Policy{Mode: Monitor, MonitorUntil: time.Unix(1, 0)}, protect: "us.past.example"},
		setting{Policy: Policy{Clients: networks("192.0.2.0/24")}, protect: "us.relay.example"},
		setting{protect: "shop.co.uk"},
	)
	tests := []struct {
		name, client string
		want         bool
	}{
		{"army.ml.", "", true},
		{"army.ml", "", true},
		{"ARMY.ML.", "", true},
		{"ml.", "", true},            // as mil is above, too
		{"us.army.ml.", "", false},   // as a whole it is near what is protected, not above that
		{"www.army.ml.", "", false},  // below
		{"a.rmy.mil.", "", true},     // a dot more; rmy.mil, above it, has a letter less
		{"armymil.", "", true},       // a dot less
		{"ar.my.ml.", "", false},     // two edits
		{"army.mil.", "", false},     // the name itself
		{"mil.", "", false},          // the name itself
		{"b.navy.exmple.", "", true}, // three labels
		{"bnavy.example.", "", true}, // a dot less
		{"na.vy.example.", "", true}, // a dot more
		{"navy.exmple.", "", true},
		{"exmple.", "", true},
		{"flet.example.", "", false}, // fleet.example is protected itself
		{"tril.example.", "", false}, // monitored
		{"pst.example.", "", true},   // was monitored
		{"rlay.example.", "", true},
		{"rlay.example.", "192.0.2.1", true},
		{"rlay.example.", "198.51.100.1", false},
		{"k.", "", false},               // uk is too short to be near anything
		{"xn--rm-6kc2f.mil.", "", true}, // two letters of another script
		{"www.org.", "", false},
		{".", "", false},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, s.nearParent(tt.name, &Query{Client: from(tt.client)}), "%s for %q", tt.name, tt.client)
	}
	only := s.Policies[1]
	assert.False(t, s.nearParent("army.ml.", &Query{Only: only}))
	assert.True(t, s.nearParent("navy.exmple.", &Query{Only: only}))
}
