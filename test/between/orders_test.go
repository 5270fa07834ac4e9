//go:build e2e

package between_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/miekg/dns"
)

// role is what a name is, of which the mail route is asked.
type role int

const (
	teaching role = iota // none: the question only fills caches
	hidden
	listed
	listedAlias
	alias
	unrelated
	referring
	deep
)

// step is a question, or the mail route of a name.
type step struct {
	question
	role role
}

// order is an order of questions.
type order struct {
	name string
	// first returns what is asked first; the rest follows.
	first func(p pair) []step
}

// orders are those in which caches were seen to learn what lets mail leak or get lost.
var orders = []order{
	{"hidden first", func(pair) []step { return nil }},
	{"allowed first", func(p pair) []step {
		return append(routes(listed, p.listedNames()...), routes(listedAlias, p.listedAlias())...)
	}},
	{"parent first", func(p pair) []step {
		return questions([]string{p.hidden}, dns.TypeA, dns.TypeMX, dns.TypeTXT, dns.TypeAAAA, dns.TypeNS, dns.TypeDS)
	}},
	{"NS first", ofHidden(dns.TypeNS)},
	{"DS first", ofHidden(dns.TypeDS)},
	{"DNSKEY first", ofHidden(dns.TypeDNSKEY)},
	{"SOA first", ofHidden(dns.TypeSOA)},
	{"addresses first", ofHidden(dns.TypeA, dns.TypeAAAA)},
	{"other types first", ofHidden(dns.TypeCNAME, dns.TypeTXT, dns.TypeSRV, dns.TypeHTTPS, dns.TypeANY, dns.TypeDNAME)},
	{"other types of allowed names first", func(p pair) []step {
		return questions(append(p.listedNames(), p.listedAlias()), dns.TypeANY, dns.TypeCNAME, dns.TypeTXT, dns.TypeNS, dns.TypeSOA, dns.TypeDNAME)
	}},
	{"RRSIG, NSEC, NSEC3 first", ofHidden(dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3)},
	{"aliases first", func(p pair) []step { return routes(alias, p.aliases()...) }},
	{"references first", func(p pair) []step {
		return append(questions([]string{"_submission._tcp." + p.reference()}, dns.TypeSRV), routes(referring, p.reference())...)
	}},
	{"CD first", flagged(question{cd: true})},
	{"DO first", flagged(question{do: true})},
}

// questions returns questions of several types about names.
func questions(names []string, qtypes ...uint16) []step {
	var steps []step
	for _, name := range names {
		for _, qtype := range qtypes {
			steps = append(steps, step{question: question{name: name, qtype: qtype}})
		}
	}
	return steps
}

// routes returns the mail routes of names.
func routes(r role, names ...string) []step {
	var steps []step
	for _, name := range names {
		steps = append(steps, step{question{name: name}, r})
	}
	return steps
}

// lookalikes are the hidden names, and what lies above them.
func (p pair) lookalikes() []string {
	names := []string{p.dname()}
	for _, h := range p.hiddenNames() {
		names = append(names, h.name)
	}
	return names
}

// ofHidden asks questions of some types about every hidden name.
func ofHidden(qtypes ...uint16) func(pair) []step {
	return func(p pair) []step { return questions(p.lookalikes(), qtypes...) }
}

// flagged asks for the mail of every hidden name with flags.
func flagged(flags question) func(pair) []step {
	return func(p pair) []step {
		steps := questions(p.lookalikes(), dns.TypeMX, dns.TypeA)
		for i := range steps {
			steps[i].cd, steps[i].do = flags.cd, flags.do
		}
		return steps
	}
}

// steps returns what is asked in an order: what comes first, then twice the mail routes of names that are hidden and listed, so that the
// second time comes out of caches, then the others'.
func (o order) steps(p pair) []step {
	steps := o.first(p)
	for range 2 {
		for _, h := range p.hiddenNames() {
			steps = append(steps, routes(hidden, h.name)...)
		}
		steps = append(steps, routes(listed, p.listedNames()...)...)
	}
	steps = append(steps, routes(unrelated, p.unrelatedNames()...)...)
	steps = append(steps, routes(alias, p.aliases()...)...)
	steps = append(steps, routes(referring, p.reference())...)
	steps = append(steps, routes(listedAlias, p.listedAlias())...)
	steps = append(steps, questions([]string{p.besideDeep()}, dns.TypeA)...)
	return append(steps, routes(deep, p.deepHidden())...)
}

// taught is how many questions a random order asks, before and among the mail routes.
const taught = 120

// random returns an order that a seed determines.
func random(seed uint64) order {
	return order{fmt.Sprintf("random, seed %d", seed), func(p pair) []step {
		dice := rand.New(rand.NewPCG(seed, 1))
		names := append(append(p.lookalikes(), p.reference(), p.listedAlias()), append(p.aliases(), p.listedNames()...)...)
		steps := questions(names, dns.TypeA, dns.TypeAAAA, dns.TypeMX, dns.TypeNS, dns.TypeSOA, dns.TypeDS, dns.TypeDNSKEY, dns.TypeCNAME,
			dns.TypeDNAME, dns.TypeTXT, dns.TypeHTTPS, dns.TypeANY, dns.TypeRRSIG, dns.TypeNSEC)
		for i := range steps {
			steps[i].cd, steps[i].do = dice.IntN(5) == 0, dice.IntN(5) == 0
		}
		shuffle := func() { dice.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] }) }
		shuffle()
		steps = append(steps[:taught], order{first: func(pair) []step { return nil }}.steps(p)...)
		shuffle()
		return steps
	}}
}
