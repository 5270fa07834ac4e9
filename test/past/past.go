// Package past makes up events as a network has in some days, for tests and measurements of their history.
package past

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// slips are lookalikes of protected domains, with the names that were meant. The third policy only monitors.
var slips = []struct{ near, meant, kind, policy string }{
	{"army.ml", "army.mil", "omission", "us-military"},
	{"nvay.mil", "navy.mil", "transposition", "us-military"},
	{"af.mol", "af.mil", "substitution", "us-military"},
	{"arrny.mil", "army.mil", "homoglyph", "us-military"},
	{"partnr.example", "partner.example", "omission", "partners"},
	{"patrner.example", "partner.example", "transposition", "partners"},
	{"mindfe.nl", "mindef.nl", "transposition", "trial"},
	{"minddef.nl", "mindef.nl", "addition", "trial"},
}

// Events returns so many events, the oldest first, spread evenly over a time that ends at a moment. Of 2,000 clients and 50,000
// lookalikes a few are frequent, as a bulk mailer with a wrong address is, and most are rare. They are the same for the same
// random numbers.
func Events(random *rand.Rand, count int, until time.Time, over time.Duration) iter.Seq[*event.Event] {
	names, clients := rand.NewZipf(random, 1.1, 20, 49_999), rand.NewZipf(random, 1.2, 5, 1_999)
	return func(yield func(*event.Event) bool) {
		for n := range count {
			age := time.Duration(float64(over) * float64(count-n) / float64(count))
			if !yield(made(n, names.Uint64(), clients.Uint64(), until.Add(-age).Truncate(time.Millisecond))) {
				return
			}
		}
	}
}

// made returns the event of a number.
func made(n int, name, client uint64, at time.Time) *event.Event {
	slip := slips[name%uint64(len(slips))]
	host := fmt.Sprintf("mail%d.", name)
	e := &event.Event{
		ID: fmt.Sprintf("%010x", n), First: at, Last: at.Add(300 * time.Millisecond), Count: 3,
		Client:    fmt.Sprintf("10.0.%d.%d", client>>8, client&255),
		Lookalike: event.Lookalike{Protected: slip.meant, Intended: host + slip.meant, Kind: slip.kind, Distance: 1, Policy: slip.policy},
		Action:    "nxdomain", Mode: "enforce",
		Name: host + slip.near, Question: host + slip.near, Type: "MX", Types: []string{"MX", "A", "AAAA"}, ResponseCode: "NXDOMAIN", Server: "dns://:53",
	}
	if slip.kind == "homoglyph" {
		e.Distance = 0
	}
	if slip.policy == "trial" {
		e.Mode, e.ResponseCode = "monitor", ""
	}
	return e
}
