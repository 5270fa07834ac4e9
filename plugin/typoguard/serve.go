package typoguard

import (
	"context"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
	opentracing "github.com/opentracing/opentracing-go"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// ServeDNS implements plugin.Handler.
func (t *Typoguard) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	if z := t.zoneOf(r); z != nil {
		return t.serveList(ctx, w, r, z)
	}
	if z := t.feedOf(r); z != nil {
		return t.serveFeed(ctx, w, r, z)
	}
	if !isJudged(r) {
		return t.serveOther(ctx, w, r)
	}
	growStack(false)
	q := t.judge(ctx, w, r)
	if h := q.hit; h != nil && h.Reported() {
		h.report()
		if h.Enforced() {
			return h.writeAnswer()
		}
	}
	return t.next(ctx, q, r)
}

// next lets the next plugin answer. plugin.NextOrFailure, which makes a span for it where the plugin trace traces the query, would need stack
// while that plugin works: together with CoreDNS's cache, so much that every goroutine has to copy its stack to a larger one. What it
// allocates to say which plugin has answered, the writer of the query does not hand on.
func (t *Typoguard) next(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	if t.Next == nil || opentracing.SpanFromContext(ctx) != nil {
		return plugin.NextOrFailure(t.Name(), t.Next, ctx, w, r)
	}
	return t.Next.ServeDNS(ctx, w, r)
}

// judge returns the query, with what is found about the name that is asked for. A query that passes without a report is counted here.
func (t *Typoguard) judge(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) *query {
	q := &query{Typoguard: t, ResponseWriter: w, ctx: ctx, r: r, counters: t.countersFor(ctx)}
	ask := q.ask()
	d := q.set().Judge(&ask)
	q.listed = d.Listed
	if d.Policy != nil {
		q.hit = q.newHit(&d, q.question().Name, nil)
	}
	if d.Reported() {
		return q
	}
	q.counters.Passed(d.Reason)
	if q.hit != nil {
		q.hit.describe()
	} else {
		describeVerdict(ctx, d.Verdict)
	}
	return q
}

// serveOther hands on a message that policies are not about. A NOTIFY for a lookalike goes no further, and neither does a response or a
// message with several questions, which a server would hand on, too: it tells a stranger of the lookalike all the same.
func (t *Typoguard) serveOther(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	if len(r.Question) > 1 || (len(r.Question) > 0 && (r.Opcode == dns.OpcodeNotify || r.Response)) {
		q := &query{Typoguard: t, ResponseWriter: w, ctx: ctx, r: r, counters: t.countersFor(ctx)}
		ask := q.ask()
		ask.Type = dns.TypeMX
		for i := range r.Question {
			ask.Name = r.Question[i].Name
			if d := q.set().Judge(&ask); d.Enforced() {
				return dns.RcodeRefused, nil
			}
		}
	}
	t.countersFor(ctx).Passed(policy.NotJudged)
	return plugin.NextOrFailure(t.Name(), t.Next, ctx, w, r)
}

// isJudged reports whether a message is what policies are about: one question of class IN, or of any class, in a standard query.
func isJudged(r *dns.Msg) bool {
	return r.Opcode == dns.OpcodeQuery && !r.Response && len(r.Question) == 1 &&
		(r.Question[0].Qclass == dns.ClassINET || r.Question[0].Qclass == dns.ClassANY)
}
