//go:build !race

package typoguard

// What is here counts allocations. The race detector makes a sync.Pool forget what was put into it, so that there would be
// others to count.

import (
	"context"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/test"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
)

// TestServeDNSAllocations: a name that is no lookalike costs one allocation more than the next plugin's call alone, of the
// writer that looks at the reply. To judge the name costs none, and neither does an ordinary reply.
func TestServeDNSAllocations(t *testing.T) {
	h := handler(t, "typoguard {\nprotect army.mil bücher.example\nallow gov.ml\nlookalike_zone list.corp.example\n}")
	h.counters = h.block.newCounters([]string{""}, "")
	reply := &dns.Msg{Answer: []dns.RR{test.A("example.org. 60 IN A 192.0.2.1")}}
	h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, _ *dns.Msg) (int, error) {
		return dns.RcodeSuccess, w.WriteMsg(reply)
	})
	w := &test.ResponseWriter{}
	ctx := context.Background()
	r := question("example.org.", dns.TypeMX)
	alone := testing.AllocsPerRun(1000, func() { _, _ = h.Next.ServeDNS(ctx, w, r) })
	for _, name := range []string{"www.Example.org.", "www.army.mil.", "x.gov.ml.", "xn--80ak6aa92e.example.", "."} {
		r := question(name, dns.TypeMX)
		reply.Answer[0].Header().Name = name
		got := testing.AllocsPerRun(1000, func() { _, _ = h.ServeDNS(ctx, w, r) })
		assert.InDelta(t, 1, got-alone, 0, name)
	}
}

// TestHistoryAllocations: the same of policies with a history, which remember more of a lookalike.
func TestHistoryAllocations(t *testing.T) {
	h := handler(t, "typoguard {\nprotect army.mil army.nl\n}")
	h.block.policies[0].Candidates = true
	judge := func(name string) float64 {
		q := &policy.Query{Name: name, Type: dns.TypeMX}
		return testing.AllocsPerRun(1000, func() { h.block.set.Load().Judge(q) })
	}
	assert.Zero(t, judge("www.example.org."))
	assert.Zero(t, judge("www.army.mil."))
}
