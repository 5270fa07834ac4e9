package typoguard

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/coredns/coredns/plugin/metadata"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/existence"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/listzone"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// query is a query that is being served. It belongs to one goroutine. It is also the dns.ResponseWriter for the plugins behind
// this one: a reply to it is looked at before the client gets it. It is allocated for each query and not kept in a pool, since
// CoreDNS's cache goes on using a writer after the query is answered.
type query struct {
	*Typoguard
	dns.ResponseWriter // of the client

	ctx      context.Context //nolint:containedctx // a query is one call of ServeDNS
	r        *dns.Msg
	counters *metrics.Server
	hit      *hit   // what was found about the name that is asked for; nil if no policy has anything to do with it
	listed   string // the suffix by which that name passes, whatever the reply says; "" if it is not listed

	who    *policy.Client // see client
	waited time.Duration  // for existence checks
}

// hit is a name that policies have something to do with: the one that is asked for, or the target of a record in the reply.
type hit struct {
	policy.Decision
	*query
	config *policyConfig  // of the policy that decides
	name   string         // as it was asked for, or stands in the record
	record dns.RR         // that leads to the name; nil if the name is the one that is asked for
	zone   *listzone.Zone // in which it was looked up; nil for a lookup of the name itself
	at     time.Time
	id     string // of the event; "" if the name passes
}

// ask returns the question to the policies.
func (q *query) ask() policy.Query {
	question := q.question()
	return policy.Query{Name: question.Name, Type: question.Qtype, Client: q.client, Exists: q.exists, Operator: q.operator}
}

// newHit returns what a decision of a policy about a name means for the query.
func (q *query) newHit(d *policy.Decision, name string, record dns.RR) *hit {
	return &hit{Decision: *d, query: q, config: q.block.configOf(d.Policy), name: name, record: record, at: time.Now()}
}

// question returns the only question.
func (q *query) question() *dns.Question { return &q.r.Question[0] }

// state returns the query as CoreDNS's helpers want it.
func (q *query) state() request.Request { return request.Request{W: q.ResponseWriter, Req: q.r} }

// set returns the policies in force.
func (q *query) set() *policy.Set { return q.block.set.Load() }

// anyPolicy returns a policy of the block, for what all of them would say.
func (q *query) anyPolicy() *policy.Policy { return &q.block.policies[0].Policy }

// send hands an event over to the dispatcher.
func (q *query) send(e *event.Event) { q.block.events.Load().Report(e) }

// client returns the client that asks. It is worked out when it is needed first.
func (q *query) client() *policy.Client {
	if q.who == nil {
		q.who = clientOf(q.ctx, q.ResponseWriter, q.r)
	}
	return q.who
}

// exists checks whether a domain exists. All checks of a query together take no longer than one may.
func (q *query) exists(domain string, within time.Duration) policy.Existence {
	defer q.wait(time.Now())
	return q.existence.Check(q.ctx, domain, within-q.waited, q.lookup())
}

// operator checks who operates a domain, in what is left of the same time.
func (q *query) operator(domain string, others []string, within time.Duration) policy.Operator {
	defer q.wait(time.Now())
	return q.existence.Operator(q.ctx, domain, others, within-q.waited, q.lookup())
}

// wait adds up how long checks take. What the client's own query takes in between does not count, or nothing would be left for the names in
// a reply that comes slowly.
func (q *query) wait(since time.Time) { q.waited += time.Since(since) }

// lookup returns the lookup through the plugins behind this one.
func (q *query) lookup() existence.Lookup {
	return newLookup(q.ctx, q.Name(), q.Next, q.ResponseWriter)
}

// recordText is the record that leads to the name, such as "MX mail.army.ml", or the alias that the name is; it is empty if the name
// itself was asked for, and that is all there is to it.
func (h *hit) recordText() string {
	if h.record == nil {
		return ""
	}
	target, _ := policy.Target(h.record)
	return dns.TypeToString[h.record.Header().Rrtype] + " " + displayName(target)
}

// isAlias reports whether the name is a lookalike because of what it is called, and in the reply because it is an alias.
func (h *hit) isAlias() bool {
	return h.record != nil && h.record.Header().Rrtype == dns.TypeCNAME && strings.EqualFold(h.record.Header().Name, h.name)
}

// clientOf returns the client that asks.
func clientOf(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) *policy.Client {
	c := &policy.Client{Addr: addressOf(w), Metadata: func(label string) string {
		if value := metadata.ValueFunc(ctx, label); value != nil {
			return value()
		}
		return ""
	}}
	opt := r.IsEdns0()
	if opt == nil {
		return c
	}
	for _, option := range opt.Option {
		// A length of 0 is a client that does not want to be told apart (RFC 7871 section 7.1.2).
		if subnet, ok := option.(*dns.EDNS0_SUBNET); ok && subnet.SourceNetmask > 0 {
			addr, _ := netip.AddrFromSlice(subnet.Address)
			c.Subnet, _ = addr.Unmap().Prefix(int(subnet.SourceNetmask)) // what is none is not valid
		}
	}
	return c
}

// addressOf returns the address of the client, or the zero address, which no network contains, if it has none.
func addressOf(w dns.ResponseWriter) netip.Addr {
	if remote, ok := w.RemoteAddr().(interface{ AddrPort() netip.AddrPort }); ok { // over UDP and TCP
		return remote.AddrPort().Addr().Unmap().WithZone("")
	}
	state := request.Request{W: w}
	host, _, _ := strings.Cut(state.IP(), "%")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// displayName returns a name as people write it: in lower case and without the final dot.
func displayName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
