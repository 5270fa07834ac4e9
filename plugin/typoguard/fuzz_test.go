package typoguard

import (
	"context"
	"slices"
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
// next plugin as it came, a NOTIFY, a response or one of several questions for a lookalike be refused, and everything else be answered with a message
// that keeps all promises.
func FuzzServeDNS(f *testing.F) {
	for _, name := range []string{"us.army.ml.", "x.gov.ml.", "aryn.ml.", `b\195\188hcer.example.`, "nvay.example.", "air.force.example.", "www.example.org."} {
		for _, qtype := range []uint16{dns.TypeMX, dns.TypeA, dns.TypeANY, dns.TypeDS, dns.TypeCNAME, dns.TypeNSEC3} {
			f.Add(packed(f, question(name, qtype).SetEdns0(512, true)))
		}
		f.Add(packed(f, &dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Question: question(name, dns.TypeDS).Question}))
		f.Add(packed(f, new(dns.Msg).SetNotify(name)))
		f.Add(packed(f, &dns.Msg{Question: append(question("example.org.", dns.TypeA).Question, question(name, dns.TypeMX).Question...)}))
		f.Add(packed(f, &dns.Msg{Question: []dns.Question{{Name: name, Qtype: dns.TypeMX, Qclass: dns.ClassANY}}}))
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
		rcode, err := h.ServeDNS(t.Context(), request.NewScrubWriter(r, w), r)
		require.NoError(t, err)
		require.Equal(t, shouldPass(b, sent), passed, sent)
		switch {
		case passed:
		case sent.Response || sent.Opcode == dns.OpcodeNotify || len(sent.Question) > 1:
			require.Equal(t, dns.RcodeRefused, rcode)
			require.Nil(t, w.Msg)
		default:
			checkAnswer(t, sent, w.Msg)
		}
	})
}

// packed returns a message in wire form.
func packed(tb testing.TB, m *dns.Msg) []byte {
	tb.Helper()
	wire, err := m.Pack()
	require.NoError(tb, err)
	return wire
}

// shouldPass says from the design's words whether a message is to reach the next plugin.
func shouldPass(b *block, r *dns.Msg) bool {
	q := r.Question[0]
	d := b.set.Load().Judge(&policy.Query{Name: q.Name, Type: dns.TypeMX})
	if r.Response || r.Opcode == dns.OpcodeNotify || len(r.Question) > 1 {
		return !slices.ContainsFunc(r.Question, func(q dns.Question) bool {
			d := b.set.Load().Judge(&policy.Query{Name: q.Name, Type: dns.TypeMX})
			return d.Policy != nil
		})
	}
	if r.Opcode != dns.OpcodeQuery || (q.Qclass != dns.ClassINET && q.Qclass != dns.ClassANY) {
		return true
	}
	switch q.Qtype {
	case dns.TypeDS, dns.TypeDNSKEY:
		return true
	case dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeANY, dns.TypeCNAME, dns.TypeDNAME,
		dns.TypeNS, dns.TypeSOA, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3: // the last five since the action is nullmx
		return d.Policy == nil
	}
	return d.Policy == nil || d.Lookalike.Protected == "navy.example"
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
