package policy

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Inspection is what the policies say about the targets of the records in a reply.
type Inspection struct {
	// Findings are all lookalikes that records lead to, those that are only monitored among them.
	Findings []Finding
	// Bad are the records that lead to lookalikes of policies that enforce, and By is the first finding of those; nil if
	// there are none.
	Bad map[dns.RR]bool
	By  *Finding
	// Enough reports whether the reply holds without the bad records: for each there is another one of the same name and
	// type. For a CNAME there never is.
	Enough bool
}

// Inspect judges the targets of records in ANSWER and AUTHORITY whose types policies inspect, to the reply of a query that is not
// for a listed name. What JudgeReply drops, or has found already, is left out.
func (s *Set) Inspect(q *Query, reply *dns.Msg, found *ReplyDecision) Inspection {
	records := slices.DeleteFunc(slices.Concat(reply.Answer, reply.Ns), func(rr dns.RR) bool { return found.Drop[rr] })
	inspects := s.inspects()
	var in Inspection
	for _, rr := range records {
		target := *q
		target.Name, target.Target = Target(rr)
		if inspects&target.Target == 0 || slices.ContainsFunc(found.Findings, func(f Finding) bool { return f.Record == rr }) {
			continue
		}
		target.leads = rr.Header().Rrtype == q.Type && target.Target != RecordCNAME
		d := s.Judge(&target)
		if !d.Covered() {
			continue
		}
		f := Finding{d, target.Name, rr}
		in.Findings = append(in.Findings, f)
		if d.Mode == Enforce {
			in.add(&f)
		}
	}
	in.Enough = leavesOne(records, in.Bad)
	return in
}

// isAnsweredBy reports whether a policy has an answer to the question. What it says about the target of a record that was asked for does not
// depend on the type of that, since the next question is for another one. An alias is followed with the same.
func (q *Query) isAnsweredBy(p *Policy) bool { return p.Answers(q.Type) || q.leads }

// inspects returns the types of records that any policy inspects.
func (s *Set) inspects() Records {
	var all Records
	for _, p := range s.Policies {
		all |= p.Inspect
	}
	return all
}

// add adds a finding of a policy that enforces.
func (in *Inspection) add(f *Finding) {
	if in.By == nil {
		in.By, in.Bad = f, map[dns.RR]bool{}
	}
	in.Bad[f.Record] = true
}

// leavesOne reports whether, for every record that is bad, there is another one of the same name and type.
func leavesOne(records []dns.RR, bad map[dns.RR]bool) bool {
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
