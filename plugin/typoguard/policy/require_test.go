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
	tests := []struct{ name, suffix, near, want string }{
		{"army.ml.", "mil", "ml.", "army.mil."},
		{"US.Army.ML.", "mil", "ML.", "army.mil."},
		{`we\.ird.ml.`, "mil", "ml.", `we\.ird.mil.`},
		{"ml.", "mil", "ml.", ""},
		{"shop.exampl.", "example", "exampl.", "shop.example."}, // not on the Public Suffix List
		{"tenant.co.k.", "co.uk", "co.k.", "tenant.co.uk."},
		{"us.army.ml.", "army.mil", "army.ml.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &match.Match{Suffix: tt.suffix, Start: strings.LastIndex(tt.name, tt.near)}
			assert.Equal(t, tt.want, counterpart(tt.name, m))
		})
	}
}

func TestRequire(t *testing.T) {
	known := map[string]Existence{"army.mil.": Exists, "broken.mil.": Unknown}
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
