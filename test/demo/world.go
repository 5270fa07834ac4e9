package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"golang.org/x/net/idna"

	"github.com/typoguard/coredns-typoguard/test/typos"
)

// What the clients write to. The first three are what the policies protect.
var (
	defence  = []string{"army.mil", "army.nl", "navy.mil", "af.mil", "marines.mil", "mindef.nl", "nato.int", "bundeswehr.org"}
	partners = []string{"northwind.example", "fabrikam.example", "bücher-verlag.example"}
	webmail  = []string{"gmail.com", "outlook.com"}
	// neighbours are legitimate, though they look like what is protected: some are allowed, some only monitored, and one is
	// blocked, wrongly.
	neighbours = []string{"mail.com", "mail.com", "email.com", "ymail.com", "northwinds.example"}
	// units stand before defence domains.
	units = []string{"", "", "us.", "hq.", "mail.", "logistics.", "travel.", "med."}
	// usual are typos that are made again and again, some by whole departments, of the kinds in the mix that people make.
	usual = []string{
		"army.ml", "army.ml", "army.ml", "us.army.ml", "navy.ml", "navy.ml", "hq.navy.ml", "mindef.n", "nato.in", "outlok.com", // omissions
		"amry.mil", "northwnid.example", "gmial.com", // transpositions
		"arny.mil", "navy.mul", "nindef.nl", "mindef.ml", "bundesweht.org", "fabrikan.example", "gnail.com", "gmail.con", // substitutions
		"armyy.mil", "mindeff.nl", "nato.intt", "marinees.mil", "northwindd.example", "gmaill.com", "outloook.com", // additions
	}
	// lookingAlike are names that somebody has registered on purpose.
	lookingAlike = []string{"arrny.mil", "army.mi1", "аrmy.mil", "northvvind.example", "fаbrikam.example", "bucher-verlag.example", "bücher-vérlag.example"}
)

// syllables are what other correspondents are called by.
var syllables = []string{"al", "ber", "cor", "dan", "el", "fen", "gal", "hol", "in", "jor", "kel", "lin", "mar", "nor", "ost", "pel", "quin", "ros", "sten", "tor"}

// How often what happens, in a thousand times.
const (
	toNeighbour = 10
	toSupplier  = 4
	toWebmail   = 100
	toPartner   = 90
	toDefence   = 400
	mistyped    = 60 // of those to webmail, partners and defence

	// Of those that are mistyped:
	onPurpose = 100 // a name that looks alike
	again     = 400 // one of the usual
	resent    = 300 // the sender tries again later
)

// client is somebody who looks names up.
type client struct {
	name    string
	address netip.Addr
	mail    bool     // it delivers mail; else it opens pages
	book    []string // what it writes to, all at a time; empty for any
}

// visit is a domain that a client wants to reach. It is in A-labels.
type visit struct {
	*client
	domain string
	typo   bool // made on purpose, here
}

// world is all clients.
type world struct {
	servers, desks []*client
	bulk           *client // a mailing list with one wrong domain in it
	others         []string
	random         *rand.Rand
}

// newWorld returns the same one every time.
func newWorld() *world {
	w := &world{random: rand.New(rand.NewPCG(1, 1))}
	for i := range byte(12) {
		w.servers = append(w.servers, &client{name: fmt.Sprintf("mx%d.corp.example", i+1), address: netip.AddrFrom4([4]byte{127, 10, 0, i + 1}), mail: true})
	}
	for i := range byte(40) {
		w.desks = append(w.desks, &client{name: fmt.Sprintf("desk%d", i+1), address: netip.AddrFrom4([4]byte{127, 20, i / 10, i%10 + 11})})
	}
	for range 200 {
		w.others = append(w.others, w.pick(syllables)+w.pick(syllables)+w.pick(syllables)+".example")
	}
	w.bulk = &client{name: "news.corp.example", address: netip.MustParseAddr("127.30.0.1"), mail: true,
		book: []string{"navy.mil", "af.mil", "nato.int", "marine.mil", "mindef.nl", w.others[0], w.others[1], w.others[2]}}
	return w
}

// String says who there is.
func (w *world) String() string {
	return fmt.Sprintf("%d mail servers in 127.10.0.0/16, %d people at their desks in 127.20.0.0/16, and a mailing list at %s with marine.mil in it.",
		len(w.servers), len(w.desks), w.bulk.address)
}

func (w *world) pick(from []string) string { return from[w.random.IntN(len(from))] }

func (w *world) chance(inThousand int) bool { return w.random.IntN(1000) < inThousand }

// next returns what somebody does next.
func (w *world) next() visit {
	v := visit{client: w.anybody()}
	switch p := w.random.IntN(1000); {
	case p < toNeighbour:
		v.domain = w.pick(neighbours)
	case p < toNeighbour+toSupplier:
		v.domain = "supplier.example"
	case p < toNeighbour+toSupplier+toWebmail+toPartner+toDefence:
		if w.chance(mistyped) {
			return w.typo(v.client)
		}
		unit, domain := w.domain()
		v.domain = unit + domain
	default:
		v.domain = w.pick(w.others)
	}
	v.domain = ascii(v.domain)
	return v
}

// anybody returns a client: mail servers are busier than people, and some of either more than others.
func (w *world) anybody() *client {
	from := w.servers
	if w.chance(200) {
		from = w.desks
	}
	return from[min(w.random.IntN(len(from)), w.random.IntN(len(from)))]
}

// domain returns one that is protected, or lies under one, and what stands before that.
func (w *world) domain() (unit, domain string) {
	switch p := w.random.IntN(toWebmail + toPartner + toDefence); {
	case p < toWebmail:
		return "", w.pick(webmail)
	case p < toWebmail+toPartner:
		return "", w.pick(partners)
	}
	return w.pick(units), w.pick(defence)
}

// typo returns a domain that a client has mistyped, in the mix that people make of it; or somebody else, on purpose.
func (w *world) typo(c *client) visit {
	var domain string
	switch p := w.random.IntN(1000); {
	case p < onPurpose:
		domain = w.pick(lookingAlike)
	case p < onPurpose+again:
		domain = w.pick(usual)
	default:
		domain = w.slip()
	}
	return visit{client: c, domain: ascii(domain), typo: true}
}

// slip returns a domain with a typing error. They are made of octets.
func (w *world) slip() string {
	for {
		unit, domain := w.domain()
		if ascii(domain) == domain {
			return unit + typos.CommonDomain(w.random, domain)
		}
	}
}

// opening has something of everything, so that nobody waits for it.
func (w *world) opening() []visit {
	var all []visit
	for i, domain := range []string{"army.ml", "amry.mil", "armyy.mil", "arny.mil", "arrny.mil", "аrmy.mil", "northwnid.example", "supplier.example",
		"mail.com", "northwinds.example", "nato.itn", "gmial.com"} {
		all = append(all, visit{client: w.servers[i%len(w.servers)], domain: ascii(domain), typo: true})
	}
	return all
}

// mailing is what the mailing list does at a time.
func (w *world) mailing() []visit {
	var all []visit
	for _, domain := range w.bulk.book {
		all = append(all, visit{client: w.bulk, domain: domain})
	}
	return all
}

// ascii returns a domain in A-labels.
func ascii(domain string) string {
	name, err := idna.ToASCII(domain)
	if err != nil {
		return domain // as somebody may type it
	}
	return name
}
