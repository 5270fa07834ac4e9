package typoguard

import (
	"context"
	"net"
	"net/netip"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/listzone"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// zoneOf returns the list zone that a message is about, the longest of those that contain its question, or nil.
func (t *Typoguard) zoneOf(r *dns.Msg) *listzone.Zone {
	var found *listzone.Zone
	for _, z := range t.block.zones {
		if len(r.Question) > 0 && z.Contains(r.Question[0].Name) && (found == nil || len(z.Name) > len(found.Name)) {
			found = z
		}
	}
	return found
}

// serveList answers a message about a list zone. Nothing of it goes to the plugins behind, not even what is no query: the names in the zone are
// the domains that people write to.
func (t *Typoguard) serveList(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, z *listzone.Zone) (int, error) {
	q := &query{Typoguard: t, ResponseWriter: w, ctx: ctx, r: r, counters: t.countersFor(ctx)}
	if r.Response {
		return dns.RcodeRefused, nil
	}
	reply, result := q.listReply(z)
	q.counters.ListQuery(z.Name, result)
	return dns.RcodeSuccess, w.WriteMsg(reply)
}

// listReply returns the reply to a message about a list zone, and what it was about.
func (q *query) listReply(z *listzone.Zone) (*dns.Msg, metrics.ListResult) {
	switch {
	case q.r.Opcode != dns.OpcodeQuery:
		return listzone.Failed(q.r, dns.RcodeNotImplemented), metrics.ListOther
	case !isJudged(q.r), q.question().Qtype == dns.TypeAXFR, q.question().Qtype == dns.TypeIXFR:
		return listzone.Failed(q.r, dns.RcodeRefused), metrics.ListOther
	}
	switch subject, domain := z.Subject(q.question().Name); subject {
	case listzone.Apex:
		return z.Own(q.r, localAddr(q.ResponseWriter)), metrics.ListOther
	case listzone.Test:
		return z.TestEntry(q.r), metrics.ListOther
	case listzone.Invalid:
		return z.Unlisted(q.r, true), metrics.ListOther
	default:
		return q.lookUpListed(z, domain)
	}
}

// lookUpListed returns the reply about a domain in a list zone: by the decision that its policies make about mail to the domain.
func (q *query) lookUpListed(z *listzone.Zone, domain string) (*dns.Msg, metrics.ListResult) {
	ask := q.ask()
	ask.Name, ask.Type, ask.Zone = domain, dns.TypeMX, z.Name
	d := q.set().Judge(&ask)
	if !d.Reported() {
		describeVerdict(q.ctx, d.Verdict)
		return z.Unlisted(q.r, listzone.IsAddress(domain) || q.set().HidesNoneBelow(domain, &d)), metrics.ListPassed
	}
	h := q.newHit(&d, domain, nil)
	h.zone = z
	h.report()
	switch {
	case !d.Covered():
		return z.Unlisted(q.r, false), metrics.ListPassed
	case d.Deferred():
		return listzone.Failed(q.r, dns.RcodeServerFailure), metrics.ListFailed
	}
	entry := listzone.Entry{
		Monitored: d.Mode != policy.Enforce, TTL: h.ttl(),
		Text: listzone.Text(domain[:len(domain)-1], h.Lookalike.Intended, h.id),
	}
	reply := z.Listed(q.r, &entry)
	h.tap(reply)
	if entry.Monitored {
		return reply, metrics.ListMonitored
	}
	return reply, metrics.ListHidden
}

// localAddr returns the address at which a query was received, or an invalid one if the server listens on all of them.
func localAddr(w dns.ResponseWriter) netip.Addr {
	host, _, err := net.SplitHostPort(w.LocalAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.IsUnspecified() {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}
