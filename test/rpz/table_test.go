//go:build e2e

package rpz_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// probe is a row of the table of differences in docs/rpz.md.
type probe struct {
	what  string
	name  string
	qtype uint16
	// change makes the query another than usual; nil is none.
	change func(query *dns.Msg)
	// see returns what the table says of the answer; nil is its outcome.
	see func(reply *dns.Msg) string
}

// probePolicy is that of the probes.
const probePolicy = `typoguard mil {
	protect army.mil
	allow good.amry.mil
}
typoguard null {
	protect navy.mil
	action nullmx
}
typoguard sink {
	protect mindef.nl
	action sinkhole 192.0.2.25
}`

var probes = []probe{
	{what: "`army.ml` MX, action `nxdomain`", name: "army.ml", qtype: dns.TypeMX},
	{what: "the same, signed, with DNSSEC OK", name: "army.ml", qtype: dns.TypeMX, change: dnssecOK},
	{what: "the same without recursion desired", name: "army.ml", qtype: dns.TypeMX, change: noRecursion},
	{what: "`amry.mil` MX, above the allowed `good.amry.mil`", name: "amry.mil", qtype: dns.TypeMX},
	{what: "`mail.amry.mil` MX, beside it", name: "mail.amry.mil", qtype: dns.TypeMX},
	{what: "`army.ml` NS, and likewise SOA, CNAME and DNAME", name: "army.ml", qtype: dns.TypeNS},
	{what: "`army.ml` ANY", name: "army.ml", qtype: dns.TypeANY},
	{what: "`army.ml` DS, which a validator needs", name: "army.ml", qtype: dns.TypeDS, see: negative},
	{what: "`army.ml` DNSKEY, likewise", name: "army.ml", qtype: dns.TypeDNSKEY, see: negative},
	{what: "`alias.example` MX, an alias of `army.ml`", name: alias, qtype: dns.TypeMX},
	{what: "`navy.ml` MX, action `nullmx`", name: "navy.ml", qtype: dns.TypeMX},
	{what: "`navy.ml` A", name: "navy.ml", qtype: dns.TypeA},
	{what: "`navy.ml` TXT", name: "navy.ml", qtype: dns.TypeTXT},
	{what: "`navy.ml` NS", name: "navy.ml", qtype: dns.TypeNS},
	{what: "`mail.minde.nl` MX, action `sinkhole`: the mail host", name: "mail.minde.nl", qtype: dns.TypeMX, see: mailHost},
	{what: "`minde.nl` AAAA, which the sinkhole has not", name: "minde.nl", qtype: dns.TypeAAAA},
	{what: "`army.mi1` MX: no such top-level domain", name: "army.mi1", qtype: dns.TypeMX},
	{what: "`ärmy.mil` MX", name: "xn--rmy-pla.mil", qtype: dns.TypeMX},
	{what: "`аrmу.mil` MX: two of the letters are Cyrillic", name: "xn--rm-6kc2f.mil", qtype: dns.TypeMX},
	{what: "owner of the SOA in the authority of negative answers", name: "army.ml", qtype: dns.TypeMX, see: authority},
	{what: "Extended DNS Error", name: "army.ml", qtype: dns.TypeMX, change: withEDNS, see: extendedError},
}

func dnssecOK(query *dns.Msg)    { query.SetEdns0(dns.DefaultMsgSize, true) }
func withEDNS(query *dns.Msg)    { query.SetEdns0(dns.DefaultMsgSize, false) }
func noRecursion(query *dns.Msg) { query.RecursionDesired = false }

// negative tells the upstream's answer, which has no records of that type, from an NXDOMAIN.
func negative(reply *dns.Msg) string {
	if reply.Rcode == dns.RcodeSuccess {
		return passed
	}
	return outcome(reply)
}

func mailHost(reply *dns.Msg) string {
	if len(reply.Answer) != 1 {
		return outcome(reply)
	}
	return "`" + strings.TrimSuffix(reply.Answer[0].(*dns.MX).Mx, ".") + "`"
}

func authority(reply *dns.Msg) string {
	for _, rr := range reply.Ns {
		if _, ok := rr.(*dns.SOA); ok {
			return "`" + rr.Header().Name + "`"
		}
	}
	return "no"
}

func extendedError(reply *dns.Msg) string {
	opt := reply.IsEdns0()
	if opt == nil {
		return "no"
	}
	for _, option := range opt.Option {
		if ede, ok := option.(*dns.EDNS0_EDE); ok {
			return fmt.Sprint(ede.InfoCode)
		}
	}
	return "no"
}

// TestTable: the table in docs/rpz.md says what the servers do.
func TestTable(t *testing.T) {
	s := newSetting(t, probePolicy)
	header, line := "| asked | typoguard |", "|---|---|"
	servers := []*resolvers.Server{s.start(t, ours)}
	for _, p := range peers {
		header, line = header+" "+p.Name+" |", line+"---|"
		servers = append(servers, s.start(t, p))
	}
	var rows strings.Builder
	for _, probe := range probes {
		rows.WriteString("| " + probe.what + " |")
		for _, server := range servers {
			rows.WriteString(" " + probe.ask(t, server.Port) + " |")
		}
		rows.WriteString("\n")
	}
	table := header + "\n" + line + "\n" + rows.String()
	readme, err := os.ReadFile("../../docs/rpz.md")
	require.NoError(t, err)
	_, rest, begins := strings.Cut(string(readme), "<!-- rpz -->\n")
	documented, _, ends := strings.Cut(rest, "<!-- /rpz -->")
	require.True(t, begins && ends, "expected the table in docs/rpz.md between <!-- rpz --> and <!-- /rpz -->")
	assert.Equal(t, table, documented, "the table should be\n%s", table)
}

// ask returns what the table says of the server at a port.
func (p probe) ask(t *testing.T, port string) string {
	t.Helper()
	query := new(dns.Msg).SetQuestion(dns.Fqdn(p.name), p.qtype)
	if p.change != nil {
		p.change(query)
	}
	reply, _, err := (&dns.Client{Timeout: answerWithin}).Exchange(query, net.JoinHostPort("127.0.0.1", port))
	require.NoError(t, err)
	if p.see != nil {
		return p.see(reply)
	}
	return outcome(reply)
}
