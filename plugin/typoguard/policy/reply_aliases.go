package policy

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
)

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
