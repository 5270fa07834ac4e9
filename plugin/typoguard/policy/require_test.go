package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

func TestCounterpart(t *testing.T) {
	tests := []struct {
		name, suffix, near, want string
		below                    bool
	}{
		{"army.ml.", "mil", "ml.", "army.mil.", false},
		{"US.Army.ML.", "mil", "ML.", "army.mil.", true},
		{`we\.ird.ml.`, "mil", "ml.", `we\.ird.mil.`, false},
		{"ml.", "mil", "ml.", "", false},
		{"shop.exampl.", "example", "exampl.", "shop.example.", false}, // not on the Public Suffix List
		{"tenant.co.k.", "co.uk", "co.k.", "tenant.co.uk.", false},
		{"us.army.ml.", "army.mil", "army.ml.", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &match.Match{Suffix: tt.suffix, Start: strings.LastIndex(tt.name, tt.near)}
			domain, below := counterpart(tt.name, m)
			assert.Equal(t, tt.want, domain)
			assert.Equal(t, tt.below, below)
		})
	}
}

func TestRequire(t *testing.T) {
	known := map[string]Existence{"army.mil.": Exists, "broken.mil.": Unknown, "silent.mil.": NoMail}
	tests := []struct {
		name        string
		onError     OnError
		query       string
		reason      Reason
		counterpart Existence
	}{
		{"exists", PassOnError, "us.army.ml", Hidden, Exists},
		{"absent", PassOnError, "google.co.il", NoCounterpart, NotChecked},
		{"unknown passes", PassOnError, "broken.ml", NoCounterpart, NotChecked},
		{"unknown is deferred", DeferOnError, "broken.ml", Hidden, Unknown},
		{"unknown is hidden", BlockOnError, "broken.ml", Hidden, Unknown},
		{"takes no mail", DeferOnError, "silent.ml", NoCounterpart, NotChecked},
		{"below what takes no mail", DeferOnError, "hq.silent.ml", Hidden, Exists},
		{"nothing to look up", DeferOnError, "ml", Hidden, NotChecked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := compile(t, setting{Policy: Policy{Require: &Requirement{OnError: tt.onError, Timeout: time.Second}}, protect: "mil"})
			exists := func(domain string, within time.Duration) Existence {
				assert.Equal(t, time.Second, within)
				if found, ok := known[domain]; ok {
					return found
				}
				return Absent
			}
			d := s.Judge(&Query{Name: tt.query, Type: dns.TypeMX, Exists: exists, Candidates: true})
			assert.Equal(t, tt.reason, d.Reason)
			assert.Equal(t, tt.counterpart, d.Counterpart)
			assert.Equal(t, tt.reason == Hidden, d.Covered())
			assert.Equal(t, tt.name == "unknown is deferred", d.Deferred())
			assert.Len(t, d.Candidates, 1)

			d = s.Judge(&Query{Name: tt.query, Type: dns.TypeMX})
			assert.True(t, d.Covered(), "nothing is checked")
			s.Judge(&Query{Name: tt.query, Type: dns.TypeDS, Exists: func(string, time.Duration) Existence {
				t.Error("checked for a type that passes")
				return Absent
			}})
		})
	}
}

// TestRequireNeverDenies: a suffix under which others register is not denied if some of its domains may pass, for want of a counterpart.
func TestRequireNeverDenies(t *testing.T) {
	required := Policy{Require: &Requirement{}}
	for _, tt := range []struct {
		name    string
		policy  Policy
		protect string
		asked   string
		want    bool
	}{
		{"looks like a top-level domain", required, "mil", "ml.", false},
		{"in upper case", required, "mil", "ML", false},
		{"looks like a public suffix", required, "gov.uk", "lgov.uk.", false},
		{"a domain of it", required, "mil", "army.ml.", true},
		{"looks like a domain, which is not looked up", required, "army.mil", "army.ml.", true},
		{"without the requirement", Policy{}, "mil", "ml.", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := compile(t, setting{Policy: tt.policy, protect: tt.protect}).Judge(&Query{Name: tt.asked, Type: dns.TypeA, Exists: onlyArmy})
			assert.True(t, d.Enforced())
			assert.Equal(t, tt.want, d.NoName)
		})
	}
}

// TestRequireAmong: which policy decides does not depend on the type, or one would hide the MX records and the other leave the address.
func TestRequireAmong(t *testing.T) {
	requires := setting{Policy: Policy{Name: "requires", Action: NullMX, Require: &Requirement{}}, protect: "mil"}
	for _, tt := range []struct {
		name   string
		others []setting
		asked  string
		qtype  uint16
		want   string // the policy
		reason Reason
		looks  int
	}{
		{"MX", []setting{{Policy: Policy{Name: "other"}, protect: "mil"}}, "shop.ml", dns.TypeMX, "other", Hidden, 1},
		{"A", []setting{{Policy: Policy{Name: "other"}, protect: "mil"}}, "shop.ml", dns.TypeA, "other", Hidden, 1},
		{"A, with a counterpart", []setting{{Policy: Policy{Name: "other"}, protect: "mil"}}, "army.ml", dns.TypeA, "requires", OtherType, 1},
		{"A, the other passes it, too", []setting{{Policy: Policy{Name: "other", Action: NullMX}, protect: "mil"}}, "shop.ml", dns.TypeA, "requires", OtherType, 0},
		{"A, nobody else", nil, "shop.ml", dns.TypeA, "requires", OtherType, 0},
		{"DS", []setting{{Policy: Policy{Name: "other"}, protect: "mil"}}, "shop.ml", dns.TypeDS, "requires", OtherType, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			looks := 0
			d := compile(t, append([]setting{requires}, tt.others...)...).Judge(&Query{
				Name: tt.asked, Type: tt.qtype, Exists: func(domain string, within time.Duration) Existence { looks++; return onlyArmy(domain, within) },
			})
			assert.Equal(t, tt.want, d.Policy.Name)
			assert.Equal(t, tt.reason, d.Reason)
			assert.Equal(t, tt.looks, looks)
		})
	}
}

// TestRequireDenied: what a policy denies is hidden, whether or not what it looks like exists.
func TestRequireDenied(t *testing.T) {
	s := compile(t, setting{Policy: Policy{Require: &Requirement{}}, protect: "mil", deny: "shop.ml"})
	for name, want := range map[string]bool{"shop.ml.": true, "www.Shop.ML.": true, "other.ml.": false} {
		d := s.Judge(&Query{Name: name, Type: dns.TypeMX, Exists: onlyArmy})
		assert.Equal(t, want, d.Enforced(), name)
	}
}
