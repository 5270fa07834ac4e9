package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// fuzzedNames are what the records of fuzzed replies are about: lookalikes for each policy, listed names, and others.
var fuzzedNames = [...]string{
	"army.ml.", "Army.ML.", "us.army.ml.", "gov.ml.", "mx.gov.ml.", "ml.", "army.mil.", "nvay.example.", "web.nvay.example.", "trail.example.",
	"flet.example.", "a.example.", "A.example.", "b.example.", "us.b.example.", "example.",
	"bing.com.", "mx.wing.com.", "ring.com.", "cit.com.", "army.fleets.", "shop.fleets.",
}

var fuzzedTypes = [...]uint16{
	dns.TypeCNAME, dns.TypeCNAME, dns.TypeCNAME, dns.TypeA, dns.TypeA, dns.TypeMX, dns.TypeTXT, dns.TypeNS, dns.TypeDNAME, dns.TypeDS,
	dns.TypeDNSKEY, dns.TypeSOA, dns.TypeNSEC, dns.TypeNSEC3, dns.TypeRRSIG, dns.TypeANY,
}

// FuzzJudgeReply compares what a client sees of replies with what the rules forbid in words.
func FuzzJudgeReply(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(seed)
	}
	s := compile(f,
		setting{protect: "mil", allow: "gov.ml"},
		setting{Policy: Policy{Action: NullMX}, protect: "navy.example"},
		setting{Policy: Policy{Mode: Monitor}, protect: "trial.example"},
		setting{Policy: Policy{Types: []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}}, protect: "fleet.example"},
		setting{Policy: Policy{Popular: famous(f, "bing.com\nring.com"), ReportShort: true}, protect: "ing.com cia.com", deny: "ring.com"},
		setting{Policy: Policy{Action: NullMX, Require: &Requirement{}}, protect: "fleet"},
		setting{Policy: Policy{Action: Sinkhole, Kinds: match.AllKinds, Distance: 1, Clients: networks("192.0.2.0/24")}, protect: "example"},
	)
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		name := func() string { return fuzzedNames[random.IntN(len(fuzzedNames))] }
		q := &Query{Name: name(), Type: fuzzedTypes[random.IntN(len(fuzzedTypes))], Exists: onlyFleet, Client: from("198.51.100.1")}
		d := s.Judge(q)
		if d.Enforced() {
			return
		}
		for range 20 {
			reply := new(dns.Msg)
			for _, section := range []*[]dns.RR{&reply.Answer, &reply.Ns, &reply.Extra} {
				for range random.IntN(6) {
					*section = append(*section, fuzzedRecord(random, name(), name()))
				}
			}
			before := reply.String()
			got := s.JudgeReply(q, &d, reply)
			require.Equal(t, before, reply.String(), "the original")
			answer, all := seen(&got, reply)
			checkSeen(t, s, q, &d, &got, answer, all)
		}
	})
}

// fuzzedRecord returns a record of some type, with a target if it has one.
func fuzzedRecord(random *rand.Rand, owner, target string) dns.RR {
	h := dns.RR_Header{Name: owner, Rrtype: fuzzedTypes[random.IntN(len(fuzzedTypes)-1)], Class: dns.ClassINET}
	rr := dns.TypeToRR[h.Rrtype]()
	*rr.Header() = h
	switch rr := rr.(type) {
	case *dns.CNAME:
		rr.Target = target
	case *dns.DNAME:
		rr.Target = target
	case *dns.RRSIG:
		rr.TypeCovered = fuzzedTypes[random.IntN(len(fuzzedTypes))]
	case *dns.NSEC:
		rr.TypeBitMap = fuzzedTypes[random.IntN(len(fuzzedTypes)):]
	}
	return rr
}

// seen returns what the client sees of a reply by a decision: the records of ANSWER, and those of all sections.
func seen(d *ReplyDecision, reply *dns.Msg) (answer, all []dns.RR) {
	if d.Change != Keep {
		answer = append(answer, d.Lead...)
		for _, rr := range d.Rest {
			own := dns.Copy(rr)
			own.Header().Name = d.Name
			answer = append(answer, own)
		}
		return answer, answer
	}
	left := func(rrs ...dns.RR) (kept []dns.RR) {
		for _, rr := range rrs {
			if !d.Drop[rr] {
				kept = append(kept, rr)
			}
		}
		return kept
	}
	return left(reply.Answer...), left(slices.Concat(reply.Answer, reply.Ns, reply.Extra)...)
}

// checkSeen fails the test if the client sees what the rules forbid.
func checkSeen(t *testing.T, s *Set, q *Query, d *Decision, got *ReplyDecision, answer, all []dns.RR) {
	t.Helper()
	hides := func(name string, qtype uint16) bool {
		c := s.Judge(&Query{Name: name, Type: qtype, Exists: q.Exists, Client: q.Client})
		return c.Enforced()
	}
	if got.Change == Flatten {
		require.True(t, s.IsListed(got.Name) || hides(got.Name, dns.TypeMX), "records of others under %s, which is neither listed nor hidden", got.Name)
	}
	targets := map[string]string{}
	for _, rr := range all {
		rrtype := rr.Header().Rrtype
		if sig, ok := rr.(*dns.RRSIG); ok {
			rrtype = sig.TypeCovered
		}
		switch rrtype {
		case dns.TypeSOA, dns.TypeDS, dns.TypeNSEC, dns.TypeNSEC3:
		default:
			require.False(t, hides(rr.Header().Name, rrtype), "the record %s of a lookalike", rr)
		}
	}
	for _, rr := range answer {
		if cname, ok := rr.(*dns.CNAME); ok {
			targets[strings.ToLower(cname.Hdr.Name)] = cname.Target
		}
	}
	if q.Type == dns.TypeCNAME || q.Type == dns.TypeANY {
		return // a resolver follows no alias then
	}
	at, listed := q.Name, d.Listed != ""
	for range len(targets) {
		target, ok := targets[strings.ToLower(at)]
		if !ok {
			break
		}
		at = target
		if got.Change == Cut && strings.EqualFold(at, got.Name) {
			require.False(t, listed, "the alias of an allowed name is cut")
			return
		}
		require.False(t, hides(at, q.Type), "an alias leads on to %s", at)
		require.False(t, listed && hides(at, dns.TypeMX), "an alias of an allowed name leads on to %s", at)
		listed = listed || s.IsListed(at)
	}
}

// BenchmarkJudgeReply tells what looking at a reply costs, without and with an alias in it.
func BenchmarkJudgeReply(b *testing.B) {
	var owners strings.Builder // with a DNAME each, as a stranger can make them above what would be a lookalike
	for i := range 2000 {
		fmt.Fprintf(&owners, "%d.my.example. DNAME a.net.\n", i)
	}
	s := compile(b, setting{Policy: Policy{Kinds: match.AllKinds}, protect: "mil army.example navy.example", allow: "gov.ml"})
	for _, bb := range []struct{ name, query, reply string }{
		{"none", "www.partner.org. A", ""},
		{"records", "www.partner.org. A", "www.partner.org. A 192.0.2.1\nwww.partner.org. A 192.0.2.2"},
		{"with name servers", "www.partner.org. A", "www.partner.org. A 192.0.2.1\n--\npartner.org. NS ns.partner.org.\n++\nns.partner.org. A 192.0.2.2"},
		{"alias", "www.partner.org. A", "www.partner.org. CNAME host.cdn.net.\nhost.cdn.net. A 192.0.2.1"},
		{"three aliases", "www.partner.org. A", "www.partner.org. CNAME a.cdn.net.\na.cdn.net. CNAME b.cdn.net.\nb.cdn.net. CNAME c.cdn.net.\nc.cdn.net. A 192.0.2.1"},
		{"2000 DNAMEs", "www.partner.org. A", owners.String()},
		{"cut", "www.partner.org. A", "www.partner.org. CNAME army.ml.\narmy.ml. A 192.0.2.1"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			reply := kit.Reply(b, bb.reply)
			name, qtype, _ := strings.Cut(bb.query, " ")
			q := &Query{Name: name, Type: dns.StringToType[qtype]}
			d := s.Judge(q)
			b.ReportAllocs()
			for b.Loop() {
				s.JudgeReply(q, &d, reply)
			}
		})
	}
}

// onlyFleet finds one domain.
func onlyFleet(domain string, _ time.Duration) Existence {
	if domain == "army.fleet." {
		return Exists
	}
	return Absent
}
