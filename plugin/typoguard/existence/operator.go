package existence

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// hostTypes are the types of records by which the operator of a domain is known: who takes its mail, and who answers for it.
var hostTypes = []uint16{dns.TypeMX, dns.TypeNS}

// FindOperator looks up the mail servers and the name servers of a domain, and returns whether it has the operator of one of others, and
// how long to cache that. All are registered domains, with the final dot.
//
// Anybody can name another's hosts among their own, so every host of the domain must be the other's: then the other gets its mail, or
// decides what it has. A host is the other's if it lies below it, or in a domain of the same name that has hosts of the other, too
// (hsbc.net for hsbc.com). Otherwise all hosts must be the same, and none of a provider that strangers can have, too. Conversely, a
// domain that has hosts of the other below it is trusted with more than lookalikes get.
func FindOperator(ctx context.Context, domain string, others []string, lookup Lookup) (policy.Operator, time.Duration) {
	f := operatorFinder{lookup: func(domain string, qtype uint16) *dns.Msg { return lookup(ctx, domain, qtype) }, ttl: maxTTL, known: map[question]hosts{}}
	for _, isSame := range []func(domain, other string, qtype uint16) bool{f.isBelow, f.isTrusted, f.isTheSame} {
		for _, other := range others {
			for _, qtype := range hostTypes {
				if isSame(domain, other, qtype) {
					return policy.OperatorSame, f.ttl
				}
			}
		}
	}
	if f.failed {
		return policy.OperatorUnknown, unknownTTL
	}
	return policy.OperatorOther, f.ttl
}

// operatorFinder looks up each question once.
type operatorFinder struct {
	lookup func(domain string, qtype uint16) *dns.Msg
	known  map[question]hosts
	ttl    time.Duration // of all replies
	failed bool          // there was no usable answer to a question
}

type question struct {
	domain string
	qtype  uint16
}

// hosts are in lower case, in ascending order.
type hosts []string

// isBelow reports whether a domain has hosts, all of them below another domain.
func (f *operatorFinder) isBelow(domain, other string, qtype uint16) bool {
	return f.hosts(domain, qtype).all(func(host string) bool { return dns.IsSubDomain(other, host) })
}

// isTrusted reports whether another domain has a host below a domain.
func (f *operatorFinder) isTrusted(domain, other string, qtype uint16) bool {
	return slices.ContainsFunc(f.hosts(other, qtype), func(host string) bool { return dns.IsSubDomain(domain, host) })
}

// isTheSame reports whether a domain has the hosts of another one, or hosts in domains of the same name as that.
func (f *operatorFinder) isTheSame(domain, other string, qtype uint16) bool {
	own, others := f.hosts(domain, qtype), f.hosts(other, qtype)
	if slices.Equal(own, others) {
		return own.all(func(host string) bool { return !isShared(registered(host)) })
	}
	name, _, _ := strings.Cut(other, ".")
	namesake := func(host string) bool {
		in := registered(host)
		return strings.HasPrefix(in, name+".") && !isShared(in) &&
			slices.ContainsFunc(others, func(host string) bool { return registered(host) == in })
	}
	return own.all(func(host string) bool { return dns.IsSubDomain(other, host) || namesake(host) })
}

// all reports whether there are hosts, and all satisfy a condition.
func (h hosts) all(satisfies func(host string) bool) bool {
	return len(h) > 0 && !slices.ContainsFunc(h, func(host string) bool { return !satisfies(host) })
}

// registered returns the registered domain of a host, without the final dot.
func registered(host string) string { return match.Registered(strings.TrimSuffix(host, ".")) }

// hosts returns the mail servers or the name servers of a domain; none if it has none, or there is no usable answer.
func (f *operatorFinder) hosts(domain string, qtype uint16) hosts {
	q := question{domain, qtype}
	if known, ok := f.known[q]; ok {
		return known
	}
	reply := f.lookup(domain, qtype)
	var found hosts
	switch {
	case reply == nil, reply.Truncated, reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError:
		f.failed = true
	default:
		f.ttl = min(f.ttl, lifetime(reply))
		found = hostsIn(reply, domain)
	}
	f.known[q] = found
	return found
}

// hostsIn returns the hosts in a reply about a domain. The name servers at the end of an alias answer for another domain. A null MX (RFC
// 7505) is no host.
func hostsIn(reply *dns.Msg, domain string) hosts {
	var found hosts
	for _, rr := range reply.Answer {
		switch rr := rr.(type) {
		case *dns.MX:
			if rr.Mx != "." {
				found = append(found, strings.ToLower(rr.Mx))
			}
		case *dns.NS:
			if strings.EqualFold(rr.Hdr.Name, domain) {
				found = append(found, strings.ToLower(rr.Ns))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
