package listzone

import (
	"net"
	"net/netip"

	"github.com/miekg/dns"
)

// The addresses that stand for a listed name. Others may come, so clients must compare the whole address.
var (
	hidden    = net.IPv4(127, 0, 0, 2)
	monitored = net.IPv4(127, 0, 0, 3)
)

// Entry is a name on the list.
type Entry struct {
	// Monitored says that the policy only monitors, so that mail should not be refused.
	Monitored bool
	// Text is for the sender: see Text.
	Text string
	TTL  uint32
}

// Listed returns the answer for a name on the list. Other types of record it does not have.
func (z *Zone) Listed(r *dns.Msg, e *Entry) *dns.Msg {
	m, q := authoritative(r), &r.Question[0]
	if q.Qtype == dns.TypeA || q.Qtype == dns.TypeANY {
		address := hidden
		if e.Monitored {
			address = monitored
		}
		m.Answer = append(m.Answer, &dns.A{Hdr: header(q.Name, dns.TypeA, e.TTL), A: address})
	}
	if q.Qtype == dns.TypeTXT || q.Qtype == dns.TypeANY {
		m.Answer = append(m.Answer, &dns.TXT{Hdr: header(q.Name, dns.TypeTXT, e.TTL), Txt: []string{e.Text}})
	}
	return z.orNothing(m)
}

// Unlisted returns the answer for a name that is not on the list. Names below it may be, unless it has none: NXDOMAIN would say that they
// are not (RFC 8020), to resolvers that ask for each label in turn (RFC 9156).
func (z *Zone) Unlisted(r *dns.Msg, noneBelow bool) *dns.Msg {
	m := authoritative(r)
	if noneBelow {
		m.Rcode = dns.RcodeNameError
	}
	return z.orNothing(m)
}

// TestEntry returns the answer for the entry by which clients see that the list works (RFC 5782 section 5).
func (z *Zone) TestEntry(r *dns.Msg) *dns.Msg {
	return z.Listed(r, &Entry{Text: "the test entry of the list of lookalikes", TTL: z.TTL})
}

// Own returns the answer for the zone itself, on a server that was asked at an address, which is not valid if it is not known.
func (z *Zone) Own(r *dns.Msg, at netip.Addr) *dns.Msg {
	m, q := authoritative(r), &r.Question[0]
	switch {
	case q.Qtype == dns.TypeSOA, q.Qtype == dns.TypeANY:
		m.Answer = []dns.RR{z.soa()}
	case q.Qtype == dns.TypeNS:
		for _, server := range z.servers() {
			m.Answer = append(m.Answer, &dns.NS{Hdr: header(z.Name, dns.TypeNS, z.TTL), Ns: server})
		}
	case len(z.Servers) > 0: // the zone is no host
	case q.Qtype == dns.TypeA && at.Is4():
		m.Answer = []dns.RR{&dns.A{Hdr: header(z.Name, dns.TypeA, z.TTL), A: net.IP(at.AsSlice())}}
	case q.Qtype == dns.TypeAAAA && at.Is6():
		m.Answer = []dns.RR{&dns.AAAA{Hdr: header(z.Name, dns.TypeAAAA, z.TTL), AAAA: net.IP(at.AsSlice())}}
	}
	return z.orNothing(m)
}

// Failed returns a reply without an answer, but with a response code.
func Failed(r *dns.Msg, rcode int) *dns.Msg {
	return new(dns.Msg).SetRcode(r, rcode)
}

// authoritative returns an empty reply. RA is not set: the zone's server need not resolve anything else.
func authoritative(r *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(r)
	m.Authoritative = true
	return m
}

// orNothing returns a reply with the SOA record that a negative one needs.
func (z *Zone) orNothing(m *dns.Msg) *dns.Msg {
	if len(m.Answer) == 0 {
		m.Ns = []dns.RR{z.soa()}
	}
	return m
}

// servers returns the names of the name servers.
func (z *Zone) servers() []string {
	if len(z.Servers) == 0 {
		return []string{z.Name}
	}
	return z.Servers
}

// soa returns the zone's SOA record. The serial does not change: nobody transfers the zone.
func (z *Zone) soa() dns.RR {
	return &dns.SOA{
		Hdr:     header(z.Name, dns.TypeSOA, z.TTL),
		Ns:      z.servers()[0],
		Mbox:    "nobody.invalid.",
		Serial:  1,
		Refresh: 3600,
		Retry:   600,
		Expire:  86400,
		Minttl:  z.TTL,
	}
}

func header(name string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}
