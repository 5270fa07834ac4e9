//go:build e2e

package review

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// typo is a lookalike that is asked for again and again.
type typo struct {
	name string
	event.Lookalike
	mode, action string
	weight       int
}

func looksLike(intended, protected, kind string, distance int, policy string) event.Lookalike {
	return event.Lookalike{Protected: protected, Intended: intended, Kind: kind, Distance: distance, Policy: policy}
}

// typos are lookalikes of three policies, the last of which only monitors.
var typos = []typo{
	{"army.ml", looksLike("army.mil", "mil", "omission", 1, "mil"), "enforce", "nxdomain", 30},
	{"us.army.ml", looksLike("us.army.mil", "mil", "omission", 1, "mil"), "enforce", "nxdomain", 22},
	{"navy.ml", looksLike("navy.mil", "mil", "omission", 1, "mil"), "enforce", "nxdomain", 14},
	{"mail.af.mi", looksLike("mail.af.mil", "mil", "omission", 1, "mil"), "enforce", "nxdomain", 5},
	{"usmc.mill", looksLike("usmc.mil", "mil", "addition", 1, "mil"), "enforce", "nxdomain", 4},
	{"socom.mli", looksLike("socom.mil", "mil", "transposition", 1, "mil"), "enforce", "nxdomain", 4},
	{"mail.mul", looksLike("mail.mil", "mil", "adjacent", 1, "mil"), "enforce", "nxdomain", 3},
	{"partnr.example", looksLike("partner.example", "partner.example", "omission", 1, "partners"), "enforce", "nullmx", 12},
	{"mail.partenr.example", looksLike("mail.partner.example", "partner.example", "transposition", 1, "partners"), "enforce", "nullmx", 6},
	{"prtner.exampel", looksLike("partner.example", "partner.example", "multiple", 2, "partners"), "enforce", "nullmx", 3},
	{"defensie.n", looksLike("defensie.nl", "defensie.nl", "omission", 1, "trial"), "monitor", "nxdomain", 12},
	{"mail.defencie.nl", looksLike("mail.defensie.nl", "defensie.nl", "substitution", 1, "trial"), "monitor", "nxdomain", 9},
	{"arrny.mil", looksLike("army.mil", "army.mil", "homoglyph", 0, "mil"), "enforce", "nxdomain", 2},
	{"xn--rmy-5cd.mil", looksLike("army.mil", "army.mil", "homoglyph", 0, "mil"), "enforce", "nxdomain", 2},
}

// lookups are events within the time that ended now, those of the last half more often.
func lookups(count int, within time.Duration) []*event.Event {
	var weights int
	for _, t := range typos {
		weights += t.weight
	}
	events := make([]*event.Event, count)
	for i := range events {
		at := time.Now()
		if within > 0 {
			back := rand.Float64()
			at = at.Add(-time.Duration(back * back * float64(within)))
		}
		pick := rand.IntN(weights)
		for _, t := range typos {
			if pick -= t.weight; pick < 0 {
				events[i] = t.event(at)
				break
			}
		}
	}
	return events
}

// event is one lookup of a typo.
func (t *typo) event(at time.Time) *event.Event {
	e := &event.Event{
		ID: newID(), First: at, Last: at.Add(time.Duration(rand.IntN(200)) * time.Second), Count: 1 + rand.IntN(6),
		Client: fmt.Sprintf("192.0.2.%d", 1+int(40*rand.Float64()*rand.Float64())), NewClient: rand.IntN(30) == 0,
		Lookalike: t.Lookalike, Action: t.action, Mode: t.mode,
		Name: t.name, Question: t.name, Type: "MX", Types: []string{"MX", "A", "AAAA"}, Server: "dns://:53",
	}
	if rand.IntN(5) == 0 {
		e.Client = fmt.Sprintf("2001:db8:0:%x::25", 1+rand.IntN(9))
	}
	switch {
	case t.mode == "monitor":
	case t.action == "nxdomain":
		e.ResponseCode = "NXDOMAIN"
	default:
		e.ResponseCode = "NOERROR"
	}
	if t.Policy == "partners" {
		e.Counterpart = "exists"
	}
	return e
}

// queued are open events of a policy of their own: 100 of 20 names.
func queued() []*event.Event {
	var events []*event.Event
	for i := range 100 {
		name := fmt.Sprintf("unit%02d.army", i%20)
		t := typo{name + ".ml", looksLike(name+".mil", "mil", "omission", 1, "queue"), "enforce", "nxdomain", 0}
		events = append(events, t.event(time.Now().Add(-time.Duration(i+1)*13*time.Minute)))
	}
	return events
}

// newID is an id as events have them, of an alphabet that shows that it was made up.
func newID() string {
	id := make([]byte, 10)
	for i := range id {
		id[i] = "abcdefghijklmnopqrstuvwxyz234567"[rand.IntN(32)]
	}
	return string(id)
}

// Ids of events that tests open.
const (
	idOmission  = "omission22"
	idHomoglyph = "homoglyph2"
	idSMTP      = "smtp222222"
	idOther     = "other22222"
	idTarget    = "target2222"
	idHostile   = "hostile222"
)

// hostile is what a stranger may write wherever a stranger can.
const hostile = `"'><img src=x onerror=alert(1)><script>alert(2)</script>` + "\u202e\u0000gpj"

// strange are events that have everything, among it what an attacker would try.
func strange() []*event.Event {
	now := time.Now()
	t := typo{"us.army.ml", looksLike("us.army.mil", "mil", "omission", 1, "mil"), "enforce", "nxdomain", 0}
	omission := t.event(now.Add(-90 * time.Second))
	omission.ID, omission.Client, omission.NewClient, omission.Via, omission.View, omission.Count = idOmission, "192.0.2.7", true, "192.0.2.53", "mail", 3
	omission.Candidates = []event.Lookalike{
		{Protected: "army.mil", Intended: "us.army.mil", Kind: "omission", Distance: 1, Policy: "partners"},
		{Protected: "us.army.nl", Intended: "us.army.nl", Kind: "substitution", Distance: 1, Policy: "trial"},
	}
	homoglyph := (&typo{"mail.xn--rmy-5cd.mil", looksLike("mail.army.mil", "army.mil", "homoglyph", 0, "mil"), "enforce", "nxdomain", 0}).event(now.Add(-80 * time.Second))
	homoglyph.ID = idHomoglyph
	smtp := (&typo{"us.army.ml", looksLike("us.army.mil", "mil", "omission", 1, "mil"), "enforce", event.SMTPRefused, 0}).event(now.Add(-70 * time.Second))
	smtp.ID, smtp.Question, smtp.Type, smtp.Types, smtp.ResponseCode, smtp.Count = idSMTP, "", "", nil, "", 1
	smtp.SMTP = &event.SMTP{Helo: "mx1.corp.example", Sender: "alice@corp.example", Recipient: "bob@us.army.ml", TLS: true}
	other := &event.Event{
		ID: idOther, First: now.Add(-60 * time.Second), Last: now.Add(-60 * time.Second), Count: 1, Client: "192.0.2.25", Action: event.SMTPRefused, Mode: "enforce",
		Name: "example.org", SMTP: &event.SMTP{Helo: "relay", Recipient: "example.org"},
	}
	target := (&typo{"mx.army.ml", looksLike("mx.army.mil", "mil", "omission", 1, "trial"), "monitor", "nxdomain", 0}).event(now.Add(-50 * time.Second))
	target.ID, target.Question, target.Record, target.Client = idTarget, "supplier.example", "MX", ""
	evil := (&typo{hostile + ".ml", looksLike(hostile+".mil", "mil", "omission", 1, hostile), "enforce", event.SMTPRefused, 0}).event(now.Add(-40 * time.Second))
	evil.ID, evil.View, evil.Server, evil.Question, evil.Record = idHostile, hostile, hostile, hostile, hostile
	evil.SMTP = &event.SMTP{Helo: hostile + "\xff", Sender: hostile, Recipient: hostile}
	evil.Count = 3
	evil.Parts = []event.Part{
		{Type: hostile, Via: hostile, Question: hostile, Record: hostile, Count: 1, First: evil.First, Last: evil.Last},
		{SMTP: evil.SMTP, ID: hostile, Host: hostile, Count: 1, First: evil.First, Last: evil.Last}, {Rest: true, Count: 1, First: evil.First, Last: evil.Last},
	}
	evil.Candidates = []event.Lookalike{{Protected: hostile, Intended: hostile, Kind: hostile, Distance: 1, Policy: hostile}}
	return []*event.Event{omission, homoglyph, smtp, other, target, evil}
}
