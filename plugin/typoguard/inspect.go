package typoguard

import (
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// inspector is a dns.ResponseWriter that judges the targets of the records in a reply, before it is written to the client.
type inspector struct {
	dns.ResponseWriter
	query *query
}

// WriteMsg implements dns.ResponseWriter.
func (i *inspector) WriteMsg(reply *dns.Msg) error {
	return i.ResponseWriter.WriteMsg(i.inspect(reply))
}

// Write implements dns.ResponseWriter. A message that cannot be read is written as it is.
func (i *inspector) Write(message []byte) (int, error) {
	var reply dns.Msg
	if reply.Unpack(message) != nil {
		return i.ResponseWriter.Write(message)
	}
	if changed := i.inspect(&reply); changed != &reply {
		return len(message), i.ResponseWriter.WriteMsg(changed)
	}
	return i.ResponseWriter.Write(message)
}

// inspect returns the reply that the client gets. The one given may be in a cache and is never changed.
func (i *inspector) inspect(reply *dns.Msg) *dns.Msg {
	bad := map[dns.RR]bool{}
	var first *hit // of those that are enforced
	for _, section := range [][]dns.RR{reply.Answer, reply.Ns} {
		for _, rr := range section {
			h := i.judge(rr)
			if h == nil {
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

// judge returns the lookalike that a record leads to, and nil if it leads to none.
func (i *inspector) judge(rr dns.RR) *hit {
	name, as := policy.Target(rr)
	if !i.query.inspected(as) {
		return nil
	}
	d := i.query.judge(name, as)
	if !d.Covered() {
		return nil
	}
	return i.query.hit(&d, name, rr)
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
