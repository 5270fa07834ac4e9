package policy

import (
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// TestPlaces: a name that looks like one protected suffix in several places is hidden if it is because of one of them, whatever is said of
// the others, and nothing that is listed or passes in all of them is.
func TestPlaces(t *testing.T) {
	t.Parallel()
	exempts := Policy{Popular: famous(t, "ing.com\nmail.com")}
	requires := Policy{Require: &Requirement{}}
	two := Policy{Popular: exempts.Popular, Distance: 2, Kinds: match.DefaultKinds}
	for _, tt := range []struct {
		name           string
		policy         Policy
		protect, allow string
		asked          string
		exists         map[string]Existence
		want           Reason
		intended       string
	}{
		{"a dot too many, below a popular domain", exempts, "bing.com", "", "b.ing.com.", nil, Hidden, "bing.com"},
		{"below that", exempts, "bing.com", "", "mail.B.ing.com.", nil, Hidden, "mail.bing.com"},
		{"the popular domain", exempts, "bing.com", "", "ing.com.", nil, IsPopular, "bing.com"},
		{"another name below it", exempts, "bing.com", "", "mail.ing.com.", nil, IsPopular, "mail.bing.com"},
		{"without lists, what is near first", Policy{}, "bing.com", "", "b.ing.com.", nil, Hidden, "b.bing.com"},
		{"below a protected domain", exempts, "bing.com ing.com", "", "b.ing.com.", nil, ListedProtected, ""},
		{"below another protected domain only", exempts, "ing.com", "", "b.ing.com.", nil, ListedProtected, ""},
		{"below an allowed domain", exempts, "bing.com", "ing.com", "b.ing.com.", nil, ListedAllowed, ""},
		{"a second place that is further away", two, "gmail.com", "", "x.mail.com.", nil, Hidden, "gmail.com"},
		{"and none", two, "gmail.com", "", "www.mail.com.", nil, IsPopular, "www.gmail.com"},

		{"the counterpart of the second place", requires, "gov.uk", "", "hmrc.g.ov.uk.", map[string]Existence{"hmrc.gov.uk.": Exists}, Hidden, "hmrc.gov.uk"},
		{"below that", requires, "gov.uk", "", "mail.hmrc.g.ov.uk.", map[string]Existence{"hmrc.gov.uk.": Exists}, Hidden, "mail.hmrc.gov.uk"},
		{"that of the first", requires, "gov.uk", "", "hmrc.g.ov.uk.", map[string]Existence{"g.gov.uk.": Exists}, Hidden, "hmrc.g.gov.uk"},
		{"both", requires, "gov.uk", "", "hmrc.g.ov.uk.", map[string]Existence{"g.gov.uk.": Exists, "hmrc.gov.uk.": Exists}, Hidden, "hmrc.g.gov.uk"},
		{"neither", requires, "gov.uk", "", "hmrc.g.ov.uk.", nil, NoCounterpart, ""},
		{"the first is unknown", requires, "gov.uk", "", "hmrc.g.ov.uk.", map[string]Existence{"g.gov.uk.": Unknown, "hmrc.gov.uk.": Exists}, Hidden, "hmrc.gov.uk"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, setting{Policy: tt.policy, protect: tt.protect, allow: tt.allow})
			d := s.Judge(&Query{Name: tt.asked, Type: dns.TypeMX, Exists: func(domain string, _ time.Duration) Existence {
				if found, ok := tt.exists[domain]; ok {
					return found
				}
				return Absent
			}})
			assert.Equal(t, tt.want, d.Reason)
			assert.Equal(t, tt.want == Hidden, d.Enforced() && !d.Deferred())
			assert.Equal(t, tt.intended, d.Lookalike.Intended)
		})
	}
}

// TestPlacesUnknown: a name is deferred while nothing hides it for certain, by the first policy that does not know.
func TestPlacesUnknown(t *testing.T) {
	t.Parallel()
	defers := func(name string) setting {
		return setting{Policy: Policy{Name: name, Require: &Requirement{}}, protect: "gov.uk"}
	}
	for _, tt := range []struct {
		name     string
		settings []setting
		exists   map[string]Existence
		want     string
		deferred bool
	}{
		{"both", []setting{defers("one")}, map[string]Existence{"g.gov.uk.": Unknown, "hmrc.gov.uk.": Unknown}, "one hmrc.g.gov.uk", true},
		{"the other has none", []setting{defers("one")}, map[string]Existence{"g.gov.uk.": Unknown, "hmrc.gov.uk.": Absent}, "one hmrc.g.gov.uk", true},
		{"of two policies", []setting{defers("one"), defers("two")}, map[string]Existence{"g.gov.uk.": Unknown}, "one hmrc.g.gov.uk", true},
		{"of two policies, of which one passes addresses", []setting{defers("one"), {Policy: Policy{Name: "two", Action: NullMX, Require: &Requirement{}}, protect: "gov.uk"}},
			map[string]Existence{"g.gov.uk.": Unknown}, "one hmrc.g.gov.uk", true},
		{"another policy needs none", []setting{defers("one"), {Policy: Policy{Name: "two"}, protect: "gov.uk"}}, map[string]Existence{"g.gov.uk.": Unknown}, "two hmrc.g.gov.uk", false},
		{"another policy monitors", []setting{defers("one"), {Policy: Policy{Name: "two", Mode: Monitor}, protect: "gov.uk"}}, map[string]Existence{"g.gov.uk.": Unknown}, "one hmrc.g.gov.uk", true},
		{"behind one that monitors", []setting{{Policy: Policy{Name: "m", Mode: Monitor}, protect: "gov.uk"}, defers("one")}, map[string]Existence{"g.gov.uk.": Unknown}, "one hmrc.g.gov.uk", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, qtype := range []uint16{dns.TypeMX, dns.TypeA} {
				d := compile(t, tt.settings...).Judge(&Query{Name: "hmrc.g.ov.uk", Type: qtype, Exists: func(domain string, _ time.Duration) Existence {
					if found, ok := tt.exists[domain]; ok {
						return found
					}
					return Absent
				}})
				assert.Equal(t, tt.want, d.Policy.Name+" "+d.Lookalike.Intended)
				assert.True(t, d.Enforced())
				assert.Equal(t, tt.deferred, d.Deferred())
			}
		})
	}
}
