package policy

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
)

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
// of lookalikes from it, since its owner is near the parent of a protected suffix. Of others above lookalikes, only those without a signature
// are hidden, which nobody misses: without one that is signed, names below it that are no lookalikes could not be validated.
func (w *walk) hidesDNAME(rr dns.RR) bool {
	owner := rr.Header().Name
	d := w.judge(owner, dns.TypeDNAME)
	return d.Enforced() || (d.Listed == "" && (w.set.nearParent(owner, w.query) || (!w.hasSignedDNAME(owner) && w.set.mayHoldLookalikes(owner, w.query))))
}

// hasSignedDNAME reports whether the answer section has the signature of a DNAME.
func (w *walk) hasSignedDNAME(owner string) bool {
	if w.signed == nil {
		w.signed = map[string]bool{}
		for _, rr := range w.reply.Answer {
			if rr.Header().Rrtype == dns.TypeRRSIG && typeOf(rr) == dns.TypeDNAME {
				w.signed[strings.ToLower(rr.Header().Name)] = true
			}
		}
	}
	return w.signed[strings.ToLower(owner)]
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
