//go:build e2e

package soak_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

const (
	// settleTime is how long an event may take to reach its sink, on a busy machine; a process that is killed loses those.
	settleTime = 4 * time.Second
	// catchUpTime is how long sinks have to write everything after they are back: they retry every 30 seconds.
	catchUpTime = 90 * time.Second
	// pollInterval is how often metrics are read.
	pollInterval = 500 * time.Millisecond
)

// sinkState is what is known of a sink.
type sinkState struct {
	name    string        // in metrics and log
	hangs   time.Duration // how long it may take to fail
	holds   func(name string) bool
	pending map[string]time.Time // lookalikes whose event was not found yet, by name
	excused [][2]time.Time       // times whose events may be lost: a process was killed
	current int                  // dropped by the process that runs
	dropped int                  // by those before
	missing int                  // not found, and not excused
	lastUp  time.Time
}

// events looks whether the event of every lookalike arrives, or is counted as lost.
type events struct {
	world  *world
	tally  *tally
	mu     sync.Mutex
	file   *sinkState
	sqlite *sinkState
	pg     *sinkState

	read    map[uint64]int64 // of event files, by inode
	early   map[string]bool  // lookalikes whose event was read before they were taken
	renamed string           // the event file that was set aside last
	since   time.Time        // events of histories before that were found
	aside   int              // how many databases had been set aside when one was damaged, and -1 if none is
	found   int
	said    int64 // how much of the log was read
}

// What the server logs of events that it could not write before it ended, and of those that came when it was ending.
var (
	lossLine = regexp.MustCompile(`events: (\d+) events for (\S+) were lost`)
	lateLine = regexp.MustCompile(`events: (\d+) queries for lookalikes were not reported`)
)

func newEvents(w *world, t *tally) *events {
	below := func(suffixes []string) func(string) bool {
		return func(name string) bool {
			return slices.ContainsFunc(suffixes, func(s string) bool { return dns.IsSubDomain(s+".", name) })
		}
	}
	newState := func(name string, hangs time.Duration, holds func(string) bool) *sinkState {
		return &sinkState{name: name, hangs: hangs, holds: holds, pending: map[string]time.Time{}}
	}
	const timeout = 20 * time.Second // of a database
	return &events{
		world: w, tally: t, read: map[uint64]int64{}, early: map[string]bool{}, since: time.Now(), aside: -1,
		file:   newState(w.eventsFile(), 0, func(string) bool { return true }),
		sqlite: newState("sqlite://"+w.databaseFile(), timeout, below(mailSuffixes)),
		pg:     newState(strings.TrimSuffix(w.postgres.DSN("postgres"), "?sslmode=disable"), timeout, below(sunkSuffixes)),
	}
}

func (e *events) sinks() []*sinkState { return []*sinkState{e.file, e.sqlite, e.pg} }

// excuse says that events of a sink may be lost that happened in a time.
func (e *events) excuse(s *sinkState, from, to time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s.excused = append(s.excused, [2]time.Time{from, to})
}

// damage says that the SQLite database is being damaged. What is in it is lost, and what is written to it until the server notices, which
// works with pages in memory as long as it can.
func (e *events) damage() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.aside = e.countAside()
}

// countAside returns how many databases have been set aside.
func (e *events) countAside() int {
	all, _ := filepath.Glob(e.world.databaseFile() + ".damaged-*Z") // the pattern is valid
	return len(all)
}

// endDamage excuses what was lost with a damaged database, once it has been set aside.
func (e *events) endDamage() {
	if e.aside >= 0 && e.countAside() > e.aside {
		e.sqlite.excused = append(e.sqlite.excused, [2]time.Time{{}, time.Now().Add(settleTime)})
		e.aside = -1
	}
}

// lastMoment is how long before the end of the process a query may be answered that nobody counts any more.
const lastMoment = 100 * time.Millisecond

// excuseLast excuses what was answered in the last moment of a process that has just ended.
func (e *events) excuseLast(ended time.Time) {
	for _, s := range e.sinks() {
		e.excuse(s, ended.Add(-lastMoment), ended.Add(lastMoment))
	}
}

// watch reads the metrics until the context ends.
func (e *events) watch(ctx context.Context) { every(ctx, pollInterval, func() { e.scrape(ctx) }) }

// scrape notes what the running process says of its sinks.
func (e *events) scrape(ctx context.Context) {
	m, err := kit.Scrape(ctx, guardedMetrics)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.endDamage()
	if err != nil {
		return // it is down
	}
	now := time.Now()
	for _, s := range e.sinks() {
		series := func(name string) float64 { return m[fmt.Sprintf(`coredns_typoguard_%s{sink=%q}`, name, s.name)] }
		s.current = max(s.current, int(series("events_dropped_total")))
		if series("events_sink_up") == 1 {
			s.lastUp = now
		}
	}
}

// endLife is called before the process ends. One that is killed loses what it had not written.
func (e *events) endLife(ctx context.Context, killed bool) {
	e.scrape(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for _, s := range e.sinks() {
		s.dropped += s.current
		s.current = 0
		if killed {
			// What waited for a sink that fails is lost as well.
			s.excused = append(s.excused, [2]time.Time{s.lastUp.Add(-s.hangs - settleTime), now.Add(settleTime)})
		}
	}
}

// take adds the lookalikes that were asked for since the last time.
func (e *events) take() {
	e.tally.mu.Lock()
	asked := e.tally.asked
	e.tally.asked = map[string]time.Time{}
	e.tally.mu.Unlock()
	for name, at := range asked {
		for _, s := range e.sinks() {
			if s.holds(name) && (s != e.file || !e.early[name]) {
				s.pending[name] = at
			}
		}
		delete(e.early, name)
	}
}

// pausedUntilCaughtUp returns when the event of every lookalike that was asked for before has been found, or has had time enough.
func (e *events) pausedUntilCaughtUp(ctx context.Context) {
	e.mu.Lock()
	e.take()
	before := time.Now()
	e.mu.Unlock()
	e.setAside()
	deadline, progress, last := time.Now().Add(catchUpTime), time.Now(), -1
	var err error
	for {
		err = e.find(ctx)
		missing, counted := e.waiting()
		if missing != last {
			last, progress = missing, time.Now()
		}
		// What was counted as lost never comes, but nobody knows which events those are.
		if err == nil && (missing == 0 || counted && time.Since(progress) > settleTime) || time.Now().After(deadline) {
			break
		}
		pause(ctx, time.Second)
	}
	if err != nil {
		e.tally.violate("the events cannot be read", "%v", err)
	}
	e.since = before.Add(-settleTime)
	e.settle()
}

// waiting returns how many events are waited for, except those that may be lost, and whether so many were counted as lost.
func (e *events) waiting() (missing int, counted bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.countLogged()
	counted = true
	for _, s := range e.sinks() {
		n := 0
		for _, at := range s.pending {
			if !s.isExcused(at) {
				n++
			}
		}
		missing += n
		writes := time.Since(s.lastUp) < settleTime // otherwise more may come
		counted = counted && writes && s.missing+n <= s.dropped+s.current
	}
	return missing, counted
}

func (s *sinkState) isExcused(at time.Time) bool {
	return slices.ContainsFunc(s.excused, func(times [2]time.Time) bool { return at.After(times[0]) && at.Before(times[1]) })
}

// settle compares what is missing with what was counted as lost.
func (e *events) settle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.countLogged()
	for _, s := range e.sinks() {
		var example string
		for name, at := range s.pending {
			if !s.isExcused(at) {
				s.missing++
				example = fmt.Sprintf("%s of %s", name, at.Format("15:04:05.000"))
			}
		}
		clear(s.pending)
		s.excused = nil
		if counted := s.dropped + s.current; s.missing > counted {
			e.tally.violate("an event was lost and not counted", "%s: %d are missing, such as %s; %d are counted", s.name, s.missing, example, counted)
			s.missing = counted // once
		}
	}
}

// countLogged counts the events of which processes said at their end that they were lost.
func (e *events) countLogged() {
	var text string
	text, e.said = e.world.guarded.said(e.said)
	for _, match := range lateLine.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(match[1]) // the expression allows digits only
		for _, s := range e.sinks() {
			s.dropped += n
		}
	}
	for _, match := range lossLine.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(match[1])
		for _, s := range e.sinks() {
			if s.name == match[2] {
				s.dropped += n
			}
		}
	}
}

// summary says what became of the events.
func (e *events) summary() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := fmt.Sprintf("events read from files: %d\n", e.found)
	counted := map[string]int{}
	for _, s := range e.sinks() {
		counted[s.name] = s.dropped + s.current
	}
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		text += fmt.Sprintf("events counted as lost at %s: %d\n", name, counted[name])
	}
	return text
}
