package typoguard

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const (
	// sinkholePreference is that of the one MX record of a sinkholed name.
	sinkholePreference = 10
	// maxExtraText bounds the EXTRA-TEXT of an Extended DNS Error, which RFC 8914 section 3 asks to keep short.
	maxExtraText = 255
)

// writeAnswer answers the query as the policy says.
func (h *hit) writeAnswer() (int, error) {
	reply := answer(h)
	h.tap(reply)
	// Success, whatever the answer's code: it says that an answer was written, so that nobody above writes another.
	return dns.RcodeSuccess, h.w.WriteMsg(reply)
}

// answer builds the reply to a query for a lookalike. It is the only place that makes DNS messages.
//
// RA is set and AA is not, and negative answers carry a SOA: glibc and Go take an empty answer without these for a lame
// referral and ask the next server. AD is never set. The question is echoed as it came, so that 0x20 encoding holds.
func answer(h *hit) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(h.r)
	m.RecursionAvailable = true

	code := dns.ExtendedErrorCodeForgedAnswer
	if !fill(m, h.Policy) {
		code = dns.ExtendedErrorCodeBlocked
		m.Ns = []dns.RR{soa(m.Question[0].Name, h.Policy)}
		if h.Policy.Action == policy.NXDOMAIN {
			m.Rcode = dns.RcodeNameError
		}
	}
	explain(h.state(), m, code, reason(h, ""))
	return m
}

// fill adds the records with which the policy answers the question, and reports whether there are any.
func fill(m *dns.Msg, p *policy.Policy) bool {
	q := m.Question[0]
	switch {
	case p.Action == policy.NullMX && isMX(q.Qtype):
		m.Answer = []dns.RR{&dns.MX{Hdr: header(q.Name, dns.TypeMX, p), Preference: 0, Mx: "."}} // RFC 7505 section 3
	case p.Action == policy.Sinkhole && isMX(q.Qtype):
		m.Answer = []dns.RR{&dns.MX{Hdr: header(q.Name, dns.TypeMX, p), Preference: sinkholePreference, Mx: q.Name}}
		m.Extra = append(addresses(q.Name, dns.TypeA, p), addresses(q.Name, dns.TypeAAAA, p)...)
	case p.Action == policy.Sinkhole:
		m.Answer = addresses(q.Name, q.Qtype, p)
	}
	return len(m.Answer) > 0
}

// isMX reports whether a query is answered with MX records. RFC 8482 lets one RRset do for ANY.
func isMX(qtype uint16) bool { return qtype == dns.TypeMX || qtype == dns.TypeANY }

// addresses returns the sinkhole's records of type A or AAAA; there are none of other types.
func addresses(name string, qtype uint16, p *policy.Policy) []dns.RR {
	var rrs []dns.RR
	for _, addr := range p.Sinkhole {
		if rr := addressRR(header(name, qtype, p), addr); rr != nil {
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

func header(name string, rrtype uint16, p *policy.Policy) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET, Ttl: p.TTL}
}

// soa returns the record without which a negative answer must not be cached (RFC 2308 section 5). Its owner is the name
// itself, octet for octet as it was asked for: with any name above it, resolvers that trust the NXDOMAIN of an ancestor, or
// look for the signatures of a zone, would hide or fail names that are not lookalikes.
func soa(name string, p *policy.Policy) dns.RR {
	return &dns.SOA{
		Hdr:     header(name, dns.TypeSOA, p),
		Ns:      "typoguard.invalid.",
		Mbox:    "nobody.invalid.",
		Serial:  1,
		Refresh: 3600,
		Retry:   600,
		Expire:  86400,
		Minttl:  p.TTL,
	}
}

// explain adds an Extended DNS Error (RFC 8914), if the query had an OPT record: RFC 6891 section 7 forbids one in the answer
// otherwise. The text is cut so that the answer stays within what the client can take, since no record may be dropped for it.
func explain(state request.Request, m *dns.Msg, code uint16, text string) {
	if state.Req.IsEdns0() == nil {
		return
	}
	ede := &dns.EDNS0_EDE{InfoCode: code, ExtraText: cut(text, maxExtraText)}
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
// and the addresses of their targets. It is no longer authentic. h is what the client is told of.
func without(h *hit, reply *dns.Msg, bad map[dns.RR]bool) *dns.Msg {
	m := reply.Copy() // its records are others: what is bad is known by its place
	unsigned := reply.AuthenticatedData
	m.AuthenticatedData = false
	targets := map[string]bool{}
	for rr := range bad {
		name, _ := policy.Target(rr)
		targets[strings.ToLower(name)] = true
	}
	good := func(before, copied []dns.RR) []dns.RR {
		var kept []dns.RR
		for i, rr := range copied {
			switch {
			case bad[before[i]]:
			case signsOneOf(rr, bad):
				unsigned = true
			default:
				kept = append(kept, rr)
			}
		}
		return kept
	}
	m.Answer, m.Ns = good(reply.Answer, m.Answer), good(reply.Ns, m.Ns)
	m.Extra = slices.DeleteFunc(m.Extra, func(rr dns.RR) bool {
		return rr.Header().Rrtype == dns.TypeOPT || targets[strings.ToLower(rr.Header().Name)]
	})
	note := ""
	if unsigned {
		note = ", the rest unsigned"
	}
	explain(h.state(), m, dns.ExtendedErrorCodeForgedAnswer, reason(h, note))
	return m
}

// signsOneOf reports whether a record is the signature of an RRset that one of the records is in.
func signsOneOf(rr dns.RR, records map[dns.RR]bool) bool {
	sig, ok := rr.(*dns.RRSIG)
	if !ok {
		return false
	}
	for signed := range records {
		if sig.TypeCovered == signed.Header().Rrtype && strings.EqualFold(sig.Hdr.Name, signed.Header().Name) {
			return true
		}
	}
	return false
}

// reason says in a line why a name is answered as it is, with a note, and by which id the SOC finds the event.
func reason(h *hit, note string) string {
	if h.Counterpart != policy.NotChecked {
		note = ", counterpart " + h.Counterpart.String() + note
	}
	what := displayName(h.name)
	if h.record != nil {
		what = h.recordText() + " of " + displayName(h.record.Header().Name)
	}
	return fmt.Sprintf("typoguard: %s looks like %s (%s, policy %s%s, id %s)",
		what, h.Lookalike.Intended, h.Lookalike.Kind, h.Policy.Name, note, h.id)
}

// cut shortens a text to so many bytes, at the boundary of a character (RFC 8914 section 2 wants UTF-8).
func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length]
}
