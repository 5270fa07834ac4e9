package existence

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// parallel is how many questions about other domains are asked at the same time.
const parallel = 16

// FindOperator looks up the mail servers of a domain, and the mail servers and the name servers of others, and returns whether the domain has
// the operator of one of those, and how long to cache that. All are registered domains, with the final dot.
//
// What a domain says of itself is the word of whoever operates it. Anybody can name another's hosts among their own, so every mail server of
// the domain must be the other's, which then gets its mail. A host is the other's if it lies below it, or in a domain of the same name that
// has mail servers of the other, too (hsbc.net for hsbc.com). Otherwise all must be the same, and none of a provider that strangers can
// have, too. Its name servers say nothing, since a zone need not name those that it is delegated to. Conversely, a domain that has hosts of
// the other below it is trusted with more than lookalikes get.
func FindOperator(ctx context.Context, domain string, others []string, lookup Lookup) (policy.Operator, time.Duration) {
	f := operatorFinder{lookup: func(domain string, qtype uint16) *dns.Msg { return lookup(ctx, domain, qtype) }, ttl: maxTTL}
	own := f.all(question{domain, dns.TypeMX})[0]
	is := func(condition func(other string) bool) bool { return slices.ContainsFunc(others, condition) }
	if is(own.areBelow) {
		return policy.OperatorSame, f.ttl
	}
	var questions []question
	for _, other := range others {
		questions = append(questions, question{other, dns.TypeMX}, question{other, dns.TypeNS})
	}
	for i, theirs := range f.all(questions...) {
		q := questions[i]
		if theirs.anyBelow(domain) || (q.qtype == dns.TypeMX && own.areThose(q.domain, theirs)) {
			return policy.OperatorSame, f.ttl
		}
	}
	if f.failed {
		return policy.OperatorUnknown, unknownTTL
	}
	return policy.OperatorOther, f.ttl
}

// operatorFinder asks questions.
type operatorFinder struct {
	lookup func(domain string, qtype uint16) *dns.Msg
	ttl    time.Duration // of all replies
	failed bool          // there was no usable answer to a question
}

type question struct {
	domain string
	qtype  uint16
}

// hosts are in lower case, in ascending order.
type hosts []string

// areBelow reports whether there are hosts, all of them below a domain.
func (h hosts) areBelow(domain string) bool {
	return h.all(func(host string) bool { return dns.IsSubDomain(domain, host) })
}

// anyBelow reports whether one of the hosts is below a domain.
func (h hosts) anyBelow(domain string) bool {
	return slices.ContainsFunc(h, func(host string) bool { return dns.IsSubDomain(domain, host) })
}

// areThose reports whether the hosts are those of another domain, or in domains of the same name as that.
func (h hosts) areThose(other string, theirs hosts) bool {
	if slices.Equal(h, theirs) {
		return h.all(func(host string) bool { return !isShared(registered(host)) })
	}
	name, _, _ := strings.Cut(other, ".")
	namesake := func(host string) bool {
		in := registered(host)
		return strings.HasPrefix(in, name+".") && !isShared(in) &&
			slices.ContainsFunc(theirs, func(host string) bool { return registered(host) == in })
	}
	return h.all(func(host string) bool { return dns.IsSubDomain(other, host) || namesake(host) })
}

// all reports whether there are hosts, and all satisfy a condition.
func (h hosts) all(satisfies func(host string) bool) bool {
	return len(h) > 0 && !slices.ContainsFunc(h, func(host string) bool { return !satisfies(host) })
}

// registered returns the registered domain of a host, without the final dot.
func registered(host string) string { return match.Registered(strings.TrimSuffix(host, ".")) }

// all returns the mail servers or the name servers that each question is about: none if there are none, or no usable answer.
func (f *operatorFinder) all(questions ...question) []hosts {
	replies := make([]*dns.Msg, len(questions))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, q := range questions {
		group.Go(func() error {
			replies[i] = f.lookup(q.domain, q.qtype)
			return nil
		})
	}
	_ = group.Wait() // none fails
	found := make([]hosts, len(questions))
	for i, reply := range replies {
		if reply == nil || reply.Truncated || (reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError) {
			f.failed = true
			continue
		}
		f.ttl = min(f.ttl, lifetime(reply))
		found[i] = hostsIn(reply, questions[i].domain)
	}
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
