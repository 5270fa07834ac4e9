package typoguard

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

const (
	// sinkholePreference is that of the one MX record of a sinkholed name.
	sinkholePreference = 10
	// maxExtraText bounds the EXTRA-TEXT of an Extended DNS Error, which RFC 8914 section 3 asks to keep short.
	maxExtraText = 255
)

// answer builds the reply to a query for a lookalike. It is the only place that makes DNS messages.
//
// RA is set and AA is not, and negative answers carry a SOA: glibc and Go take an empty answer without these for a lame
// referral and ask the next server. AD is never set. The question is echoed as it came, so that 0x20 encoding holds.
func answer(state request.Request, d *decision) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(state.Req)
	m.RecursionAvailable = true

	code := dns.ExtendedErrorCodeForgedAnswer
	if !fill(m, d) {
		code = dns.ExtendedErrorCodeBlocked
		m.Ns = []dns.RR{soa(m.Question[0].Name, d)}
		if d.policy.action == nxdomain {
			m.Rcode = dns.RcodeNameError
		}
	}
	explain(state, m, code, d)
	return m
}

// fill adds the records with which the policy answers the question, and reports whether there are any.
func fill(m *dns.Msg, d *decision) bool {
	q := m.Question[0]
	switch {
	case d.policy.action == nullmx && isMX(q.Qtype):
		m.Answer = []dns.RR{&dns.MX{Hdr: header(q.Name, dns.TypeMX, d), Preference: 0, Mx: "."}} // RFC 7505 section 3
	case d.policy.action == sinkhole && isMX(q.Qtype):
		m.Answer = []dns.RR{&dns.MX{Hdr: header(q.Name, dns.TypeMX, d), Preference: sinkholePreference, Mx: q.Name}}
		m.Extra = append(addresses(q.Name, dns.TypeA, d), addresses(q.Name, dns.TypeAAAA, d)...)
	case d.policy.action == sinkhole:
		m.Answer = addresses(q.Name, q.Qtype, d)
	}
	return len(m.Answer) > 0
}

// isMX reports whether a query is answered with MX records. RFC 8482 lets one RRset do for ANY.
func isMX(qtype uint16) bool { return qtype == dns.TypeMX || qtype == dns.TypeANY }

// addresses returns the sinkhole's records of type A or AAAA; there are none of other types.
func addresses(name string, qtype uint16, d *decision) []dns.RR {
	var rrs []dns.RR
	for _, addr := range d.policy.sinkhole {
		if rr := addressRR(header(name, qtype, d), addr); rr != nil {
			rrs = append(rrs, rr)
		}
	}
	return rrs
}

// addressRR returns an address record, or nil if the address is not of the header's type.
func addressRR(h dns.RR_Header, addr netip.Addr) dns.RR {
	switch {
	case h.Rrtype == dns.TypeA && addr.Is4():
		return &dns.A{Hdr: h, A: net.IP(addr.AsSlice())}
	case h.Rrtype == dns.TypeAAAA && addr.Is6():
		return &dns.AAAA{Hdr: h, AAAA: net.IP(addr.AsSlice())}
	}
	return nil
}

func header(name string, rrtype uint16, d *decision) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET, Ttl: d.policy.ttl}
}

// soa returns the record without which a negative answer must not be cached (RFC 2308 section 5). Its owner is the parent
// of the suffix that looks like the protected one: the closest name above the query that is not denied. If it is not the
// name itself that does, but what it leads to, it is the parent of the name.
func soa(name string, d *decision) dns.RR {
	owner, start := ".", d.match.Start
	if d.target != nil {
		start = 0
	}
	if parent, end := dns.NextLabel(name, start); !end {
		owner = name[parent:]
	}
	return &dns.SOA{
		Hdr:     header(owner, dns.TypeSOA, d),
		Ns:      "typoguard.invalid.",
		Mbox:    "nobody.invalid.",
		Serial:  1,
		Refresh: 3600,
		Retry:   600,
		Expire:  86400,
		Minttl:  d.policy.ttl,
	}
}

// explain adds an Extended DNS Error (RFC 8914) that says what the name looks like, if the query had an OPT record: RFC
// 6891 section 7 forbids one in the answer otherwise. The text is cut so that the answer stays within what the client can
// take, since no record may be dropped for it.
func explain(state request.Request, m *dns.Msg, code uint16, d *decision) {
	if state.Req.IsEdns0() == nil {
		return
	}
	ede := &dns.EDNS0_EDE{InfoCode: code, ExtraText: cut(reason(m.Question[0].Name, d), maxExtraText)}
	m.Extra = append(m.Extra, &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}, Option: []dns.EDNS0{ede}})
	state.SizeAndDo(m) // the client's size and DO
	if m.Len() > state.Size() {
		m.Compress = true
	}
	if over := m.Len() - state.Size(); over > 0 {
		ede.ExtraText = cut(ede.ExtraText, max(len(ede.ExtraText)-over, 0))
	}
}

// without returns a reply with records taken out, and with them the signatures of their RRsets, which do not hold any more,
// and the addresses of their targets. It is no longer authentic.
func without(state request.Request, reply *dns.Msg, bad map[dns.RR]bool, d *decision) *dns.Msg {
	m := reply.Copy() // its records are others: what is bad is known by its place
	m.AuthenticatedData, d.unsigned = false, reply.AuthenticatedData
	targets := map[string]bool{}
	for rr := range bad {
		name, _ := target(rr)
		targets[strings.ToLower(name)] = true
	}
	signs := func(rr dns.RR) bool {
		sig, ok := rr.(*dns.RRSIG)
		covers := ok && slices.ContainsFunc(slices.Collect(maps.Keys(bad)), func(b dns.RR) bool {
			return sig.TypeCovered == b.Header().Rrtype && strings.EqualFold(sig.Hdr.Name, b.Header().Name)
		})
		d.unsigned = d.unsigned || covers
		return covers
	}
	good := func(before, copied []dns.RR) []dns.RR {
		var kept []dns.RR
		for i, rr := range copied {
			if !bad[before[i]] && !signs(rr) {
				kept = append(kept, rr)
			}
		}
		return kept
	}
	m.Answer, m.Ns = good(reply.Answer, m.Answer), good(reply.Ns, m.Ns)
	m.Extra = slices.DeleteFunc(m.Extra, func(rr dns.RR) bool {
		return rr.Header().Rrtype == dns.TypeOPT || targets[strings.ToLower(rr.Header().Name)]
	})
	explain(state, m, dns.ExtendedErrorCodeForgedAnswer, d)
	return m
}

// reason says in a line why a name is answered as it is, and by which id the SOC finds the event.
func reason(name string, d *decision) string {
	note := ""
	if d.counterpart != notAsked {
		note = ", counterpart " + d.counterpart.String()
	}
	if d.unsigned {
		note += ", the rest unsigned"
	}
	what := shown(name)
	if d.target != nil {
		name, _ = target(d.target)
		what = d.record() + " of " + shown(d.target.Header().Name)
	}
	return fmt.Sprintf("typoguard: %s looks like %s (%s, policy %s%s, id %s)", what, d.intended(name), d.match.Kind, d.policy.name, note, d.id)
}

// intended returns the name that was probably meant, without the final dot. The name is always the same for one decision.
func (d *decision) intended(name string) string {
	if d.meant == "" {
		d.meant = intended(name, &d.match)
	}
	return d.meant
}

// intended returns a name with the suffix that is near the protected one replaced by it.
func intended(name string, m *match.Match) string {
	return strings.ToLower(name[:m.Start]) + m.Suffix
}

// shown returns a name as people write it.
func shown(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// cut shortens a text to so many octets, at the boundary of a character (RFC 8914 section 2 wants UTF-8).
func cut(text string, octets int) string {
	if len(text) <= octets {
		return text
	}
	for octets > 0 && !utf8.RuneStart(text[octets]) {
		octets--
	}
	return text[:octets]
}
