package policy

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
	"github.com/typoguard/coredns-typoguard/test/typos"
)

// What policies of fuzzed blocks protect, allow and deny, and which domains are popular.
var (
	amongProtected = strings.Fields("mil army.mil ing.com gmail.com navy.mil gov.uk na.me mod.gov.uk ups.com us.army.mil bling.com")
	amongAllowed   = strings.Fields("gov.ml good.army.ml a.b.ing.co blin.com x.y.il")
	amongDenied    = strings.Fields("bing.com army.ml sub.gov.ml x.ing.co ubs.com shop.ml")
	amongPopular   = strings.Fields("bing.com army.ml ring.com shop.ml x.ing.co ubs.com some.name co.il lgov.uk ling.com mail.com")
	amongPlaces    = strings.Fields("b.ling.com mod.g.ov.uk g.ov.uk m.il army.m.il g.mail.com n.a.me ar.my.mil") // which resemble one suffix in two places
)

// FuzzAmong: whatever policies there are in a block, mail to a name is either hidden or passes as a whole. If an action hides the MX
// records, it hides the addresses, too; if the MX records pass, so do the addresses; and nothing denies that there are names below one
// below which some pass (RFC 8020). What passes above a hidden name is known to hold such. It is hidden exactly if something that it looks like, in some place, would hide it alone.
func FuzzAmong(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(seed)
	}
	f.Add(uint64(440)) // gov.uk is protected, and too short to hide anything, above mod.gov.uk, which is not
	lists := famous(f, strings.Join(amongPopular, "\n"))
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		var policies []*Policy
		var suffixes []Suffixes
		for range 1 + random.IntN(3) {
			p, of := amongPolicy(random, lists)
			policies, suffixes = append(policies, p), append(suffixes, of)
		}
		s, err := Compile(policies, suffixes, time.Now(), nil)
		if err != nil {
			return // they contradict each other
		}
		known := random.IntN(3)
		for range 50 {
			checkAmong(t, s, amongName(random), known)
		}
	})
}

// amongPolicy makes a policy, with its suffixes.
func amongPolicy(random *rand.Rand, lists []*popular.List) (*Policy, Suffixes) {
	some := func(names []string) string {
		return names[random.IntN(len(names))] + " " + names[random.IntN(len(names))]
	}
	one := func(in int) bool { return random.IntN(in) == 0 }
	p := &Policy{Action: Action(random.IntN(len(ActionNames))), Distance: 1, Kinds: match.AllKinds.Without(match.Multiple), Keyboard: match.QWERTY, ReportShort: one(3)}
	of := Suffixes{Protected: list(some(amongProtected))}
	if one(3) {
		p.Types = mailTypes
	}
	if one(4) {
		p.Mode = Monitor
	}
	if one(3) {
		p.Require = &Requirement{OnError: OnError(random.IntN(len(OnErrorNames)))}
	}
	if one(4) {
		p.Kinds = match.Kinds(0).With(match.Omission).With(match.Addition)
	}
	if one(2) {
		of.Allowed = list(some(amongAllowed))
	}
	if one(2) {
		p.Popular = lists
		of.Denied = list(some(amongDenied))
	}
	return p, of
}

// amongName makes a name that a policy may have something to do with.
func amongName(random *rand.Rand) string {
	all := [...][]string{amongProtected, amongAllowed, amongDenied, amongPopular, amongPlaces}[random.IntN(5)]
	name := all[random.IntN(len(all))]
	if random.IntN(2) == 0 {
		name = typos.Edit(name, random.IntN(len(name)), typos.Op(random.IntN(4)), ".abginory"[random.IntN(9):][:1])
	}
	name = [...]string{"", "", "a.", "mail.", "b.c."}[random.IntN(5)] + strings.Trim(name, ".")
	return strings.ReplaceAll(name, "..", ".")
}

// checkAmong fails the test if policies hide only part of a name, or deny the names below another although some of them pass, or do not know
// that some below it are hidden. What is known
// of counterparts depends on their length and on a number.
func checkAmong(t *testing.T, s *Set, name string, known int) {
	t.Helper()
	query := func(name string, qtype uint16) *Query {
		return &Query{Name: name, Type: qtype, Exists: func(domain string, _ time.Duration) Existence {
			return [...]Existence{Absent, Unknown, Exists}[(len(domain)+known)%3]
		}}
	}
	judge := func(name string, qtype uint16) Decision { return s.Judge(query(name, qtype)) }
	mx := judge(name, dns.TypeMX)
	checkMatches(t, s, query(name, dns.TypeMX), &mx)
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		switch d := judge(name, qtype); {
		case !mx.Enforced():
			require.False(t, d.Enforced(), "only the addresses of %s are hidden", name)
		case mx.Policy.Action != NullMX: // after which no mail server asks for addresses
			require.True(t, d.Enforced(), "the addresses of %s are not hidden", name)
		}
	}
	for above, ok := parent(name); ok && mx.Enforced(); above, ok = parent(above) {
		if d := judge(above, dns.TypeMX); !d.Enforced() {
			require.True(t, s.mayHoldLookalikes(above, query(name, dns.TypeMX)), "%s is above %s", above, name)
		}
	}
	if mx.Enforced() {
		return
	}
	for above, ok := parent(name); ok; above, ok = parent(above) {
		for _, qtype := range []uint16{dns.TypeMX, dns.TypeA, dns.TypeTXT} {
			d := judge(above, qtype)
			require.False(t, d.Enforced() && d.NoName, "%s is denied, and %s passes", above, name)
		}
	}
}

// checkMatches fails the test unless a name is hidden if one of its matches alone hides it, and deferred if none does so for certain.
func checkMatches(t *testing.T, s *Set, q *Query, d *Decision) {
	t.Helper()
	hidden, deferred := false, true
	for _, m := range s.lookup(q.Name, new(match.Buffer)).Matches {
		alone := s.pick(q, []match.Match{m})
		hidden = hidden || alone.Enforced()
		deferred = deferred && (alone.Deferred() || !alone.Enforced())
	}
	require.Equal(t, hidden, d.Enforced(), "%s, by any of its matches", q.Name)
	require.Equal(t, hidden && deferred, d.Deferred(), "%s, by any of its matches", q.Name)
}
