package typoguard

import (
	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// WriteMsg implements dns.ResponseWriter.
func (q *query) WriteMsg(reply *dns.Msg) error {
	if q.concerns(reply) {
		reply = q.passOn(reply)
	}
	return q.ResponseWriter.WriteMsg(reply)
}

// Write implements dns.ResponseWriter. A message that cannot be read is written as it is.
func (q *query) Write(message []byte) (int, error) {
	var reply dns.Msg
	if reply.Unpack(message) != nil {
		return q.ResponseWriter.Write(message)
	}
	if q.concerns(&reply) {
		if changed := q.passOn(&reply); changed != &reply {
			return len(message), q.ResponseWriter.WriteMsg(changed)
		}
	}
	return q.ResponseWriter.Write(message)
}

// concerns reports whether there is more to find out about a reply. For most there is not, and neither an allocation nor a large frame on
// the stack, which a goroutine that serves one query has to grow for it.
func (q *query) concerns(reply *dns.Msg) bool {
	return q.inspects != 0 || q.set().Concerns(q.question().Name, q.hit != nil && q.hit.Verdict == policy.Lookalike, reply)
}

// passOn returns the reply that the client gets. The one given may be in a cache and is never changed.
func (q *query) passOn(reply *dns.Msg) *dns.Msg {
	set := q.set()
	var d policy.Decision
	if q.hit != nil {
		d = q.hit.Decision
	}
	d.Listed = q.listed
	ask := q.ask()
	found := set.JudgeReply(&ask, &d, reply)
	by := q.reportAll(found.Findings, found.By)
	switch found.Change {
	case policy.Cut:
		metrics.AliasesCut.WithLabelValues("CNAME").Inc()
		return unkept(cutAlias(by, reply, &found), found.Once)
	case policy.Flatten:
		metrics.AliasesCut.WithLabelValues("CNAME").Inc()
		return unkept(flatten(by, reply, &found), found.Once)
	case policy.Keep:
	}
	left := reply
	if len(found.Drop) > 0 {
		left = drop(q, reply, found.Drop)
	}
	if q.inspects != 0 && q.listed == "" {
		in := set.Inspect(&ask, reply, &found)
		switch by := q.reportAll(in.Findings, in.By); {
		case by == nil:
		case in.Enough:
			left = without(by, left, in.Bad, reply.AuthenticatedData)
		default:
			return withhold(by)
		}
	}
	return unkept(left, found.Once)
}

// reportAll reports findings, and returns the one that decides: nil if there is none.
func (q *query) reportAll(findings []policy.Finding, by *policy.Finding) *hit {
	var decides *hit
	for i := range findings {
		f := &findings[i]
		h := q.newHit(&f.Decision, f.Name, f.Record)
		h.report()
		if by != nil && by.Record == f.Record && by.Name == f.Name {
			decides = h
		}
	}
	return decides
}
