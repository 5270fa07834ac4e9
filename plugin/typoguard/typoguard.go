// Package typoguard is a CoreDNS plugin that hides domains which look like a mistyped protected one, so that mail to
// them bounces at once instead of reaching a stranger.
//
// Every stanza of a server block is a policy: protected suffixes, the clients it is for, and what to answer. All
// policies of a block are one handler with one index (package match). A query is judged by its name alone; the policy
// then decides by client and query type whether the verdict changes the answer.
//
// What is not covered: the targets of CNAME, MX, SRV and NS records in a reply, unless a policy inspects them, and names
// that never reach this resolver (literal addresses, smart hosts that resolve elsewhere).
//
// The policy in force is an immutable value behind an atomic pointer. List files are read and compiled aside, and a
// query never waits for that. A list that cannot be read or holds an error leaves the last good policy in force.
package typoguard

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/dnstap"
	"github.com/coredns/coredns/plugin/metadata"
	"github.com/coredns/coredns/plugin/metrics"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// Typoguard answers queries for lookalike names, and passes all others on. It implements plugin.Handler.
type Typoguard struct {
	Next plugin.Handler

	block    *block
	tappers  []*dnstap.Dnstap     // set before the servers run
	counters map[string]*counters // by server address; read only once the servers run

	counterparts *counterparts
	inspects     records // of any policy
}

func newTypoguard(b *block) *Typoguard {
	t := &Typoguard{block: b, counterparts: newCounterparts()}
	for _, s := range b.stanzas {
		t.inspects |= s.policy.inspect
	}
	return t
}

// Name implements plugin.Handler.
func (t *Typoguard) Name() string { return pluginName }

// ServeDNS implements plugin.Handler.
func (t *Typoguard) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	count := t.countersFor(ctx)
	if !isJudged(r) {
		count.passed(passNotJudged)
		return plugin.NextOrFailure(t.Name(), t.Next, ctx, w, r)
	}
	q := &r.Question[0]
	var d decision
	var waiting time.Time
	t.block.judge(&d, q.Name, q.Qtype, asking{
		now:    present,
		client: func() client { return clientOf(ctx, w, r) },
		counterpart: func(r *requirement, m *match.Match) presence {
			return t.presence(ctx, w, r, counterpart(q.Name, m), &waiting)
		},
	}, nil)
	if d.verdict == lookalike && d.pass == passNothing {
		return t.serveLookalike(ctx, w, r, &d, count, waiting)
	}
	describe(ctx, q.Name, &d)
	count.passed(d.pass)
	return t.pass(ctx, w, r, count, waiting)
}

// serveLookalike answers a query as the policy says, or passes it on if that only monitors, and reports it either way.
func (t *Typoguard) serveLookalike(
	ctx context.Context, w dns.ResponseWriter, r *dns.Msg, d *decision, count *counters, waiting time.Time,
) (int, error) {
	q := &r.Question[0]
	seen := sight(ctx, r, w, d)
	t.block.events.Load().report(&seen)
	describe(ctx, q.Name, d)
	count.lookalike(d, q.Qtype)
	state := request.Request{W: w, Req: r}
	if d.mode == monitor {
		t.tap(ctx, state, nil, d, seen.First)
		return t.pass(ctx, w, r, count, waiting)
	}
	reply := answer(state, d)
	t.tap(ctx, state, reply, d, seen.First)
	// Success, whatever the answer's code: it says that an answer was written, so that nobody above writes another.
	return dns.RcodeSuccess, w.WriteMsg(reply)
}

// presence says whether a domain exists. Since when the query has been waiting for such is noted with the first.
func (t *Typoguard) presence(ctx context.Context, w dns.ResponseWriter, r *requirement, domain string, waiting *time.Time) presence {
	if waiting.IsZero() {
		*waiting = time.Now()
	}
	return t.counterparts.find(ctx, t.Next, w, domain, r.timeout-time.Since(*waiting))
}

// pass hands a query on, and looks at the reply if a policy inspects any.
func (t *Typoguard) pass(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, count *counters, waiting time.Time) (int, error) {
	if t.inspects == 0 {
		return plugin.NextOrFailure(t.Name(), t.Next, ctx, w, r)
	}
	return t.inspect(ctx, w, r, count, waiting)
}

// inspect hands a query on, and looks at the reply.
func (t *Typoguard) inspect(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, count *counters, waiting time.Time) (int, error) {
	i := &inspector{ResponseWriter: w, request: r, wanted: t.inspects, report: func(d *decision) {
		seen := sight(ctx, r, w, d)
		t.block.events.Load().report(&seen)
		name, _ := target(d.target)
		describe(ctx, name, d)
		count.target(d)
		t.tap(ctx, request.Request{W: w, Req: r}, nil, d, seen.First)
	}}
	i.judge = func(d *decision, name string, of records) {
		t.block.judge(d, name, r.Question[0].Qtype, asking{
			now:    present,
			client: func() client { return clientOf(ctx, w, r) },
			target: of,
			counterpart: func(r *requirement, m *match.Match) presence {
				return t.presence(ctx, w, r, counterpart(name, m), &waiting)
			},
		}, nil)
	}
	return plugin.NextOrFailure(t.Name(), t.Next, ctx, i, r)
}

// isJudged reports whether a message is what policies are about: one question of class IN in a standard query.
func isJudged(r *dns.Msg) bool {
	return r.Opcode == dns.OpcodeQuery && !r.Response && len(r.Question) == 1 && r.Question[0].Qclass == dns.ClassINET
}

// clientOf returns who asks.
func clientOf(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) client {
	c := client{addr: addressOf(w), metadata: func(name string) string {
		if value := metadata.ValueFunc(ctx, name); value != nil {
			return value()
		}
		return ""
	}}
	if opt := r.IsEdns0(); opt != nil {
		for _, option := range opt.Option {
			// A length of 0 is a client that does not want to be told apart (RFC 7871 section 7.1.2).
			if subnet, ok := option.(*dns.EDNS0_SUBNET); ok && subnet.SourceNetmask > 0 {
				addr, _ := netip.AddrFromSlice(subnet.Address)
				c.subnet, _ = addr.Unmap().Prefix(int(subnet.SourceNetmask)) // what is none is not valid
			}
		}
	}
	return c
}

// addressOf returns the address of the client, or the zero address, which no network holds, if it has none.
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

// countersFor returns the counters of the server that handles the query.
func (t *Typoguard) countersFor(ctx context.Context) *counters {
	server := metrics.WithServer(ctx)
	if c, ok := t.counters[server]; ok {
		return c
	}
	return newCounters(server, metrics.WithView(ctx))
}
