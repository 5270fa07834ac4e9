package typoguard

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// What a client sees of who answered, however many resolvers are in between.
const (
	// NameServer is the name server in the SOA record of negative answers.
	NameServer = "typoguard.invalid."
	// ExplanationPrefix is how the EXTRA-TEXT of Extended DNS Errors begins.
	ExplanationPrefix = "typoguard: "
)

const (
	// sinkholePreference is that of the one MX record of a sinkholed name.
	sinkholePreference = 10
	// maxExtraText bounds the EXTRA-TEXT of an Extended DNS Error, which RFC 8914 section 3 asks to keep short.
	maxExtraText = 255
	// maxFixed is more than what a header, a question, a SOA and an OPT record have beside names and texts.
	maxFixed = 80
	// unknownTTL is the TTL of answers while it is unknown whether there is a counterpart, in seconds: as long as that is cached.
	unknownTTL = 5
)

// writeAnswer answers the query as the policy says.
func (h *hit) writeAnswer() (int, error) {
	reply := answer(h)
	h.tap(reply)
	// Success, whatever the answer's code: it says that an answer was written, so that nobody above writes another.
	return dns.RcodeSuccess, h.ResponseWriter.WriteMsg(reply)
}

// answer builds the reply to a query for a lookalike. It is the only place that makes DNS messages.
//
// RA is set and AA is not, and negative answers carry a SOA: glibc and Go take an empty answer without these for a lame
// referral and ask the next server. AD is never set. The question is echoed as it came, so that 0x20 encoding holds.
func answer(h *hit) *dns.Msg {
	m := new(dns.Msg).SetReply(h.r)
	m.RecursionAvailable = true
	explain(h, m, fill(m, m.Question[0].Name, h), "")
	return m
}

// withhold builds the reply to a query for a name that is no lookalike, in place of records that lead to one. The name exists, and has other
// records and names below it: so it is never NXDOMAIN, and never the sinkhole's. A null MX (RFC 7505) keeps a mail server from trying the
// name's address instead.
func withhold(h *hit) *dns.Msg {
	if h.Deferred() {
		return answer(h)
	}
	m := new(dns.Msg).SetReply(h.r)
	m.RecursionAvailable = true
	name, code := m.Question[0].Name, dns.ExtendedErrorCodeForgedAnswer
	if isMX(m.Question[0].Qtype) {
		m.Answer = nullMX(name, h.ttl())
	} else {
		sayNothing(m, name, h.ttl())
		code = dns.ExtendedErrorCodeBlocked
	}
	explain(h, m, code, "")
	return m
}

// nullMX returns the record of a name that takes no mail (RFC 7505 section 3).
func nullMX(name string, ttl uint32) []dns.RR {
	return []dns.RR{&dns.MX{Hdr: header(name, dns.TypeMX, ttl), Preference: 0, Mx: "."}}
}

// fill adds what the policy answers for a name to a message, and returns the code of the Extended DNS Error that says so.
func fill(m *dns.Msg, name string, h *hit) (code uint16) {
	p, qtype := h.Policy, m.Question[0].Qtype
	if h.Deferred() { // SERVFAIL has no records, not even those of an alias that leads here
		m.Rcode, m.Answer = dns.RcodeServerFailure, nil
		return dns.ExtendedErrorCodeNoReachableAuthority
	}
	ttl := h.ttl()
	before := len(m.Answer)
	switch {
	case p.Action == policy.NullMX && isMX(qtype):
		m.Answer = append(m.Answer, nullMX(name, ttl)...)
	case p.Action == policy.Sinkhole && isMX(qtype):
		m.Answer = append(m.Answer, &dns.MX{Hdr: header(name, dns.TypeMX, ttl), Preference: sinkholePreference, Mx: name})
		m.Extra = append(sinkholeRRs(name, dns.TypeA, p, ttl), sinkholeRRs(name, dns.TypeAAAA, p, ttl)...)
	case p.Action == policy.Sinkhole:
		m.Answer = append(m.Answer, sinkholeRRs(name, qtype, p, ttl)...)
	}
	if len(m.Answer) > before {
		return dns.ExtendedErrorCodeForgedAnswer
	}
	if h.NoName {
		m.Rcode, m.Ns = dns.RcodeNameError, soa(name, ttl)
	} else if sayNothing(m, name, ttl); len(m.Answer) > before {
		return dns.ExtendedErrorCodeForgedAnswer
	}
	return dns.ExtendedErrorCodeBlocked
}

// ttl is the TTL of records that answer for the name. What is not known now may be known in a moment.
func (h *hit) ttl() uint32 {
	if h.Counterpart == policy.Unknown {
		return min(h.Policy.TTL, unknownTTL)
	}
	return h.Policy.TTL
}

// isMX reports whether a query is answered with MX records. RFC 8482 lets one RRset do for ANY.
func isMX(qtype uint16) bool { return qtype == dns.TypeMX || qtype == dns.TypeANY }

// sinkholeRRs returns the sinkhole's records of type A or AAAA; there are none of other types.
func sinkholeRRs(name string, qtype uint16, p *policy.Policy, ttl uint32) []dns.RR {
	var rrs []dns.RR
	for _, addr := range p.Sinkhole {
		if rr := addressRR(header(name, qtype, ttl), addr); rr != nil {
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

func header(name string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}

// soa returns an authority section of the record without which a negative answer must not be cached (RFC 2308 section 5). Its owner is the name
// itself, octet for octet as it was asked for: with any name above it, resolvers that trust the NXDOMAIN of an ancestor, or
// look for the signatures of a zone, would hide or fail names that are not lookalikes.
func soa(name string, ttl uint32) []dns.RR {
	section := new(struct { // one allocation for each of the many answers
		rrs [1]dns.RR
		soa dns.SOA
	})
	section.soa = dns.SOA{
		Hdr:     header(name, dns.TypeSOA, ttl),
		Ns:      NameServer,
		Mbox:    "nobody.invalid.",
		Serial:  1,
		Refresh: 3600,
		Retry:   600,
		Expire:  86400,
		Minttl:  ttl,
	}
	section.rrs[0] = &section.soa
	return section.rrs[:]
}

// sayNothing adds to a message what says that a name, which exists, has no records of the type that is asked for.
//
// ANY is told of a record that says nothing (RFC 8482 section 4.2): from a negative answer, BIND would conclude that the name has no records
// of any type, not even those by which names below it are validated. DS records are the parent's (RFC 4035 section 3.1.4.1): BIND takes a SOA
// of the name itself for the word of a child that does not know, looks for a parent to ask, finds none behind a forwarder, and fails all that
// lies below.
func sayNothing(m *dns.Msg, name string, ttl uint32) {
	switch m.Question[0].Qtype {
	case dns.TypeANY:
		m.Answer = append(m.Answer, &dns.HINFO{Hdr: header(name, dns.TypeHINFO, ttl), Cpu: "RFC8482"})
		return
	case dns.TypeDS:
		if i, end := dns.NextLabel(name, 0); !end {
			name = name[i:]
		}
	}
	m.Ns = soa(name, ttl)
}

// explain adds an Extended DNS Error (RFC 8914), if the query had an OPT record: RFC 6891 section 7 forbids one in the answer
// otherwise. The text is cut so that the answer stays within what the client can take, since no record may be dropped for it.
func explain(h *hit, m *dns.Msg, code uint16, note string) {
	if h.r.IsEdns0() == nil {
		return
	}
	section := new(struct { // one allocation for each of the many answers
		opt     dns.OPT
		options [1]dns.EDNS0
		ede     dns.EDNS0_EDE
	})
	ede := &section.ede
	ede.InfoCode, ede.ExtraText = code, cut(reason(h, note), maxExtraText)
	section.options[0] = ede
	section.opt = dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}, Option: section.options[:]}
	m.Extra = append(m.Extra, &section.opt)
	state := h.state()
	state.SizeAndDo(m) // the client's size and DO
	if isSmall(m, ede.ExtraText) {
		return // to find out the length takes as long as to write the message
	}
	if m.Len() > state.Size() {
		m.Compress = true
	}
	if over := m.Len() - state.Size(); over > 0 {
		ede.ExtraText = cut(ede.ExtraText, max(len(ede.ExtraText)-over, 0))
	}
}

// isSmall reports whether a message with an OPT record of so much text fits into any buffer of a client, which is quickly seen for a
// negative answer.
func isSmall(m *dns.Msg, text string) bool {
	if len(m.Answer) > 0 || len(m.Ns) > 1 || len(m.Extra) > 1 {
		return false
	}
	length := maxFixed + len(m.Question[0].Name) + len(text)
	for _, rr := range m.Ns {
		soa, ok := rr.(*dns.SOA)
		if !ok {
			return false
		}
		length += len(soa.Hdr.Name) + len(soa.Ns) + len(soa.Mbox)
	}
	return length <= dns.MinMsgSize
}

// changed returns a reply to a query with the header of another one, and without its records. It is not authentic.
func changed(q *query, reply *dns.Msg) *dns.Msg {
	m := &dns.Msg{MsgHdr: reply.MsgHdr, Compress: reply.Compress, Question: []dns.Question{*q.question()}}
	m.AuthenticatedData = false
	return m
}

// cutAlias returns a reply that ends with the alias into a lookalike, and with what the policy answers for that.
func cutAlias(h *hit, reply *dns.Msg, found *policy.ReplyDecision) *dns.Msg {
	m := changed(h.query, reply)
	m.RecursionAvailable, m.Rcode = true, dns.RcodeSuccess
	m.Answer = append(m.Answer, found.Lead...)
	explain(h, m, fill(m, found.Name, h), "")
	return m
}

// flatten returns a reply in which the end of a chain of aliases stands under the name where it begins. A failure stays one, but
// without the aliases.
func flatten(h *hit, reply *dns.Msg, found *policy.ReplyDecision) *dns.Msg {
	m := changed(h.query, reply)
	if m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
		explain(h, m, dns.ExtendedErrorCodeForgedAnswer, "")
		return m
	}
	m.Rcode = dns.RcodeSuccess
	m.Answer = append(m.Answer, found.Lead...)
	for _, rr := range found.Rest {
		own := dns.Copy(rr)
		own.Header().Name, own.Header().Ttl = found.Name, found.TTL
		m.Answer = append(m.Answer, own)
	}
	if len(found.Rest) == 0 {
		sayNothing(m, found.Name, h.ttl())
	}
	explain(h, m, dns.ExtendedErrorCodeForgedAnswer, "")
	return m
}

// drop returns a reply without records that the client must not see. If nothing of the answer is left it says that there is none.
func drop(q *query, reply *dns.Msg, bad map[dns.RR]bool) *dns.Msg {
	m := changed(q, reply)
	keep := func(rrs []dns.RR) []dns.RR {
		return slices.DeleteFunc(slices.Clone(rrs), func(rr dns.RR) bool { return bad[rr] })
	}
	m.Answer, m.Ns, m.Extra = keep(reply.Answer), keep(reply.Ns), keep(reply.Extra)
	if len(m.Answer) == 0 && len(reply.Answer) > 0 {
		if m.Rcode == dns.RcodeNameError { // that was said of the target of an alias
			m.Rcode = dns.RcodeSuccess
		}
		sayNothing(m, q.question().Name, q.anyPolicy().TTL)
	}
	return m
}

// unkept returns a reply in which some records have a TTL of zero. Their signatures hold, since they cover the original TTL (RFC 4034 section
// 3.1.4).
func unkept(reply *dns.Msg, records map[dns.RR]bool) *dns.Msg {
	if len(records) == 0 {
		return reply
	}
	m := *reply
	for _, section := range [2]*[]dns.RR{&m.Answer, &m.Ns} {
		*section = slices.Clone(*section)
		for i, rr := range *section {
			if records[rr] {
				(*section)[i] = dns.Copy(rr)
				(*section)[i].Header().Ttl = 0
			}
		}
	}
	return &m
}

// without returns a reply with records taken out, and with them the signatures of their RRsets, which do not hold any more,
// and the addresses of their targets. It is no longer authentic, if it ever was. h is what the client is told of.
func without(h *hit, reply *dns.Msg, bad map[dns.RR]bool, authentic bool) *dns.Msg {
	m := changed(h.query, reply)
	unsigned := authentic
	targets := map[string]bool{}
	for rr := range bad {
		name, _ := policy.Target(rr)
		targets[strings.ToLower(name)] = true
	}
	good := func(rrs []dns.RR) []dns.RR {
		var kept []dns.RR
		for _, rr := range rrs {
			switch {
			case bad[rr]:
			case signsOneOf(rr, bad):
				unsigned = true
			default:
				kept = append(kept, rr)
			}
		}
		return kept
	}
	m.Answer, m.Ns = good(reply.Answer), good(reply.Ns)
	m.Extra = slices.DeleteFunc(slices.Clone(reply.Extra), func(rr dns.RR) bool {
		return rr.Header().Rrtype == dns.TypeOPT || targets[strings.ToLower(rr.Header().Name)]
	})
	note := ""
	if unsigned {
		note = ", the rest unsigned"
	}
	explain(h, m, dns.ExtendedErrorCodeForgedAnswer, note)
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
	if h.Uncertain {
		note = ", an allow list missing" + note
	}
	what := displayName(h.name)
	switch {
	case h.isAlias():
		note = ", its alias hidden" + note
	case h.record != nil:
		what = h.recordText() + " of " + displayName(h.record.Header().Name)
	}
	return ExplanationPrefix + what + " looks like " + h.Lookalike.Intended +
		" (" + h.Lookalike.Kind + ", policy " + h.Policy.Name + note + ", id " + h.id + ")"
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
