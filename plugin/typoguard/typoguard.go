// Package typoguard is a CoreDNS plugin that hides domains which look like a mistyped protected one, so that mail to
// them bounces at once instead of reaching a stranger.
//
// Every stanza of a server block is a policy: protected suffixes, the clients it is for, and what to answer. All
// policies of a block are one handler with one index (package match). A query is judged by its name alone; the policy
// then decides by client and query type whether the verdict changes the answer.
//
// What is not covered: a name is judged as it is asked, so neither the targets of CNAME, MX or SRV records in an answer
// are looked at, nor names that never reach this resolver (literal addresses, smart hosts that resolve elsewhere).
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
	"github.com/coredns/coredns/plugin/metrics"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// Typoguard answers queries for lookalike names, and passes all others on. It implements plugin.Handler.
type Typoguard struct {
	Next plugin.Handler

	block    *block
	counters map[string]*counters // by server address; read only once the servers run

	counterparts *counterparts
}

func newTypoguard(b *block) *Typoguard {
	return &Typoguard{block: b, counterparts: newCounterparts()}
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
	var waiting time.Time // since when
	t.block.judge(&d, q.Name, q.Qtype, asking{
		client: func() client { return client{addr: clientOf(w)} },
		counterpart: func(r *requirement, m *match.Match) presence {
			if waiting.IsZero() {
				waiting = time.Now()
			}
			return t.counterparts.find(ctx, t.Next, w, counterpart(q.Name, m), r.timeout-time.Since(waiting))
		},
	}, nil)
	describe(ctx, q.Name, &d)
	if d.verdict != lookalike || d.pass != passNothing {
		count.passed(d.pass)
		return plugin.NextOrFailure(t.Name(), t.Next, ctx, w, r)
	}
	count.lookalike(&d, q.Qtype)
	if d.policy.mode == monitor {
		return plugin.NextOrFailure(t.Name(), t.Next, ctx, w, r)
	}
	// Success, whatever the answer's code: it says that an answer was written, so that nobody above writes another.
	return dns.RcodeSuccess, w.WriteMsg(answer(request.Request{W: w, Req: r}, &d))
}

// isJudged reports whether a message is what policies are about: one question of class IN in a standard query.
func isJudged(r *dns.Msg) bool {
	return r.Opcode == dns.OpcodeQuery && !r.Response && len(r.Question) == 1 && r.Question[0].Qclass == dns.ClassINET
}

// clientOf returns the address of the client, or the zero address, which no network holds, if it has none.
func clientOf(w dns.ResponseWriter) netip.Addr {
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
