package dns_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// outcome is how a question is to be answered. The zero value is the upstream's answer.
type outcome struct {
	rcode      int
	answer     []string // records in the form of record, @ for the name asked
	additional []string // likewise, without OPT
	ede        uint16   // code of the Extended DNS Error; 0 for none
}

// The outcomes in the table of design.md, with the time to live and the sinkhole that the matrix configures.
var (
	passes   = outcome{}
	nxdomain = outcome{rcode: dns.RcodeNameError, ede: dns.ExtendedErrorCodeBlocked}
	nodata   = outcome{rcode: dns.RcodeSuccess, ede: dns.ExtendedErrorCodeBlocked}
	nothing  = forged(`@ 77 IN HINFO "RFC8482" ""`) // NODATA for ANY
	nullMX   = forged("@ 77 IN MX 0 .")
	sinkA    = forged("@ 77 IN A 192.0.2.66")
	sinkAAAA = forged("@ 77 IN AAAA 2001:db8::66")
	sinkMX   = forged("@ 77 IN MX 10 @").with("@ 77 IN A 192.0.2.66", "@ 77 IN AAAA 2001:db8::66")
	sinkMXv4 = forged("@ 77 IN MX 10 @").with("@ 77 IN A 192.0.2.66")
)

// forged is an answer with records that do not exist.
func forged(answer string) outcome {
	return outcome{answer: []string{answer}, ede: dns.ExtendedErrorCodeForgedAnswer}
}

// with returns the outcome with more records in ADDITIONAL.
func (o outcome) with(additional ...string) outcome {
	o.additional = additional
	return o
}

// passes reports whether the upstream's answer is expected.
func (o outcome) passes() bool { return o.ede == 0 }

// isNegative reports whether an answer without records is expected.
func (o outcome) isNegative() bool { return !o.passes() && len(o.answer) == 0 }

// check fails the test unless a message is the expected answer to a query; text is the EXTRA-TEXT of its Extended DNS
// Error.
func (o outcome) check(t *testing.T, q, m *dns.Msg, ttl uint32, text string) {
	t.Helper()
	checkHeader(t, q, m)
	checkOPT(t, q, m)
	if o.passes() {
		checkPassed(t, q, m)
		return
	}
	name := q.Question[0].Name
	assert.Equal(t, dns.RcodeToString[o.rcode], dns.RcodeToString[m.Rcode], "rcode")
	assert.Equal(t, instantiate(o.answer, name), records(m.Answer), "ANSWER")
	assert.Equal(t, instantiate(o.additional, name), records(m.Extra), "ADDITIONAL")
	if o.isNegative() {
		checkSOA(t, name, m, ttl)
	} else {
		assert.Empty(t, m.Ns, "AUTHORITY")
	}
	checkEDE(t, q, m, o.ede, text)
}

// checkPassed fails the test unless a message is the upstream's answer to a query.
func checkPassed(t *testing.T, q, m *dns.Msg) {
	t.Helper()
	assert.Equal(t, "NOERROR", dns.RcodeToString[m.Rcode], "rcode")
	assert.Equal(t, records(upstreamAnswer(q.Question[0])), records(m.Answer), "ANSWER")
	assert.Empty(t, edes(m), "Extended DNS Error")
}

// checkEcho fails the test unless a packed answer has the ID and the question of the query, byte for byte.
func checkEcho(t *testing.T, q, answer []byte) {
	t.Helper()
	const header = 12
	question := questionLen(t, q)
	require.GreaterOrEqual(t, len(answer), header+question)
	assert.Equal(t, q[:2], answer[:2], "id")
	assert.Equal(t, q[header:header+question], answer[header:header+question], "question")
}

// questionLen returns how many octets of a packed query are its question.
func questionLen(t *testing.T, q []byte) int {
	t.Helper()
	m := new(dns.Msg)
	require.NoError(t, m.Unpack(q))
	wire := make([]byte, 255)
	n, err := dns.PackDomainName(m.Question[0].Name, wire, 0, nil, false)
	require.NoError(t, err)
	return n + 4
}

// checkHeader fails the test unless an answer's header is that of a resolver that does not validate.
func checkHeader(t *testing.T, q, m *dns.Msg) {
	t.Helper()
	want := dns.MsgHdr{
		Id: q.Id, Response: true, Opcode: dns.OpcodeQuery, RecursionAvailable: true,
		RecursionDesired: q.RecursionDesired, CheckingDisabled: q.CheckingDisabled,
		Rcode: m.Rcode, // the outcome's to check
	}
	assert.Equal(t, want, m.MsgHdr, "header")
}

// checkOPT fails the test unless an answer has an OPT record exactly if the query has one, with the same DO bit.
func checkOPT(t *testing.T, q, m *dns.Msg) {
	t.Helper()
	var opts []*dns.OPT
	for _, rr := range m.Extra {
		if opt, ok := rr.(*dns.OPT); ok {
			opts = append(opts, opt)
		}
	}
	asked := q.IsEdns0()
	if asked == nil {
		assert.Empty(t, opts, "OPT")
		return
	}
	if assert.Len(t, opts, 1, "OPT") {
		assert.Zero(t, opts[0].Version(), "EDNS version")
		assert.Equal(t, asked.Do(), opts[0].Do(), "DO")
	}
}

// checkSOA fails the test unless AUTHORITY is the one SOA record without which a negative answer is not cached.
func checkSOA(t *testing.T, name string, m *dns.Msg, ttl uint32) {
	t.Helper()
	require.Len(t, m.Ns, 1, "AUTHORITY")
	soa, ok := m.Ns[0].(*dns.SOA)
	require.Truef(t, ok, "AUTHORITY has %s, want a SOA", m.Ns[0])
	assert.Equal(t, name, soa.Hdr.Name, "owner of the SOA: the name as it was asked, so that nothing else is denied with it")
	assert.Equal(t, ttl, soa.Hdr.Ttl, "TTL of the SOA")
	assert.Equal(t, ttl, soa.Minttl, "MINIMUM of the SOA")
}

// checkEDE fails the test unless an answer explains itself once, if the query allows it to.
func checkEDE(t *testing.T, q, m *dns.Msg, code uint16, text string) {
	t.Helper()
	var want []dns.EDNS0_EDE
	if q.IsEdns0() != nil {
		want = []dns.EDNS0_EDE{{InfoCode: code, ExtraText: text}}
	}
	assert.Equal(t, want, edes(m), "Extended DNS Error")
}

// eventID is the id in an explanation, which may be cut, and hidden is written in its place: it is another one every time.
var eventID = regexp.MustCompile(`, id [a-z2-7]{1,10}(\)$|$)`)

const hidden = ", id XXXXXXXXXX)"

// edes returns the Extended DNS Errors of a message, without the ids of events.
func edes(m *dns.Msg) []dns.EDNS0_EDE {
	opt := m.IsEdns0()
	if opt == nil {
		return nil
	}
	var found []dns.EDNS0_EDE
	for _, option := range opt.Option {
		if ede, ok := option.(*dns.EDNS0_EDE); ok {
			e := *ede
			e.ExtraText = eventID.ReplaceAllStringFunc(e.ExtraText, func(id string) string { return hidden[:len(id)] })
			found = append(found, e)
		}
	}
	return found
}

// instantiate puts a name into records.
func instantiate(templates []string, name string) []string {
	rrs := []string{}
	for _, template := range templates {
		rrs = append(rrs, strings.ReplaceAll(template, "@", name))
	}
	return rrs
}

// records writes the records of a section, OPT aside, as in a zone file.
func records(rrs []dns.RR) []string {
	lines := []string{}
	for _, rr := range rrs {
		if rr.Header().Rrtype != dns.TypeOPT {
			lines = append(lines, record(rr))
		}
	}
	return lines
}

// record writes a record with single spaces, as "army.ml. 60 IN MX 0 .".
func record(rr dns.RR) string { return strings.Join(strings.Fields(rr.String()), " ") }

// explanation is the EXTRA-TEXT about a name.
func explanation(name, intended, kind, policy string) string {
	return fmt.Sprintf("typoguard: %s looks like %s (%s, policy %s%s", name, intended, kind, policy, hidden)
}
