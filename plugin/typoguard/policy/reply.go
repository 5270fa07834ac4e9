package policy

import (
	"strings"

	"github.com/miekg/dns"
)

// Change says what becomes of a reply to a query that passes.
type Change uint8

// The changes.
const (
	// Keep leaves the reply as it is, but for the records in Drop.
	Keep Change = iota
	// Cut keeps the records in Lead, and puts the action's answer for Name behind them.
	Cut
	// Flatten keeps the records in Lead, and puts those in Rest behind them as records of Name, or NODATA if there are none.
	Flatten
)

// Finding is a lookalike in a reply: a name that an alias leads to, or comes from.
type Finding struct {
	Decision
	Name   string // as it stands in the reply
	Record dns.RR // the alias
}

// ReplyDecision is what the policies say about a reply. Records are those of the reply, not copies.
type ReplyDecision struct {
	Change Change
	// Name is the name that is answered for, or that Rest is put under.
	Name string
	// Lead are the aliases, with their signatures, that lead from the query's name to Name.
	Lead []dns.RR
	// Rest are records of the query's type, and TTL is the least TTL on the way to them.
	Rest []dns.RR
	TTL  uint32
	// By is the finding that changes the reply; nil if it is kept, or if only records are dropped.
	By *Finding
	// Findings are all lookalikes that aliases of the reply lead to or come from, those that are only monitored among them.
	Findings []Finding
	// Drop are records that the client must not see.
	Drop map[dns.RR]bool
	// Once are records that no cache must keep.
	Once map[dns.RR]bool
}

// JudgeReply decides about the reply to a query that passes, of which the decision is given. Resolvers in between keep what
// they see: an alias of a lookalike, or a record of one in the additional section, leads them to the stranger without another
// query. An alias into a lookalike is therefore cut, an alias of a lookalike is flattened, and records of lookalikes are
// dropped. The target of an allowed name's alias is what the admin asked for: it is flattened, not cut, even if another alias leads
// to the allowed name.
//
// The targets of MX, SRV, NS, SVCB and NAPTR records are not looked at here.
func (s *Set) JudgeReply(q *Query, d *Decision, reply *dns.Msg) ReplyDecision {
	if !s.Concerns(q.Name, d.Verdict == Lookalike, reply) {
		return ReplyDecision{}
	}
	w := walk{set: s, query: q, reply: reply, aliases: indexed(reply.Answer)}
	w.follow(d)
	if w.Change == Keep {
		w.strip()
	}
	w.passing()
	return w.ReplyDecision
}

// Concerns reports whether a reply holds anything that JudgeReply looks at: an alias, or records of other names than the
// query's but those that only prove something, or some that a wildcard made. If a lookalike is asked for, its own count, too.
func (s *Set) Concerns(name string, lookalike bool, reply *dns.Msg) bool {
	for _, rr := range reply.Answer {
		h := rr.Header()
		if lookalike || h.Rrtype == dns.TypeCNAME || h.Rrtype == dns.TypeDNAME || !strings.EqualFold(h.Name, name) {
			return true
		}
		if _, expanded := expandedFrom(rr); expanded {
			return true
		}
	}
	for _, section := range [2][]dns.RR{reply.Ns, reply.Extra} {
		for _, rr := range section {
			proves := proof(rr)
			if proves {
				if s.dropsProofs && isDenial(rr) {
					return true
				}
				continue
			}
			if lookalike || !strings.EqualFold(rr.Header().Name, name) {
				return true
			}
		}
	}
	return false
}

// proof reports whether a record only proves something, so that a resolver learns no route by it. OPT is one that says nothing
// of any name.
func proof(rr dns.RR) bool {
	switch typeOf(rr) {
	case dns.TypeSOA, dns.TypeDS, dns.TypeNSEC, dns.TypeNSEC3, dns.TypeOPT:
		return true
	}
	return false
}

// typeOf returns the type of a record, and that of the records it signs if it is a signature.
func typeOf(rr dns.RR) uint16 {
	if sig, ok := rr.(*dns.RRSIG); ok {
		return sig.TypeCovered
	}
	return rr.Header().Rrtype
}

// isDenial reports whether a record denies that there are others.
func isDenial(rr dns.RR) bool {
	t := rr.Header().Rrtype
	return t == dns.TypeNSEC || t == dns.TypeNSEC3
}

// walk is a decision about a reply in the making.
type walk struct {
	ReplyDecision
	set     *Set
	query   *Query
	reply   *dns.Msg
	aliases map[string]*dns.CNAME // in the answer section, by owner in lower case; nil if there are few
	way     []*dns.CNAME          // the aliases followed so far
	listed  string                // the last listed name on it, or ""
	before  int                   // how many of the aliases lead to that
	signed  map[string]bool       // the owners of DNAMEs with a signature in the answer section, in lower case; nil if nobody has asked
}

// judge decides about a name in the reply as if the query's type were asked of it.
func (w *walk) judge(name string, qtype uint16) Decision {
	q := *w.query
	q.Name, q.Type, q.Target, q.Candidates = name, qtype, 0, false
	return w.set.Judge(&q)
}
