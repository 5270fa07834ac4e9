package typoguard

import (
	"context"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestInspectMailServices: who inspects MX records means the SRV records of every service by which mail finds its way, and those
// of no other.
func TestInspectMailServices(t *testing.T) {
	for service, hides := range map[string]bool{
		"_smtp._tcp": true, "_submission._tcp": true, "_submissions._tcp": true, "_smtps._tcp": true, "_SUBMISSION._TCP": true,
		"_imap._tcp": false, "_sip._tcp": false, "_submissions2._tcp": false, "smtp._tcp": false,
	} {
		t.Run(service, func(t *testing.T) {
			h := handler(t, "typoguard {\nprotect mil\ninspect mx\n}")
			h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
				m := new(dns.Msg).SetReply(r)
				m.Answer = []dns.RR{test.SRV(service + ".partner.example. 300 IN SRV 1 1 465 mail.army.ml.")}
				return dns.RcodeSuccess, w.WriteMsg(m)
			})
			reply := ask(t, t.Context(), h, question(service+".partner.example.", dns.TypeSRV))
			assert.Equal(t, hides, len(reply.Answer) == 0)
			assert.Equal(t, dns.RcodeSuccess, reply.Rcode)
		})
	}
}

// seriesOf returns the values of a metric, by a label, of one policy. The metrics are the process's: only what no other test
// counts can be told by them.
func seriesOf(t *testing.T, metric, policy, label string) map[string]float64 {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	require.NoError(t, err)
	found := map[string]float64{}
	for _, family := range families {
		if family.GetName() != metric {
			continue
		}
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, pair := range m.GetLabel() {
				labels[pair.GetName()] = pair.GetValue()
			}
			if labels["policy"] == policy {
				found[labels[label]] += m.GetCounter().GetValue()
			}
		}
	}
	return found
}

// TestInspectSeriesBegin: the series of every type of records that a policy inspects exist before anything is counted. SRV records
// count where MX records are inspected, too.
func TestInspectSeriesBegin(t *testing.T) {
	useDirectives(t)
	for options, want := range map[string]map[string]float64{
		"mx": {"MX": 0, "SRV": 0}, "cname": {"CNAME": 0}, "srv": {"SRV": 0}, "ns": {"NS": 0}, "svcb": {"SVCB": 0, "HTTPS": 0, "NAPTR": 0},
		"mx cname srv ns": {"MX": 0, "CNAME": 0, "SRV": 0, "NS": 0},
	} {
		policy := "begins_" + strings.ReplaceAll(options, " ", "_")
		t.Run(options, func(t *testing.T) {
			instance, stop := start(t, corefile("typoguard "+policy+" {\nprotect mil\ninspect "+options+"\n}", ""))
			defer stop(instance)
			assert.Equal(t, want, seriesOf(t, "coredns_typoguard_targets_total", policy, "record"))
		})
	}
}
