package typoguard

import (
	"testing"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// collectors are all of the plugin's.
func collectors() []prometheus.Collector {
	return []prometheus.Collector{
		metrics.LookalikesTotal, metrics.PassedTotal, metrics.PolicySuffixes, metrics.PolicyReloads, metrics.PolicyReloadSuccessful, metrics.PolicyReloadTime,
		metrics.SMTPSessions, metrics.SMTPActive, metrics.SMTPRejected, metrics.SMTPOthers, metrics.SMTPDeferred, metrics.SMTPLimitsHit, metrics.SMTPTLS,
		metrics.PolicyExpiring, metrics.PolicyKnown, metrics.PolicyTrialEnds, metrics.TargetsTotal, metrics.ListQueries, metrics.FeedRows, metrics.FeedSerial, metrics.FeedUpToDate, metrics.FeedBuildTime, metrics.FeedBuildDuration, metrics.FeedPolls, metrics.FeedTransfers, metrics.AliasesCut, metrics.CounterpartLookups, metrics.WatchLookups, metrics.WatchChanges, metrics.CounterpartHits, metrics.CounterpartDuration,
		metrics.EventsWritten, metrics.EventsDropped, metrics.EventsErrors, metrics.EventsSinkUp, metrics.NewClients, metrics.HistoryDamaged, metrics.DigestsSent, metrics.DigestsErrors, metrics.DigestOverdue, metrics.ListSuccess, metrics.PolicyInfo, metrics.ListInterval,
	}
}

func TestMetricNames(t *testing.T) {
	metrics.NewServer("dns://:53", "").BeginZone("list.example.")
	metrics.NewFeed("rpz.example.").Begin()
	metrics.Events{}.Sink(logSink)
	metrics.BeginPolicy(&policy.Policy{Name: "test"}, false)
	metrics.NewHistory("sqlite:///events.db")
	metrics.NewDigest("mailto:soc@corp.example")
	for _, c := range collectors() {
		problems, err := testutil.CollectAndLint(c)
		require.NoError(t, err)
		assert.Empty(t, problems)
	}
}

// TestSeriesBegin: what a policy can count exists before it is counted, and counting makes no further series.
func TestSeriesBegin(t *testing.T) {
	stanzas := map[string]int{ // series: kinds x types, and in mode popular all kinds but homoglyph
		"protect army.mil":                                      (9 + 8) * 11,
		"protect army.mil\npopular block":                       9 * 11,
		"protect army.mil\nshort report":                        (9 + 8 + 1) * 11,
		"protect mindef.nl\ndistance 2":                         (10 + 9) * 11,
		"protect army.mil\nkinds omission":                      (1 + 1) * 11,
		"protect army.mil\naction nullmx":                       (9 + 8) * 4,
		"protect army.mil\naction nullmx\ntypes MX A AAAA SVCB": (9 + 8) * 6,
		"protect army.mil\ntypes MX A AAAA TXT":                 (9 + 8) * 7,
	}
	qtypes := append([]uint16{dns.TypeSVCB, 65280, dns.TypeNone}, metrics.CountedTypes...)
	for stanza, series := range stanzas {
		t.Run(stanza, func(t *testing.T) {
			metrics.LookalikesTotal.Reset()
			h := handler(t, "typoguard {\n"+stanza+"\n}")
			h.counters = h.block.newCounters([]string{""}, "")
			assert.Equal(t, series, testutil.CollectAndCount(metrics.LookalikesTotal))
			for _, name := range []string{"army.ml.", "army.miil.", "army.mul.", "army.mel.", "army.mli.", "arym.ml.", "arrny.mil."} {
				for _, qtype := range qtypes {
					ask(t, t.Context(), h, question(name, qtype))
				}
			}
			assert.Equal(t, series, testutil.CollectAndCount(metrics.LookalikesTotal))
		})
	}
}

func TestCounting(t *testing.T) {
	h := handler(t, `
		typoguard mil {
			protect army.mil ing.com
			allow gov.ml
		}
		typoguard trial {
			protect army.nl
			action nullmx
			mode monitor
		}
		typoguard others {
			protect navy.nl
			clients 2001:db8::/32
		}`)
	tests := []struct {
		name  string
		query *dns.Msg
		count prometheus.Counter
	}{
		{"blocked", question("us.army.ml.", dns.TypeMX), metrics.LookalikesTotal.WithLabelValues("", "", "mil", "nxdomain", "enforce", "omission", "MX")},
		{"a type without a label", question("us.army.ml.", dns.TypeLOC), metrics.LookalikesTotal.WithLabelValues("", "", "mil", "nxdomain", "enforce", "omission", "other")},
		{"monitored", question("armny.nl.", dns.TypeMX), metrics.LookalikesTotal.WithLabelValues("", "", "trial", "nullmx", "monitor", "addition", "MX")},
		{"popular", question("mail.bing.com.", dns.TypeMX), metrics.LookalikesTotal.WithLabelValues("", "", "mil", "nxdomain", "popular", "addition", "MX")},
		{"protected", question("army.mil.", dns.TypeMX), metrics.PassedTotal.WithLabelValues("", "", "protected")},
		{"allowed", question("x.gov.ml.", dns.TypeMX), metrics.PassedTotal.WithLabelValues("", "", "allowed")},
		{"no match", question("example.org.", dns.TypeMX), metrics.PassedTotal.WithLabelValues("", "", "no_match")},
		{"client", question("navvy.nl.", dns.TypeMX), metrics.PassedTotal.WithLabelValues("", "", "client")},
		{"type", question("us.army.ml.", dns.TypeDS), metrics.PassedTotal.WithLabelValues("", "", "type")},
		{"type of a null MX", question("armny.nl.", dns.TypeA), metrics.PassedTotal.WithLabelValues("", "", "type")},
		{"not judged", &dns.Msg{Question: []dns.Question{{Name: "army.ml.", Qtype: dns.TypeMX, Qclass: dns.ClassCHAOS}}}, metrics.PassedTotal.WithLabelValues("", "", "not_judged")},
	}
	total := func() float64 {
		sum, seen := 0.0, map[prometheus.Counter]bool{}
		for _, tt := range tests {
			if !seen[tt.count] {
				sum += testutil.ToFloat64(tt.count)
			}
			seen[tt.count] = true
		}
		return sum
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, all := testutil.ToFloat64(tt.count), total()
			ask(t, t.Context(), h, tt.query)
			assert.InDelta(t, before+1, testutil.ToFloat64(tt.count), 0)
			assert.InDelta(t, all+1, total(), 0, "and in no other")
		})
	}
}
