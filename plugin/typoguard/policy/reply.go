package policy

import (
	"slices"
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
	return w.ReplyDecision
}

// Concerns reports whether a reply holds anything that JudgeReply looks at: an alias, or records of other names than the
// query's but those that only prove something. If a lookalike is asked for, its own count, too.
func (s *Set) Concerns(name string, lookalike bool, reply *dns.Msg) bool {
	for _, rr := range reply.Answer {
		h := rr.Header()
		if lookalike || h.Rrtype == dns.TypeCNAME || h.Rrtype == dns.TypeDNAME || !strings.EqualFold(h.Name, name) {
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
}

// few is how many records are searched faster than put into a map.
const few = 16

// indexed returns the aliases among records, by owner in lower case, or nil if they are few.
func indexed(records []dns.RR) map[string]*dns.CNAME {
	if len(records) <= few {
		return nil
	}
	aliases := map[string]*dns.CNAME{}
	for _, rr := range records {
		if cname, ok := rr.(*dns.CNAME); ok {
			aliases[strings.ToLower(cname.Hdr.Name)] = cname
		}
	}
	return aliases
}

// judge decides about a name in the reply as if the query's type were asked of it.
func (w *walk) judge(name string, qtype uint16) Decision {
	q := *w.query
	q.Name, q.Type, q.Target, q.Candidates = name, qtype, 0, false
	return w.set.Judge(&q)
}

// alias returns the alias of a name: the last one, if a broken server says that there are several.
func (w *walk) alias(name string) *dns.CNAME {
	if w.aliases != nil {
		return w.aliases[strings.ToLower(name)]
	}
	for _, rr := range slices.Backward(w.reply.Answer) {
		if cname, ok := rr.(*dns.CNAME); ok && strings.EqualFold(cname.Hdr.Name, name) {
			return cname
		}
	}
	return nil
}

// follow walks along the aliases of the answer section, from the query's name on.
func (w *walk) follow(d *Decision) {
	name := w.query.Name
	if d.Listed != "" {
		w.listed = name
	}
	var flat *Finding // a lookalike whose own alias must not be seen
	if cname := w.alias(name); cname != nil {
		flat = w.aliasOf(name, d, cname)
	}
	for {
		cname := w.alias(name)
		if flat != nil && w.By == nil {
			w.By, w.Name, w.Lead = flat, name, w.lead()
			if AlwaysPasses(w.query.Type) {
				w.Change = Cut
				return
			}
		}
		if cname == nil || (w.listed == "" && endsHere(w.query.Type)) {
			break
		}
		w.way = append(w.way, cname)
		if next := w.alias(cname.Target); next != nil && slices.Contains(w.way, next) {
			break // a loop
		}
		next := w.judge(cname.Target, w.query.Type)
		if f := w.into(&next, cname); f != nil && f.Mode == Enforce {
			w.end(f)
			return
		}
		name = cname.Target
		if next.Listed != "" {
			w.listed, w.before = name, len(w.way)
		}
		if next := w.alias(name); next != nil && w.By == nil {
			d := w.judge(name, w.query.Type)
			flat = w.aliasOf(name, &d, next)
		}
	}
	if w.By != nil {
		w.flatten(w.Name)
	}
}

// endsHere reports whether a type is asked of the alias itself: then no resolver follows it.
func endsHere(qtype uint16) bool { return qtype == dns.TypeCNAME || qtype == dns.TypeANY }

// end ends the walk at an alias, the last one followed, into a lookalike. What is behind it becomes the listed name's own, and not that of an
// alias in between: of that, a cache would go on telling others the way to the stranger.
func (w *walk) end(f *Finding) {
	switch {
	case w.By != nil: // of a lookalike into another
		w.Change, w.Rest = Flatten, nil
	case w.listed != "":
		w.way = w.way[:w.before]
		w.By, w.Lead = f, w.lead()
		w.flatten(w.listed)
	default:
		w.By, w.Lead, w.Change, w.Name = f, w.lead(), Cut, f.Name
	}
}

// into notes that an alias leads into a lookalike, and returns nil if it does not. Behind a listed name it does not matter that
// the policy passes the type: a resolver that knows the alias would ask its target for others.
func (w *walk) into(d *Decision, cname *dns.CNAME) *Finding {
	if !d.Covered() {
		if w.listed == "" || !w.passesType(cname.Target, d) {
			return nil
		}
		*d = w.judge(cname.Target, dns.TypeMX)
	}
	return w.find(d, cname.Target, cname)
}

// aliasOf notes that a lookalike, whose type the policy passes, is an alias, and returns nil if it is no such.
func (w *walk) aliasOf(name string, d *Decision, cname *dns.CNAME) *Finding {
	if !w.passesType(name, d) {
		return nil
	}
	hidden := w.judge(name, dns.TypeMX)
	return w.find(&hidden, name, cname)
}

// passesType reports whether a name is covered by a policy that enforces and passes the query's type. Since a requirement is
// not checked for those types, MX is asked about.
func (w *walk) passesType(name string, d *Decision) bool {
	if d.Reason != OtherType || d.Mode != Enforce {
		return false
	}
	hidden := w.judge(name, dns.TypeMX)
	return hidden.Enforced()
}

// find notes a finding. Its decision may be about MX: what that says of the name's existence is of no account if the policy
// would not say it for the query's type.
func (w *walk) find(d *Decision, name string, record dns.RR) *Finding {
	d.NoName = d.NoName && d.Policy.denies(w.query.Type)
	w.Findings = append(w.Findings, Finding{*d, name, record})
	return &Finding{*d, name, record}
}

// lead returns the records that lead along the aliases followed so far: for each the CNAME, the DNAME that it was made of, and their
// signatures.
func (w *walk) lead() []dns.RR {
	var lead []dns.RR
	for _, cname := range w.way {
		for _, rr := range w.reply.Answer {
			owner := rr.Header().Name
			switch typeOf(rr) {
			case dns.TypeCNAME:
				if strings.EqualFold(owner, cname.Hdr.Name) {
					lead = append(lead, rr)
				}
			case dns.TypeDNAME:
				if makesAliasOf(owner, cname.Hdr.Name) && !w.hidesDNAME(rr) {
					lead = append(lead, rr)
				}
			}
		}
	}
	return lead
}

// makesAliasOf reports whether a DNAME of an owner makes an alias of a name: it does so of those below its owner.
func makesAliasOf(owner, name string) bool {
	return dns.IsSubDomain(owner, name) && !strings.EqualFold(owner, name)
}

// flatten makes the records at the end of the chain those of a name, from which the chain goes on.
func (w *walk) flatten(name string) {
	w.Change, w.Name, w.Rest = Flatten, name, nil
	end, ttl := name, ^uint32(0)
	for range w.reply.Answer { // there may be a loop
		cname := w.alias(end)
		if cname == nil {
			break
		}
		end, ttl = cname.Target, min(ttl, cname.Hdr.Ttl)
	}
	if AlwaysPasses(w.query.Type) {
		return // a zone's keys are no other zone's
	}
	for _, rr := range w.reply.Answer {
		if h := rr.Header(); h.Rrtype == w.query.Type && h.Rrtype != dns.TypeCNAME && strings.EqualFold(h.Name, end) {
			w.Rest = append(w.Rest, rr)
			ttl = min(ttl, h.Ttl)
		}
	}
	w.TTL = ttl
}

// strip drops the records of covered names whose type their policy answers, what would prove that a name has no MX while a policy
// answers that it has a null MX, DNAMEs from which a resolver would make aliases of lookalikes, and aliases that those made, if a
// validator would only be confused by them.
func (w *walk) strip() {
	for i, section := range [3][]dns.RR{w.reply.Answer, w.reply.Ns, w.reply.Extra} {
		for _, rr := range section {
			switch {
			case typeOf(rr) == dns.TypeDNAME && w.hidesDNAME(rr), i == 1 && w.disproves(rr), i == 0 && w.circles(rr):
				w.drop(rr)
			case proof(rr):
			default:
				if c := w.judge(rr.Header().Name, typeOf(rr)); c.Enforced() {
					w.drop(rr)
				}
			}
		}
	}
}

func (w *walk) drop(rr dns.RR) {
	if w.Drop == nil {
		w.Drop = map[dns.RR]bool{}
	}
	w.Drop[rr] = true
}

// hidesDNAME reports whether a DNAME, or its signature, must not be seen: its owner is covered, or a resolver would make aliases
// of lookalikes from it, since its owner is near the parent of a protected suffix.
func (w *walk) hidesDNAME(rr dns.RR) bool {
	owner := rr.Header().Name
	d := w.judge(owner, dns.TypeDNAME)
	return d.Enforced() || (d.Listed == "" && w.set.nearParent(owner, w.query))
}

// circles reports whether a record of the answer section is the alias that a DNAME, which must not be seen, makes of a name whose DS
// or DNSKEY is asked for. A validator cannot prove such an alias without the DNAME: it would ask for DS of the same name to do so, and
// BIND then waits until it gives up the query that this is for.
func (w *walk) circles(rr dns.RR) bool {
	if rr.Header().Rrtype != dns.TypeCNAME || !AlwaysPasses(w.query.Type) {
		return false
	}
	return slices.ContainsFunc(w.reply.Answer, func(other dns.RR) bool {
		return other.Header().Rrtype == dns.TypeDNAME && makesAliasOf(other.Header().Name, rr.Header().Name) && w.hidesDNAME(other)
	})
}

// disproves reports whether a record, or its signature, proves that a lookalike has no MX record to a client that would then
// go on to its address, which the policy passes. The proof that a name is a delegation stays, and so does that for a name
// above a listed one: without it, nothing below it could be validated.
func (w *walk) disproves(rr dns.RR) bool {
	if !w.set.dropsProofs {
		return false
	}
	if sig, ok := rr.(*dns.RRSIG); ok {
		for _, denial := range w.reply.Ns {
			if h := denial.Header(); h.Rrtype == sig.TypeCovered && strings.EqualFold(h.Name, sig.Hdr.Name) && isDenial(denial) {
				return w.disproves(denial)
			}
		}
		return false
	}
	var bitmap []uint16
	about := rr.Header().Name
	switch rr := rr.(type) {
	case *dns.NSEC:
		bitmap = rr.TypeBitMap
	case *dns.NSEC3: // whose owner is a hash: the query's name stands for it
		bitmap, about = rr.TypeBitMap, w.query.Name
	default:
		return false
	}
	if hasMX(bitmap) || w.set.PassesBelow(about) {
		return false
	}
	c := w.judge(about, dns.TypeMX)
	return c.Enforced() && !c.Policy.Answers(dns.TypeA)
}

// hasMX reports whether a bitmap says that there is an MX record, or a delegation to a zone that may have one.
func hasMX(bitmap []uint16) bool {
	var ns, soa bool
	for _, t := range bitmap {
		switch t {
		case dns.TypeMX:
			return true
		case dns.TypeNS:
			ns = true
		case dns.TypeSOA:
			soa = true
		}
	}
	return ns && !soa
}
