//go:build e2e

package soak_test

import (
	"context"
	"sync"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit/wrongclock"
)

const (
	// endsIn is when some entries of lists end. One of the faults takes the clock there.
	endsIn = 30 * 24 * time.Hour
	// noticedWithin is how long it may take until the server notices that the clock was set, and what a busy machine adds.
	noticedWithin = 10 * time.Second
)

// What is allowed until the end, what is protected until then, and a lookalike of that.
const (
	endingAllowed   = "navz.mil"
	endingSuffix    = "customer.example"
	endingLookalike = "custmer.example"
)

// end is when some entries of lists end.
var end = time.Now().Add(endsIn).UTC()

// untilEnd returns the line of a list for a suffix that counts until the end.
func untilEnd(suffix string) string { return suffix + " until=" + end.Format(time.RFC3339) + "\n" }

// wallClock is the clock of both servers.
type wallClock struct {
	path string
	mu   sync.Mutex
	sets []setting
}

// setting is what the clock was set to at a time.
type setting struct {
	at     time.Time
	offset time.Duration
}

// set sets the clock, wrong by an offset.
func (c *wallClock) set(offset time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sets = append(c.sets, setting{time.Now(), offset})
	return wrongclock.Write(c.path, offset)
}

// since returns what the clock was set to from a time on.
func (c *wallClock) since(from time.Time) []setting {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := len(c.sets) - 1
	for first > 0 && c.sets[first].at.After(from) {
		first--
	}
	return c.sets[first:len(c.sets):len(c.sets)]
}

// shown returns what the clock has shown since a time: from when until when, for each time that it was set.
func (c *wallClock) shown(from time.Time) [][2]time.Time {
	var all [][2]time.Time
	sets := c.since(from)
	for i, s := range sets {
		began, ended := s.at, time.Now()
		if i == 0 {
			began = from
		}
		if i+1 < len(sets) {
			ended = sets[i+1].at
		}
		all = append(all, [2]time.Time{began.Add(s.offset), ended.Add(s.offset)})
	}
	return all
}

// hasEnded reports whether the end has come, for a server that was asked and has answered at some times, and whether that is certain.
func (c *wallClock) hasEnded(asked, answered time.Time) (ended, certain bool) {
	if c == nil {
		return false, true
	}
	certain = true
	for i, s := range c.since(asked.Add(-noticedWithin)) {
		if s.at.After(answered) {
			break
		}
		is := s.offset >= endsIn
		certain = certain && (i == 0 || is == ended)
		ended = is
	}
	return ended, certain
}

// addEnding looks whether a sample is right about an entry that ends, and makes it right if it is. The caller holds the lock.
func (t *tally) addEnding(s *sample, fault string) {
	if s.class != allowedUntil && s.class != lookalikeUntil {
		return
	}
	ended, certain := t.clock.hasEnded(s.asked, s.answered)
	switch {
	case s.guarded == hidden && s.class == allowedUntil, s.guarded == leaked && s.class == lookalikeUntil:
		if ended || !certain {
			s.guarded = right
		}
	case s.guarded == right && ended && certain:
		t.note("an entry of a list counts that has ended", s, fault)
	}
}

// clockFaults are those of the clock.
func (w *world) clockFaults() []fault {
	if !wrongclock.Works {
		return nil
	}
	const of, day = "clock", 24 * time.Hour
	var all []fault
	for name, offset := range map[string]time.Duration{
		"minutes ahead": 2 * time.Minute, "an hour back": -time.Hour, "a day ahead": day, "a year ahead": 365 * day, "ten years back": -3652 * day,
	} {
		all = append(all, fault{
			of + " " + name, harmless, of,
			func(context.Context, *storm) error { return w.clock.set(offset) },
			func(context.Context, *storm) error { return w.clock.set(0) },
		})
	}
	return all
}
