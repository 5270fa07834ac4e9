// Package suggest proposes which domains to protect and which to allow, from what logs say of the mail to them.
//
// It proposes and decides nothing: whoever runs the policies reads why, and names the files in a Corefile. What it must never
// propose is to allow, or to protect, a domain that receives mistyped mail: auto-forwards to such ones have run for years.
package suggest

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/domain"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// How much is remembered: of more domains those with the least mail are forgotten.
const (
	maxDomains  = 8_000
	maxSenders  = 16
	maxExamples = 3
	maxExample  = 64 // octets
	maxRecent   = 1 << 12
)

// Evidence is what logs say of domains. It is not for use by several goroutines.
type Evidence struct {
	addresses bool
	seed      maphash.Seed
	domains   map[string]*mail
	hosts     int              // of all domains
	recent    map[string]place // by names as they are logged; empty for those that are no domain of the Internet
	days      days             // of all records
	forgotten bool
	scratch   []byte
}

// mail is what is known of the mail to and from a domain that somebody registered.
type mail struct {
	delivered, bounced, deferred int64
	seen                         int64 // messages of which a log does not know the outcome
	asked                        int64 // queries for its mail servers, of which no log knows the senders

	days, askedDays     days // of what was delivered or seen, and asked for
	senders, recipients some
	examples            []string // of senders
	from                int64    // messages from it
	fromDays            days
	hosts               map[string]*host // by the label directly before the domain
}

// place is where a name belongs: a domain, and the label directly before it, if there is one and it is known.
type place struct {
	*mail
	host *host
}

// NewEvidence returns evidence of nothing. With addresses it remembers some senders' addresses, otherwise only their domains.
func NewEvidence(addresses bool) *Evidence {
	return &Evidence{addresses: addresses, seed: maphash.MakeSeed(), domains: map[string]*mail{}, recent: map[string]place{}}
}

// Add takes a record into account. Of queries only those for the mail servers of a domain count.
func (e *Evidence) Add(r *logs.Record) {
	if r.Outcome == logs.Relayed || r.Outcome == logs.Asked && r.Type != dns.TypeNone && r.Type != dns.TypeMX {
		return
	}
	e.days.add(r.Time)
	from := r.Sender[bytes.LastIndexByte(r.Sender, '@')+1:]
	if m := e.of(from); m.mail != nil && len(from) < len(r.Sender) {
		m.from++
		m.fromDays.add(r.Time)
	}
	m := e.of(r.Name)
	if m.mail == nil {
		return
	}
	if r.Outcome != logs.Bounced && r.Outcome != logs.Deferred {
		m.host.add(r.Time)
	}
	switch {
	case r.Outcome == logs.Delivered:
		m.delivered++
		e.addMail(m.mail, r)
	case r.Outcome == logs.Bounced:
		m.bounced++
	case r.Outcome == logs.Deferred:
		m.deferred++
	case r.Type == dns.TypeMX:
		m.asked++
		m.askedDays.add(r.Time)
	default:
		m.seen++
		e.addMail(m.mail, r)
	}
}

// addMail notes when somebody wrote to a domain, and who to whom.
func (e *Evidence) addMail(m *mail, r *logs.Record) {
	m.days.add(r.Time)
	if len(r.Local) > 0 {
		m.recipients.add(maphash.Bytes(e.seed, bytes.ToLower(r.Local)))
	}
	e.addSender(m, r)
}

// addSender notes who wrote to a domain: the sender of the message or, if it is unknown, the host it came from.
func (e *Evidence) addSender(m *mail, r *logs.Record) {
	who := lasting(r.Sender)
	if len(r.Sender) == 0 {
		who = r.Source
	}
	if len(who) == 0 || !m.senders.add(maphash.Bytes(e.seed, bytes.ToLower(who))) || len(m.examples) >= maxExamples {
		return
	}
	switch at := bytes.LastIndexByte(who, '@'); {
	case e.addresses:
	case at >= 0:
		who = who[at+1:]
	case len(r.Sender) > 0: // a local part alone
		return
	}
	if example := plain(who); !slices.Contains(m.examples, example) {
		m.examples = append(m.examples, example)
	}
}

// lasting returns the part of a sender's address that is the same for all its messages: many that send to lists of recipients have
// another local part for each (VERP, SRS, BATV).
func lasting(sender []byte) []byte {
	at := bytes.LastIndexByte(sender, '@')
	if at > 0 && bytes.ContainsAny(sender[:at], "=+") {
		return sender[at:]
	}
	return sender
}

// of returns what is known of the domain that somebody registered and a name lies in, which is nil if there is none.
func (e *Evidence) of(name []byte) place {
	e.scratch = append(e.scratch[:0], name...)
	for i, c := range e.scratch {
		if c >= 'A' && c <= 'Z' {
			e.scratch[i] = c + 'a' - 'A'
		}
	}
	if m, ok := e.recent[string(e.scratch)]; ok { // without an allocation
		return m
	}
	if len(e.recent) >= maxRecent {
		clear(e.recent)
	}
	m := e.find(string(e.scratch))
	e.recent[string(e.scratch)] = m
	return m
}

func (e *Evidence) find(name string) place {
	ascii, err := domain.Of(name)
	if err != nil {
		return place{}
	}
	ascii = strings.TrimSuffix(strings.ToLower(ascii), ".")
	registered, err := publicsuffix.EffectiveTLDPlusOne(ascii)
	if err != nil || isNumber(registered[strings.LastIndexByte(registered, '.')+1:]) { // an address
		return place{}
	}
	if suffix, err := match.ParseSuffix(registered); err != nil || suffix != registered {
		return place{}
	}
	m := e.domains[registered]
	if m == nil {
		if len(e.domains) >= maxDomains {
			e.forget()
		}
		m = &mail{}
		e.domains[strings.Clone(registered)] = m
	}
	return place{m, e.hostOf(ascii, registered, m)}
}

func isNumber(label string) bool { return strings.Trim(label, "0123456789") == "" }

// forget makes room: the domains with the least mail go, a quarter of all or more.
func (e *Evidence) forget() {
	e.forgotten = true
	clear(e.recent)
	for least := int64(1); len(e.domains) > maxDomains*3/4; least *= 2 {
		for name, m := range e.domains {
			if m.delivered+m.seen+m.asked+m.from <= least {
				delete(e.domains, name)
				e.hosts -= len(m.hosts)
			}
		}
	}
}

// days is a set of days, of which those that are a multiple of 512 days apart are the same.
type days [8]uint64

// add adds the day of a time in seconds since 1970; 0 is none.
func (d *days) add(time int64) {
	if time != 0 {
		day := time / (24 * 3600) % (64 * int64(len(d)))
		d[day/64] |= 1 << (day % 64)
	}
}

func (d *days) count() int {
	n := 0
	for _, word := range d {
		n += bits.OnesCount64(word)
	}
	return n
}

// some counts different values by their hashes, up to maxSenders.
type some []uint64

// add reports whether a value is new, and there was room for it.
func (s *some) add(hash uint64) bool {
	if len(*s) >= maxSenders || slices.Contains(*s, hash) {
		return false
	}
	*s = append(*s, hash)
	return true
}

// plain returns a text on one line, without what a terminal would obey: it is as others wrote it.
func plain(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, string(text[:min(len(text), maxExample)]))
}
