package typoguard

import (
	"context"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// ServeDNS implements plugin.Handler.
func (t *Typoguard) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	h := t.judge(ctx, w, r)
	if h != nil && h.Covered() {
		h.report()
		if h.Mode == policy.Enforce {
			return h.writeAnswer()
		}
	}
	return t.pass(ctx, w, r, h)
}

// judge returns what is found about the name that is asked for, and nil if no policy has anything to do with it; then it
// allocates nothing. A query that passes is counted here.
func (t *Typoguard) judge(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) *hit {
	q := newQuery(ctx, t, w, r)
	if !isJudged(r) {
		q.counters.Passed(policy.NotJudged)
		return nil
	}
	d := q.judge(r.Question[0].Name, 0)
	if d.Covered() {
		return q.hit(&d, r.Question[0].Name, nil)
	}
	q.counters.Passed(d.Reason)
	if d.Policy == nil && q.waiting.IsZero() {
		describeVerdict(ctx, d.Verdict)
		return nil
	}
	h := q.hit(&d, r.Question[0].Name, nil)
	h.describe()
	return h
}

// pass hands a query on, and looks at the reply if a policy inspects any. h is what was found about the name, or nil.
func (t *Typoguard) pass(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, h *hit) (int, error) {
	if t.inspects != 0 && isJudged(r) {
		w = t.inspector(ctx, w, r, h)
	}
	return plugin.NextOrFailure(t.Name(), t.Next, ctx, w, r)
}

// inspector returns the writer that looks at the reply.
func (t *Typoguard) inspector(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, h *hit) dns.ResponseWriter {
	if h != nil {
		return &inspector{w, h.query} // the reply must not make it wait longer than the name has made it wait already
	}
	q := newQuery(ctx, t, w, r)
	return &inspector{w, &q}
}

// isJudged reports whether a message is what policies are about: one question of class IN in a standard query.
func isJudged(r *dns.Msg) bool {
	return r.Opcode == dns.OpcodeQuery && !r.Response && len(r.Question) == 1 && r.Question[0].Qclass == dns.ClassINET
}
