//go:build e2e

package soak_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"

	"github.com/miekg/dns"
)

// class says what a name is to the policies.
type class int

const (
	ordinary       class = iota // near nothing
	protected                   // on a list to protect
	allowed                     // on a list to allow, although it looks like a protected one
	lookalike                   // to be hidden
	aliased                     // ordinary, but an alias into a lookalike
	allowedUntil                // allowed, but only until a time
	lookalikeUntil              // a lookalike of a name that is protected only until a time
	classes
)

// String returns it as it is reported.
func (c class) String() string {
	return [...]string{"ordinary", "protected", "allowed", "lookalike", "alias into lookalike", "allowed until", "lookalike until"}[c]
}

// The suffixes, by where they stand: in the Corefile, in a list of this host, in a fetched list, and in policies of other actions. Those of
// lists have as many entries as it takes for a list that shrinks to be refused.
const entries = 12

var (
	// mailSuffixes, sunkSuffixes and nullSuffixes are lookalikes, each of another policy.
	mailSuffixes = func() []string {
		all := []string{"army.ml", "navy.mi", "nayv.mil"}
		for i := range entries {
			all = append(all, fmt.Sprintf("partnr%d.example", i), fmt.Sprintf("suplier%d.example", i))
		}
		return all
	}()
	sunkSuffixes = []string{"nortwind.example", "northwindd.example"}
	nullSuffixes = []string{"fabrikm.example"}
	// allowedSuffixes look like navy.mil.
	allowedSuffixes = func() []string {
		all := []string{"arny.mil"}
		for i := range entries {
			all = append(all, allowedEntry(i))
		}
		return all
	}()
	protectedSuffixes = []string{"army.mil", "navy.mil", "partner3.example", "supplier4.example", "northwind.example", "fabrikam.example"}
)

// allowedEntry returns an entry of the list of allowed names.
func allowedEntry(i int) string { return fmt.Sprintf("nav%c.mil", 'a'+i) }

// isStranger reports whether a name belongs to the stranger who gets what is mistyped.
func isStranger(name string) bool {
	for _, suffixes := range [][]string{mailSuffixes, sunkSuffixes, nullSuffixes, {endingLookalike}} {
		for _, suffix := range suffixes {
			if dns.IsSubDomain(suffix+".", name) {
				return true
			}
		}
	}
	return false
}

// question is what a client asks.
type question struct {
	class   class
	name    string
	qtype   uint16
	network string
}

// asker makes questions at random.
type asker struct {
	random *rand.Rand
	prefix string // so that no two askers ask for the same lookalike
	count  int
}

// next returns the next question. Every lookalike is asked for once, so that its event can be looked for.
func (a *asker) next() question {
	q := question{network: "udp"}
	if a.random.IntN(5) == 0 {
		q.network = "tcp"
	}
	q.qtype = pick(a.random, dns.TypeMX, dns.TypeMX, dns.TypeA, dns.TypeAAAA)
	a.count++
	switch a.random.IntN(10) {
	default:
		q.class, q.name = ordinary, fmt.Sprintf("o%d.ordinary.example.", a.random.IntN(400))
	case 3:
		if a.random.IntN(2) == 0 {
			q.class, q.name = allowedUntil, fmt.Sprintf("u%d.%s.", a.random.IntN(20), endingAllowed)
		} else {
			q.class, q.name = lookalikeUntil, fmt.Sprintf("u%d.%s.", a.random.IntN(20), endingLookalike)
		}
	case 4:
		q.class, q.name = protected, fmt.Sprintf("p%d.%s.", a.random.IntN(20), pick(a.random, protectedSuffixes...))
	case 5:
		q.class, q.name = allowed, fmt.Sprintf("a%d.%s.", a.random.IntN(20), pick(a.random, allowedSuffixes...))
	case 6, 7, 8:
		q.class = lookalike
		q.name, q.qtype = a.lookalike()
	case 9:
		q.class, q.name = aliased, fmt.Sprintf("c%d.alias.example.", a.random.IntN(50))
	}
	return q
}

// lookalike returns a name that nobody has asked for, and a type of which the policy hides it.
func (a *asker) lookalike() (string, uint16) {
	label := fmt.Sprintf("%s%d", a.prefix, a.count)
	qtype := pick(a.random, dns.TypeMX, dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeNS, dns.TypeSOA, dns.TypeCNAME)
	switch a.random.IntN(6) {
	case 0:
		return label + "." + pick(a.random, nullSuffixes...) + ".", dns.TypeMX // the rest passes
	case 1:
		return label + "." + pick(a.random, sunkSuffixes...) + ".", qtype
	}
	return label + "." + pick(a.random, mailSuffixes...) + ".", qtype
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// The marks of the stranger: nothing with one of them must reach a client while a policy covers the name.
var marks = []string{"198.51.100.66", "2001:db8:bad::66", "stranger"}

// marked returns the first record of a reply that has a mark, or nil.
func marked(m *dns.Msg) dns.RR {
	for _, section := range [][]dns.RR{m.Answer, m.Ns, m.Extra} {
		for _, rr := range section {
			for _, mark := range marks {
				if rr.Header().Rrtype != dns.TypeOPT && strings.Contains(rr.String(), mark) {
					return rr
				}
			}
		}
	}
	return nil
}

// strangersRecord returns what the stranger has of a type.
func strangersRecord(name string, qtype uint16) dns.RR {
	switch qtype {
	case dns.TypeA:
		return record(name + " 60 IN A 198.51.100.66")
	case dns.TypeAAAA:
		return record(name + " 60 IN AAAA 2001:db8:bad::66")
	case dns.TypeTXT:
		return record(name + ` 60 IN TXT "stranger"`)
	case dns.TypeNS:
		return record(name + " 60 IN NS ns.stranger.example.")
	case dns.TypeSOA:
		return record(name + " 60 IN SOA ns.stranger.example. nobody.stranger.example. 1 3600 600 86400 60")
	case dns.TypeCNAME:
		return record(name + " 60 IN CNAME www.stranger.example.")
	}
	return record(name + " 60 IN MX 10 mx.stranger.example.")
}

// expected returns the record that a name has of a type: MX, A or AAAA.
func expected(name string, qtype uint16) dns.RR {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name))
	n := hash.Sum32() % 250
	switch qtype {
	case dns.TypeA:
		return record(fmt.Sprintf("%s 60 IN A 192.0.2.%d", name, n))
	case dns.TypeAAAA:
		return record(fmt.Sprintf("%s 60 IN AAAA 2001:db8::%x", name, n))
	}
	return record(name + " 60 IN MX 10 mx." + name)
}

// record returns the record that a line describes.
func record(line string) dns.RR {
	rr, err := dns.NewRR(line)
	if err != nil {
		panic(err)
	}
	return rr
}
