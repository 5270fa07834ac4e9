package existence

import (
	"context"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const (
	// unknownTTL is how long a domain is not looked up again after there was no usable answer.
	unknownTTL = 5 * time.Second
	// maxTTL bounds how long a result counts, and minTTL is that of a reply without any record.
	maxTTL = time.Hour
	minTTL = 5 * time.Second
)

// types are what is asked for, in this order, until there is something: a mail server looks for MX and then addresses, and a
// domain without them may still be one with hosts below it.
var types = []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeNS}

// Find looks a domain up, for one type after the other until there is something or nobody answers, and returns whether it
// exists and for how long that holds.
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
		case policy.Absent:
			return policy.Absent, ttl
		case policy.NotChecked: // another type may say more
		}
	}
	return policy.Absent, ttl
}

// existenceIn returns what a reply says of the domain it is about: NotChecked if another type may say more.
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
			found = policy.Absent // a null MX (RFC 7505): no mail is meant for this domain, whatever addresses it has
		case rr.Header().Rrtype == qtype:
			return policy.Exists
		}
	}
	if found == policy.NotChecked && reply.Truncated {
		return policy.Exists // there is more than fits
	}
	return found
}

// lifetime returns for how long a reply holds: the least TTL of its records, and of a negative one at most the last field of
// its SOA (RFC 2308 section 5).
func lifetime(reply *dns.Msg) time.Duration {
	ttl, records := maxTTL, 0
	for _, section := range [][]dns.RR{reply.Answer, reply.Ns, reply.Extra} {
		for _, rr := range section {
			if rr.Header().Rrtype == dns.TypeOPT { // whose TTL is none
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
