package typoguard

import (
	"context"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/request"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fuzzedPolicies has a policy for every action, told apart by the names that are near them.
const fuzzedPolicies = `
	typoguard a {
		protect mil
		allow gov.ml
	}
	typoguard b {
		protect army.nl bücher.example
		distance 2
		action nodata
	}
	typoguard c {
		protect navy.example
		action nullmx
		types MX A AAAA
	}
	typoguard d {
		protect airforce.example
		action sinkhole 192.0.2.1 2001:db8::1
	}`

// FuzzServeDNS sends any message a server accepts through the handler. What is near no protected suffix must reach the
// next plugin as it came, and everything else be answered with a message that keeps all promises.
func FuzzServeDNS(f *testing.F) {
	for _, name := range []string{"us.army.ml.", "x.gov.ml.", "aryn.ml.", `b\195\188hcer.example.`, "nvay.example.", "air.force.example.", "www.example.org."} {
		for _, qtype := range []uint16{dns.TypeMX, dns.TypeA, dns.TypeANY, dns.TypeDS} {
			packed, err := question(name, qtype).SetEdns0(512, true).Pack()
			require.NoError(f, err)
			f.Add(packed)
		}
	}
	b, err := parseCorefile(f, "", strings.TrimSpace(fuzzedPolicies))
	require.NoError(f, err)
	h := newTypoguard(b)
	f.Fuzz(func(t *testing.T, message []byte) {
		r := new(dns.Msg)
		if r.Unpack(message) != nil || len(r.Question) == 0 {
			return
		}
		sent := r.Copy()
		passed := false
		h.Next = plugin.HandlerFunc(func(_ context.Context, _ dns.ResponseWriter, next *dns.Msg) (int, error) {
			passed = true
			assert.Equal(t, sent.String(), next.String())
			return dns.RcodeSuccess, nil
		})
		w := dnstest.NewRecorder(&test.ResponseWriter{})
		_, err := h.ServeDNS(t.Context(), request.NewScrubWriter(r, w), r)
		require.NoError(t, err)
		require.Equal(t, shouldPass(b, sent), passed, sent)
		if !passed {
			checkAnswer(t, sent, w.Msg)
		}
	})
}

// shouldPass says from the design's words whether a message is to reach the next plugin.
func shouldPass(b *block, r *dns.Msg) bool {
	q := r.Question[0]
	if r.Opcode != dns.OpcodeQuery || r.Response || len(r.Question) != 1 || q.Qclass != dns.ClassINET {
		return true
	}
	switch q.Qtype {
	case dns.TypeDS, dns.TypeDNSKEY, dns.TypeNS, dns.TypeSOA, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3:
		return true
	}
	d := b.set.Load().Judge(&policy.Query{Name: q.Name, Type: dns.TypeMX})
	if d.Policy == nil {
		return true
	}
	isMailType := q.Qtype == dns.TypeMX || q.Qtype == dns.TypeANY || q.Qtype == dns.TypeA || q.Qtype == dns.TypeAAAA
	return d.Lookalike.Protected == "navy.example" && !isMailType
}

// checkAnswer fails the test unless an answer keeps what the manual page promises of every answer.
func checkAnswer(t *testing.T, r, m *dns.Msg) {
	t.Helper()
	packed, err := m.Pack()
	require.NoError(t, err)
	unpacked := new(dns.Msg)
	require.NoError(t, unpacked.Unpack(packed))
	size := dns.MinMsgSize
	if opt := r.IsEdns0(); opt != nil {
		size = max(size, int(opt.UDPSize()))
	}
	require.LessOrEqual(t, len(packed), size)
	require.False(t, m.Truncated)
	require.Equal(t, dns.MsgHdr{Id: r.Id, Response: true, RecursionDesired: r.RecursionDesired, RecursionAvailable: true,
		CheckingDisabled: r.CheckingDisabled, Rcode: m.Rcode}, m.MsgHdr)
	require.Equal(t, r.Question, m.Question)
	require.Equal(t, r.IsEdns0() != nil, m.IsEdns0() != nil)
	if len(m.Answer) > 0 {
		require.Equal(t, r.Question[0].Name, m.Answer[0].Header().Name)
		return
	}
	require.Len(t, m.Ns, 1)
	require.Equal(t, r.Question[0].Name, m.Ns[0].Header().Name, "octet for octet")
}
