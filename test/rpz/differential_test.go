//go:build e2e

package rpz_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scenario is a policy under which all servers are to answer alike.
type scenario struct {
	name   string
	policy string
	listed []string // what it protects and allows
	others []uint16 // the types asked for beside MX and A
	seen   []string // outcomes, without which the sample would tell nothing
}

// allTypes are some of those that ours hides whatever they are; only DS and DNSKEY pass, which no zone can let pass.
var allTypes = []uint16{dns.TypeAAAA, dns.TypeTXT, dns.TypeSRV, dns.TypeNS, dns.TypeSOA, dns.TypeCNAME, dns.TypeDNAME}

var scenarios = []scenario{
	{
		name: "nxdomain, a top-level domain with exceptions",
		policy: `typoguard mil {
			protect mil army.mit navy.il
			allow gov.ml a.b.c.ml co.il idf.ril
		}`,
		listed: []string{"mil", "army.mit", "navy.il", "gov.ml", "a.b.c.ml", "co.il", "idf.ril"},
		others: allTypes,
		seen:   []string{passed, "NXDOMAIN", noData},
	},
	{
		name: "nodata, domains at distance 2",
		policy: `typoguard partners {
			protect mindef.nl marines.mil xn--mnchen-3ya.de
			allow mindef.nu mail.minde.nl
			distance 2
			action nodata
		}`,
		listed: []string{"mindef.nl", "marines.mil", "xn--mnchen-3ya.de", "mindef.nu", "mail.minde.nl"},
		others: allTypes,
		seen:   []string{passed, noData},
	},
	{
		name: "nullmx",
		policy: `typoguard domains {
			protect army.mil af.mil nato.int mod.gov.uk
			allow army.il mod.gov.mk
			action nullmx
			types MX A AAAA
		}`,
		listed: []string{"army.mil", "af.mil", "nato.int", "mod.gov.uk", "army.il", "mod.gov.mk"},
		others: []uint16{dns.TypeAAAA, dns.TypeNS, dns.TypeSOA, dns.TypeCNAME, dns.TypeDNAME},
		seen:   []string{passed, "MX 0 .", noData},
	},
	{
		name: "sinkhole",
		policy: `typoguard sink {
			protect mil navy.mil
			allow il
			action sinkhole 192.0.2.25 192.0.2.26
		}`,
		listed: []string{"mil", "navy.mil", "il"},
		others: allTypes,
		seen:   []string{passed, itself, "A 192.0.2.25, A 192.0.2.26", noData},
	},
	{
		name: "several policies, one within the other's lookalikes",
		policy: `typoguard one {
			protect mil
			allow x.y.z.ml
		}
		typoguard two {
			protect a.navy.mit army.ml
			action nodata
		}
		typoguard three {
			protect navy.nl
			action sinkhole 192.0.2.25 2001:db8::25
		}`,
		listed: []string{"mil", "x.y.z.ml", "a.navy.mit", "army.ml", "navy.nl"},
		others: allTypes,
		seen:   []string{passed, "NXDOMAIN", noData, itself, "A 192.0.2.25"},
	},
}

// TestServersAgree: of 10,000 names each server hides those that ours hides, in the same way, and passes the others. What is
// hidden is not asked of the upstream, either.
func TestServersAgree(t *testing.T) {
	for _, scenario := range scenarios {
		t.Run(scenario.name, func(t *testing.T) {
			s := newSetting(t, scenario.policy)
			sampler := &sampler{Rand: rand.New(rand.NewPCG(1, 2)), listed: scenario.listed, owners: slices.Concat(s.Hidden, s.Passing)}
			asked := questions(sampler.sample(), scenario.others)
			expected := askAll(t, s.start(t, ours).Port, asked)
			for _, outcome := range scenario.seen {
				assert.Contains(t, expected, outcome)
			}
			for _, p := range peers {
				t.Run(p.Name, func(t *testing.T) {
					t.Parallel() // servers load a zone on one CPU
					s := s.withUpstream(t)
					server := s.start(t, p)
					s.upstream.take() // what was asked while it started
					got := askAll(t, server.Port, asked)
					compare(t, asked, expected, got)
					assert.Zero(t, leaks(asked, expected, s.upstream.take()), "questions about hidden names that went on")
					version, err := p.Version()
					require.NoError(t, err)
					t.Logf("%s %s: %d rows loaded in %.2f s, %d names, %d questions", p.Name, version, s.Rows,
						server.LoadTime.Seconds(), sampleSize, len(asked))
				})
			}
		})
	}
}

// leaks returns how many questions were seen that are hidden. Those of types that the upstream has no records of do not
// count: the answer does not tell whether they are.
func leaks(asked []question, expected []string, seen map[question]bool) int {
	leaked := 0
	for i, q := range asked {
		if records[q.qtype] != "" && expected[i] != passed && seen[question{strings.ToLower(q.name), q.qtype}] {
			leaked++
		}
	}
	return leaked
}

// compare fails the test if outcomes are different, with some examples.
func compare(t *testing.T, asked []question, expected, got []string) {
	t.Helper()
	different := 0
	var examples []string
	for i, q := range asked {
		if got[i] == expected[i] {
			continue
		}
		if different++; len(examples) < 20 {
			examples = append(examples, q.String()+": "+got[i]+", expected "+expected[i])
		}
	}
	assert.Zero(t, different, "%d of %d answers are different, such as\n%s", different, len(asked), strings.Join(examples, "\n"))
}
