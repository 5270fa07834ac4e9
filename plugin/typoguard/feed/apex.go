package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/miekg/dns"
)

const (
	// refresh is how often secondaries ask for the serial, and retry how soon they ask again, in seconds.
	refresh = 60
	retry   = 60
	// nameServer stands for the zone's server, which nobody looks up: the zone is never delegated.
	nameServer = "localhost."
	// sumPrefix is what stands before the hash in the TXT record of the zone.
	sumPrefix = "sha256="
)

// apex is the version of a zone, and makes the records of the zone itself.
type apex struct {
	zone   string // with the final dot
	serial uint32
	expire time.Duration
	ttl    uint32
	sum    [sha256.Size]byte // of the rows
}

// soa returns the SOA record.
func (a *apex) soa() *dns.SOA {
	return &dns.SOA{
		Hdr: a.header(dns.TypeSOA), Ns: nameServer, Mbox: "nobody.invalid.", Serial: a.serial,
		Refresh: refresh, Retry: retry, Expire: uint32(a.expire / time.Second), Minttl: a.ttl,
	}
}

// ns returns the NS record.
func (a *apex) ns() dns.RR { return &dns.NS{Hdr: a.header(dns.TypeNS), Ns: nameServer} }

// txt returns the TXT record, by which versions of the zone can be compared at once.
func (a *apex) txt() dns.RR {
	return &dns.TXT{Hdr: a.header(dns.TypeTXT), Txt: []string{sumPrefix + hex.EncodeToString(a.sum[:])}}
}

func (a *apex) header(rrtype uint16) dns.RR_Header {
	return dns.RR_Header{Name: a.zone, Rrtype: rrtype, Class: dns.ClassINET, Ttl: a.ttl}
}

// reply returns the answer to a query for the zone itself.
func (a *apex) reply(r *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(r)
	m.Authoritative = true
	switch r.Question[0].Qtype {
	case dns.TypeSOA:
		m.Answer = []dns.RR{a.soa()}
	case dns.TypeNS:
		m.Answer = []dns.RR{a.ns()}
	case dns.TypeTXT:
		m.Answer = []dns.RR{a.txt()}
	case dns.TypeANY:
		m.Answer = []dns.RR{a.soa(), a.ns(), a.txt()}
	default:
		m.Ns = []dns.RR{a.soa()}
	}
	return m
}
