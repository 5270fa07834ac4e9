package existence

import (
	"context"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const (
	// unknownTTL is how long a lookup without a usable answer is cached.
	unknownTTL = 5 * time.Second
	// maxTTL limits how long a result is cached; minTTL is for a reply without any record.
	maxTTL = time.Hour
	minTTL = 5 * time.Second
)

// types are the query types, tried in this order until one exists: a mail server looks for MX and then for addresses, and a
// domain without either may still have hosts below it.
var types = []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeNS}

// Find looks up one type of a domain after the other, until one exists or there is no answer. It returns whether the domain exists, and
// how long to cache that.
func Find(ctx context.Context, domain string, lookup Lookup) (policy.Existence, time.Duration) {
	ttl := maxTTL
	for _, qtype := range types {
		reply := lookup(ctx, domain, qtype)
		if reply == nil {
			return policy.Unknown, unknownTTL
		}
		found := existenceIn(reply, qtype)
		ttl = min(ttl, lifetime(reply))
		switch found {
		case policy.Unknown:
			return policy.Unknown, unknownTTL
		case policy.Exists:
			return policy.Exists, lifetime(reply)
		case policy.Absent, policy.NoMail:
			return found, ttl
		case policy.NotChecked: // another type may say more
		}
	}
	return policy.NoMail, ttl // the name exists, or it would have been NXDOMAIN: there is something below it
}

// existenceIn returns what a reply says about the domain: NotChecked if another type may say more.
func existenceIn(reply *dns.Msg, qtype uint16) policy.Existence {
	switch reply.Rcode {
	case dns.RcodeNameError:
		return policy.Absent
	case dns.RcodeSuccess:
	default:
		return policy.Unknown
	}
	found := policy.NotChecked
	for _, rr := range reply.Answer {
		mx, isMX := rr.(*dns.MX)
		switch {
		case isMX && mx.Mx == ".":
			found = policy.NoMail // a null MX (RFC 7505): the domain does not accept mail, whatever addresses it has
		case rr.Header().Rrtype == qtype:
			return policy.Exists
		}
	}
	if found == policy.NotChecked && reply.Truncated {
		return policy.Exists // the records do not fit into the reply
	}
	return found
}

// lifetime returns how long to cache a reply: the lowest TTL of its records, and for a negative reply at most the last field of its SOA
// (RFC 2308 section 5).
func lifetime(reply *dns.Msg) time.Duration {
	ttl, records := maxTTL, 0
	for _, section := range [][]dns.RR{reply.Answer, reply.Ns, reply.Extra} {
		for _, rr := range section {
			if rr.Header().Rrtype == dns.TypeOPT { // which has flags in place of the TTL
				continue
			}
			records++
			ttl = min(ttl, seconds(rr.Header().Ttl))
			if soa, ok := rr.(*dns.SOA); ok {
				ttl = min(ttl, seconds(soa.Minttl))
			}
		}
	}
	if records == 0 {
		return minTTL
	}
	return ttl
}

func seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }
