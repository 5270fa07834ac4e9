package dns_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const matrixTTL = 77

// matrixCorefile serves one policy over all transports.
const matrixCorefile = `
(resolver) {
    bind {$HOST}
    errors
    typoguard mail {
        protect army.mil
        allow arm.mil
        ttl 77
        %s
    }
    forward . {$UPSTREAM}
}
.:{$DNS} {
    import resolver
}
tls://.:{$DOT} {
    tls {$CERT} {$KEY}
    import resolver
}
https://.:{$DOH} {
    tls {$CERT} {$KEY}
    import resolver
}
`

// matrixQuestions are the columns of the matrix: what a mail server, a validator or a curious person asks about a
// lookalike, in the mixed case of a resolver that uses 0x20 encoding.
var matrixQuestions = []dns.Question{
	{Name: "aRmY.mL.", Qtype: dns.TypeMX},
	{Name: "aRmY.mL.", Qtype: dns.TypeA},
	{Name: "aRmY.mL.", Qtype: dns.TypeAAAA},
	{Name: "aRmY.mL.", Qtype: dns.TypeTXT},
	{Name: "_25._tCp.mX.aRmY.mL.", Qtype: dns.TypeTLSA},
	{Name: "aRmY.mL.", Qtype: dns.TypeHTTPS},
	{Name: "_sUbmission._tCp.aRmY.mL.", Qtype: dns.TypeSRV},
	{Name: "aRmY.mL.", Qtype: dns.TypeANY},
	{Name: "aRmY.mL.", Qtype: dns.TypeNS},
	{Name: "aRmY.mL.", Qtype: dns.TypeSOA},
	{Name: "aRmY.mL.", Qtype: dns.TypeCNAME},
	{Name: "aRmY.mL.", Qtype: dns.TypeDS},
	{Name: "aRmY.mL.", Qtype: dns.TypeDNSKEY},
}

// matrixActions are the rows of the matrix, with the outcome for each question; DS and DNSKEY always pass.
var matrixActions = []struct {
	name    string
	options string
	//                MX        A         AAAA      TXT       TLSA      HTTPS     SRV       ANY       NS        SOA       CNAME
	outcomes [11]outcome
}{
	{"nxdomain", "action nxdomain",
		[...]outcome{nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain}},
	{"nxdomain by default", "",
		[...]outcome{nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain, nxdomain}},
	{"nxdomain for mail types", "action nxdomain\ntypes MX A AAAA",
		[...]outcome{nxdomain, nxdomain, nxdomain, passes, passes, passes, passes, nxdomain, passes, passes, nodata}},
	{"nodata", "action nodata",
		[...]outcome{nodata, nodata, nodata, nodata, nodata, nodata, nodata, nothing, nodata, nodata, nodata}},
	{"nullmx", "action nullmx",
		[...]outcome{nullMX, passes, passes, passes, passes, passes, passes, nullMX, nodata, nodata, nodata}},
	{"nullmx without addresses", "action nullmx\ntypes MX A AAAA",
		[...]outcome{nullMX, nodata, nodata, passes, passes, passes, passes, nullMX, nodata, nodata, nodata}},
	{"sinkhole", "action sinkhole 192.0.2.66 2001:db8::66",
		[...]outcome{sinkMX, sinkA, sinkAAAA, nodata, nodata, nodata, nodata, sinkMX, nodata, nodata, nodata}},
	{"sinkhole without IPv6", "action sinkhole 192.0.2.66",
		[...]outcome{sinkMXv4, sinkA, nodata, nodata, nodata, nodata, nodata, sinkMXv4, nodata, nodata, nodata}},
}

// TestMatrix asks about a lookalike in every way, under every action.
func TestMatrix(t *testing.T) {
	t.Parallel()
	for _, action := range matrixActions {
		t.Run(action.name, func(t *testing.T) {
			t.Parallel()
			up := newUpstream(t)
			s := start(t, up.addr, fmt.Sprintf(matrixCorefile, action.options))
			for _, transport := range transports {
				t.Run(transport.name, func(t *testing.T) {
					send := transport.open(t, s)
					for i, q := range matrixQuestions {
						want := passes
						if i < len(action.outcomes) {
							want = action.outcomes[i]
						}
						t.Run(dns.TypeToString[q.Qtype], func(t *testing.T) { askAllWays(t, up, send, q, want) })
					}
				})
			}
		})
	}
}

// TestMatrixPasses asks about names that are no lookalikes, under every action.
func TestMatrixPasses(t *testing.T) {
	t.Parallel()
	names := []struct{ name, suffix string }{
		{"protected suffix", "army.mil."},
		{"under a protected suffix", "us.aRmY.mil."},
		{"allowed suffix", "arm.mil."},
		{"under an allowed suffix", "mail.aRm.mil."},
		{"parent of a protected suffix", "mil."},
		{"parent of a lookalike", "ml."},
		{"ordinary", "example.org."},
	}
	for _, action := range matrixActions {
		t.Run(action.name, func(t *testing.T) {
			t.Parallel()
			up := newUpstream(t)
			s := start(t, up.addr, fmt.Sprintf(matrixCorefile, action.options))
			send := overUDP(t, s)
			for _, n := range names {
				for _, q := range matrixQuestions {
					q.Name = strings.Replace(q.Name, "aRmY.mL.", n.suffix, 1)
					t.Run(n.name+"/"+dns.TypeToString[q.Qtype], func(t *testing.T) { askAllWays(t, up, send, q, passes) })
				}
			}
		})
	}
}

// askAllWays asks a question with every combination of header bits and EDNS that a client may choose.
func askAllWays(t *testing.T, up *upstream, send exchange, q dns.Question, want outcome) {
	t.Helper()
	name := strings.ToLower(strings.TrimSuffix(q.Name, "."))
	text := explanation(name, strings.Replace(name, "army.ml", "army.mil", 1), "omission", "mail")
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			m := v.query(q)
			packed, err := m.Pack()
			require.NoError(t, err)
			raw, err := send(packed)
			require.NoError(t, err)
			checkEcho(t, packed, raw)
			answer := new(dns.Msg)
			require.NoError(t, answer.Unpack(raw))
			want.check(t, m, answer, matrixTTL, text)
			checkSeen(t, up, q, want)
		})
	}
}

// checkSeen fails the test unless a question reached the upstream exactly if it should.
func checkSeen(t *testing.T, up *upstream, q dns.Question, want outcome) {
	t.Helper()
	seen := up.take()
	if !want.passes() {
		assert.Empty(t, seen, "questions at the upstream")
		return
	}
	q.Qclass = dns.ClassINET
	assert.Equal(t, []dns.Question{q}, seen, "questions at the upstream")
}

// variant is a combination of header bits and EDNS in a query.
type variant struct {
	name       string
	rd, cd, ad bool
	edns, do   bool
}

// variants are all combinations of the header bits RD and CD, and AD in some, with no EDNS, EDNS, and EDNS with DO.
var variants = []variant{
	{name: "plain"},
	{name: "RD", rd: true},
	{name: "CD AD", cd: true, ad: true},
	{name: "RD CD", rd: true, cd: true},
	{name: "EDNS", edns: true},
	{name: "EDNS RD", edns: true, rd: true, ad: true},
	{name: "EDNS CD", edns: true, cd: true},
	{name: "EDNS RD CD", edns: true, rd: true, cd: true},
	{name: "DO", edns: true, do: true},
	{name: "DO RD", edns: true, do: true, rd: true},
	{name: "DO CD", edns: true, do: true, cd: true},
	{name: "DO RD CD", edns: true, do: true, rd: true, cd: true, ad: true},
}

// query asks a question in this way.
func (v variant) query(q dns.Question) *dns.Msg {
	m := query(q.Name, q.Qtype)
	m.RecursionDesired, m.CheckingDisabled, m.AuthenticatedData = v.rd, v.cd, v.ad
	if v.edns {
		m.SetEdns0(1232, v.do)
	}
	return m
}
