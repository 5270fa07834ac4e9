//go:build e2e

package soak_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// rank is what a fault may do to answers, with typoguard or without. Of several faults at a time the roughest counts.
type rank int

const (
	calm     rank = iota // nothing
	harmless             // nothing either: typoguard has to stand it alone
	busy                 // a connection that was just accepted is closed, and the client has to ask again
	rough                // answers come late, or never
	down                 // there is nobody to answer
)

// aftermath is how long a fault goes on to count after its end: until queries that were asked meanwhile are answered, forward asks an
// upstream again that was away, and the cache forgets a failure, which takes it five seconds.
const aftermath = answerWithin + 5*time.Second

// window is the time of a fault.
type window struct {
	fault    string
	rank     rank
	from, to time.Time // to is zero as long as it lasts
}

// count is what came of queries.
type count struct {
	asked          int
	guarded, stock map[outcome]int
	cut, stockCut  int // connections that were closed before there was an answer
}

// tally counts what comes of the queries, by what was the matter at the time, and collects violations.
type tally struct {
	mu         sync.Mutex
	windows    []*window
	counts     map[string]*count // by fault and network
	ranks      map[string]rank   // of the same
	classes    [classes]int
	asked      map[string]time.Time // lookalikes that were hidden, by name
	violations map[string][]string  // by invariant
	clock      *wallClock           // of the servers; nil if it is always right
}

func newTally() *tally {
	return &tally{counts: map[string]*count{}, ranks: map[string]rank{}, asked: map[string]time.Time{}, violations: map[string][]string{}}
}

// begin begins the time of a fault; end ends it.
func (t *tally) begin(fault string, r rank) *window {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.windows = slices.DeleteFunc(t.windows, func(w *window) bool { return !w.to.IsZero() && now.Sub(w.to) > time.Minute })
	w := &window{fault: fault, rank: r, from: now}
	t.windows = append(t.windows, w)
	return w
}

func (t *tally) end(w *window) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.to = time.Now().Add(aftermath)
}

// roughest returns what was the matter with a sample. The caller holds the lock.
func (t *tally) roughest(s *sample) (string, rank) {
	fault, worst := "calm", calm
	for _, w := range t.windows {
		if s.answered.After(w.from) && (w.to.IsZero() || s.asked.Before(w.to)) && w.rank > worst {
			fault, worst = w.fault, w.rank
		}
	}
	return fault, worst
}

// add counts a sample, and looks whether it is a violation by itself.
func (t *tally) add(s *sample) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fault, r := t.roughest(s)
	t.addEnding(s, fault)
	key := fault + ", " + s.network
	c := t.counts[key]
	if c == nil {
		c = &count{guarded: map[outcome]int{}, stock: map[outcome]int{}}
		t.counts[key], t.ranks[key] = c, r
	}
	t.classes[s.class]++
	c.asked++
	c.guarded[s.guarded]++
	c.stock[s.stock]++
	if s.cut {
		c.cut++
	}
	if s.stockCut {
		c.stockCut++
	}
	switch {
	case s.guarded == leaked:
		t.note("a lookalike was answered with a route", s, fault)
	case s.guarded == hidden:
		t.note("a name that is no lookalike was hidden", s, fault)
	case s.guarded == wrong && s.class == lookalike:
		t.note("a lookalike was answered otherwise than its policy says", s, fault)
	case s.guarded != right && s.stock.answered() && r <= busy:
		t.note("an answer was lost or wrong that the stock server had", s, fault)
	}
	if s.class == lookalike && s.guarded == right {
		t.asked[s.name] = s.answered
	}
}

// expectEvent says that a lookalike was hidden.
func (t *tally) expectEvent(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked[name] = time.Now()
}

// note notes a violation. The caller holds the lock.
func (t *tally) note(invariant string, s *sample, fault string) {
	t.violations[invariant] = append(t.violations[invariant], fmt.Sprintf("%s %s over %s, during %s, from %s to %s: %s",
		s.name, dns.TypeToString[s.qtype], s.network, fault, s.asked.Format("15:04:05.000"), s.answered.Format("15:04:05.000"), s.detail()))
}

// violate notes a violation of another kind.
func (t *tally) violate(invariant, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.violations[invariant] = append(t.violations[invariant], fmt.Sprintf(format, args...))
}

// judge compares what both servers lost, by fault: the rougher ones by how far chance can take them apart.
func (t *tally) judge() {
	for key, c := range t.counts {
		var guarded, stock int
		for _, o := range []outcome{lost, wrong, hidden} {
			guarded += c.guarded[o]
			stock += c.stock[o]
		}
		// What differs by chance is the number of those that only one of them lost: some square root of both.
		if allowance := 4 * math.Sqrt(float64(guarded+stock)); t.ranks[key] == rough && float64(guarded-stock) > allowance+3 {
			t.violate("more was lost than by the stock server", "during %s: %d of %d, and %d by the stock server", key, guarded, c.asked, stock)
		}
	}
}

// table prints the counts.
func (t *tally) table() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var text strings.Builder
	for c, n := range t.classes {
		fmt.Fprintf(&text, "queries, %s: %d\n", class(c), n)
	}
	fmt.Fprintf(&text, "%-34s %8s | %6s %6s %6s %6s | stock: %6s %6s %6s %6s\n", "during, over", "queries",
		"lost", "wrong", "leaked", "cut", "lost", "wrong", "leaked", "cut")
	for _, key := range slices.Sorted(maps.Keys(t.counts)) {
		c := t.counts[key]
		fmt.Fprintf(&text, "%-34s %8d | %6d %6d %6d %6d | stock: %6d %6d %6d %6d\n", key, c.asked,
			c.guarded[lost], c.guarded[wrong], c.guarded[leaked], c.cut, c.stock[lost], c.stock[wrong], c.stock[leaked], c.stockCut)
	}
	return text.String()
}
