// Package watch looks up the neighbours of protected suffixes now and then, for the option "watch": a lookalike that somebody registers, or
// that begins to take mail, is known before mail to it is.
//
// It looks up one name at a time with a function that the caller provides, at most one a second, and mostly far fewer: all names within
// a round. It remembers what it saw in a Memory, which the caller keeps.
package watch

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/existence"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

const (
	// minInterval is the time between two lookups at least, and round that in which every name is looked up once, if it suffices.
	minInterval = time.Second
	round       = 6 * time.Hour
	// emptyInterval is how long it takes to see that there are names, after there were none.
	emptyInterval = time.Minute
	// lookupTimeout limits a lookup.
	lookupTimeout = 5 * time.Second
)

// Result is what a lookup found, as it stands in metrics.
type Result string

// The results.
const (
	Absent Result = "absent" // the name does not exist
	Exists Result = "exists" // it does, but has no mail server
	Mail   Result = "mail"   // it has one
	Failed Result = "failed" // there was no usable answer
)

// Results are all results.
func Results() []Result { return []Result{Absent, Exists, Mail, Failed} }

// Observer learns what a Watcher finds. Its methods must not block.
type Observer interface {
	// LookedUp is called after a lookup.
	LookedUp(Result)
	// Changed is called for a name that has changed, with its state now.
	Changed(*Name, Change, State)
}

// Watcher watches names.
type Watcher struct {
	// Names returns the names to watch, and is called before each round.
	Names    func() []Name
	Lookup   existence.Lookup
	Memory   *Memory
	Observer Observer
}

// Run watches until the context ends.
func (w *Watcher) Run(ctx context.Context) {
	for ctx.Err() == nil {
		names := w.Names()
		if len(names) == 0 { // the lists may not be there yet
			pause(ctx, emptyInterval)
			continue
		}
		interval := max(minInterval, round/time.Duration(len(names)))
		for i := range names {
			pause(ctx, interval/2+rand.N(interval)) //nolint:gosec // not in step with other resolvers
			if ctx.Err() != nil {
				return
			}
			w.look(ctx, &names[i])
		}
	}
}

// pause waits, unless the context ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// look looks up the mail servers of a name.
func (w *Watcher) look(ctx context.Context, n *Name) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	state, result := stateIn(w.Lookup(ctx, dns.Fqdn(n.Name), dns.TypeMX))
	w.Observer.LookedUp(result)
	if result == Failed {
		return
	}
	if change := w.Memory.Learn(n.Policy, n.Name, state); change != None {
		w.Observer.Changed(n, change, state)
	}
}

// stateIn returns what a reply to a query for mail servers says; nil is no reply. A null MX (RFC 7505) is no mail server.
func stateIn(reply *dns.Msg) (State, Result) {
	switch {
	case reply == nil:
		return State{}, Failed
	case reply.Rcode == dns.RcodeNameError:
		return State{}, Absent
	case reply.Rcode != dns.RcodeSuccess:
		return State{}, Failed
	}
	var servers []*dns.MX
	for _, rr := range reply.Answer {
		if mx, ok := rr.(*dns.MX); ok && mx.Mx != "." {
			servers = append(servers, mx)
		}
	}
	if len(servers) == 0 {
		return State{Exists: true}, Exists
	}
	best := slices.MinFunc(servers, func(a, b *dns.MX) int {
		if a.Preference != b.Preference {
			return int(a.Preference) - int(b.Preference)
		}
		return strings.Compare(strings.ToLower(a.Mx), strings.ToLower(b.Mx))
	})
	return State{Exists: true, Host: strings.ToLower(strings.TrimSuffix(best.Mx, "."))}, Mail
}

// mailDomain returns the registered domain of a mail server, or its name if it has none.
func mailDomain(host string) string { return cmp.Or(match.Registered(host), host) }
