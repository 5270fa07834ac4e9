package policy

import (
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// passing notes the records that no cache must keep: a resolver that validates answers from a signed wildcard, and from the proof that a
// wildcard has no MX record, for all names below its parent that are proved not to exist, and asks nobody (RFC 8198 section 5.3). If that
// parent is above a protected suffix, or looks like a name that is, a lookalike may be one of them. So may be the names below a DNAME, of
// which resolvers make aliases (RFC 6672 section 3.4). The records are true, and stay.
func (w *walk) passing() {
	w.once(w.reply.Answer, func(rr dns.RR) (parent string, ok bool) {
		if rr.Header().Rrtype == dns.TypeDNAME {
			return rr.Header().Name, true
		}
		return expandedFrom(rr)
	})
	w.once(w.reply.Ns, func(rr dns.RR) (parent string, ok bool) {
		parent, ok = strings.CutPrefix(rr.Header().Name, "*.")
		return parent, ok && isDenial(rr)
	})
}

// once notes the records of a section that make others below a parent where lookalikes may be, and all of the same owner: if a wildcard made
// some of them, it made all.
func (w *walk) once(section []dns.RR, makesBelow func(dns.RR) (parent string, ok bool)) {
	var owners map[string]bool
	for _, rr := range section {
		if parent, ok := makesBelow(rr); ok && w.set.mayHoldLookalikes(parent, w.query) {
			if owners == nil {
				owners = map[string]bool{}
			}
			owners[strings.ToLower(rr.Header().Name)] = true
		}
	}
	if len(owners) == 0 {
		return
	}
	if w.Once == nil {
		w.Once = map[dns.RR]bool{}
	}
	for _, rr := range section {
		if owners[strings.ToLower(rr.Header().Name)] {
			w.Once[rr] = true
		}
	}
}

// expandedFrom returns the parent of the wildcard that records were made from, if one is the signature of such: it counts fewer labels than
// its owner has (RFC 4034 section 3.1.3).
func expandedFrom(rr dns.RR) (parent string, ok bool) {
	sig, ok := rr.(*dns.RRSIG)
	if !ok {
		return "", false
	}
	parent = sig.Hdr.Name
	extra := dns.CountLabel(parent) - int(sig.Labels)
	if extra <= 0 {
		return "", false
	}
	for range extra {
		i, _ := dns.NextLabel(parent, 0)
		parent = parent[i:]
	}
	return parent, true
}

// mayHoldLookalikes reports whether names below a name may be lookalikes for a policy that enforces and is for the client, whether the name
// itself is one or not. Any name may have such with two edits, of which one is in it, or behind which a public suffix is appended; and so may any
// registry, since short top-level domains are near many.
func (s *Set) mayHoldLookalikes(name string, q *Query) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	above := s.PassesBelow(name) || s.deniesBelow(name) || s.tails.has(name) || IsRegistry(name) || s.nearProtectedParent(name)
	repeats := repeatsLabel(name)
	client, now := q.client(), q.now()
	return s.nearParent(name, q) || slices.ContainsFunc(s.Policies, func(p *Policy) bool {
		return p.ModeAt(now) == Enforce && p.counts(&Query{Only: q.Only}, client) &&
			(above || p.Distance > 1 || p.Kinds.Has(match.Suffix) || p.Kinds.Has(match.Appended) || (repeats && p.Kinds.Has(match.Doubled)))
	})
}

// repeatsLabel reports whether a name has a label twice, as those above doubled ones have: de.de above web.de.de.
func repeatsLabel(name string) bool {
	for label, rest, ok := strings.Cut(name, "."); ok; label, rest, ok = strings.Cut(rest, ".") {
		if strings.HasPrefix(rest+".", label+".") || strings.Contains(rest+".", "."+label+".") {
			return true
		}
	}
	return false
}
