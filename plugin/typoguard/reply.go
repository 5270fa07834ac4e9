package typoguard

import (
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// WriteMsg implements dns.ResponseWriter.
func (q *query) WriteMsg(reply *dns.Msg) error {
	return q.ResponseWriter.WriteMsg(q.passOn(reply))
}

// Write implements dns.ResponseWriter. A message that cannot be read is written as it is.
func (q *query) Write(message []byte) (int, error) {
	var reply dns.Msg
	if reply.Unpack(message) != nil {
		return q.ResponseWriter.Write(message)
	}
	if changed := q.passOn(&reply); changed != &reply {
		return len(message), q.ResponseWriter.WriteMsg(changed)
	}
	return q.ResponseWriter.Write(message)
}

// passOn returns the reply that the client gets. The one given may be in a cache and is never changed.
func (q *query) passOn(reply *dns.Msg) *dns.Msg {
	var d policy.Decision
	if q.hit != nil {
		d = q.hit.Decision
	}
	d.Listed = q.listed
	ask := q.ask(q.question().Name, 0)
	found := q.set().JudgeReply(&ask, &d, reply)
	var by *hit
	for i := range found.Findings {
		h := q.newHit(&found.Findings[i].Decision, found.Findings[i].Name, found.Findings[i].Record)
		h.report()
		if found.By != nil && h.Mode == policy.Enforce {
			by = h // the last one: it ends the walk
		}
	}
	switch found.Change {
	case policy.Cut:
		metrics.AliasesCut.WithLabelValues("CNAME").Inc()
		return cutAlias(by, reply, &found)
	case policy.Flatten:
		metrics.AliasesCut.WithLabelValues("CNAME").Inc()
		return flatten(by, reply, &found)
	case policy.Keep:
	}
	if len(found.Drop) > 0 {
		reply = drop(q, reply, found.Drop)
	}
	if !q.inspected(^policy.Records(0)) || q.listed != "" {
		return reply
	}
	return q.inspect(reply, found.Findings)
}

// inspect judges the targets of the records in a reply, but those that were found already.
func (q *query) inspect(reply *dns.Msg, known []policy.Finding) *dns.Msg {
	bad := map[dns.RR]bool{}
	var first *hit // of those that are enforced
	for _, section := range [][]dns.RR{reply.Answer, reply.Ns} {
		for _, rr := range section {
			h := q.target(rr)
			if h == nil || slices.ContainsFunc(known, func(f policy.Finding) bool { return f.Record == rr }) {
				continue
			}
			h.report()
			if h.Mode == policy.Enforce {
				bad[rr] = true
				if first == nil {
					first = h
				}
			}
		}
	}
	switch {
	case first == nil:
		return reply
	case leavesOne(reply, bad):
		return without(first, reply, bad)
	}
	return answer(first)
}

// target returns the lookalike that a record leads to, and nil if it leads to none.
func (q *query) target(rr dns.RR) *hit {
	name, as := policy.Target(rr)
	if !q.inspected(as) {
		return nil
	}
	ask := q.ask(name, as)
	d := q.set().Judge(&ask)
	if !d.Covered() {
		return nil
	}
	return q.newHit(&d, name, rr)
}

// leavesOne reports whether, for every record that is bad, there is one that does as well: another of the same name and
// type. For a CNAME there never is.
func leavesOne(reply *dns.Msg, bad map[dns.RR]bool) bool {
	records := slices.Concat(reply.Answer, reply.Ns)
	for rr := range bad {
		as := func(other dns.RR) bool {
			return !bad[other] && other.Header().Rrtype == rr.Header().Rrtype && strings.EqualFold(other.Header().Name, rr.Header().Name)
		}
		if !slices.ContainsFunc(records, as) {
			return false
		}
	}
	return true
}
