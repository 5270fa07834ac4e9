// Package sink writes events to where a SOC collects them: files of JSON lines, and syslog servers.
//
// Every sink is a Queue in front of a Target. Whoever reports never waits: a queue that is full drops what comes, and
// counts it. A target that fails is tried again, after ever longer pauses, with the events that wait for it; so nothing is
// lost of an outage that is shorter than the queue is long.
//
// The package knows neither CoreDNS nor Prometheus; an Observer is told what happens. It does not fold repeats (package
// event does).
package sink

import (
	"context"
	"sync"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

const (
	// Waiting is how many events wait for a target at most: some five megabytes.
	Waiting = 8192
	// batchSize is how many events a target is handed at a time at most.
	batchSize = 256
	// firstPause and lastPause are how long a failed target is left alone, doubled with every failure.
	firstPause = 250 * time.Millisecond
	lastPause  = 30 * time.Second
	// farewell is how long a target has to take what waits when it is closed.
	farewell = 2 * time.Second
)

// Target is where events are written to. It is only used by one goroutine at a time.
type Target interface {
	// Write hands over events and returns how many of them were, in order; fewer than all with an error. It gives up when
	// the context ends.
	Write(ctx context.Context, events []*event.Event) (int, error)
	// Close gives everything back.
	Close() error
}

// Observer is told what becomes of events. Its methods must not wait.
type Observer interface {
	// Written is called after so many events were written.
	Written(events int)
	// Dropped is called when so many events will never be written.
	Dropped(events int)
	// Failed is called every time that a target fails.
	Failed(err error)
	// Recovered is called when a target takes events again after it had failed.
	Recovered()
}

// Queue holds events until a target takes them. Its goroutine ends with Close.
type Queue struct {
	events   chan *event.Event
	target   Target
	observer Observer
	failing  bool

	ctx  context.Context // of the goroutine, and canceled farewell after stop
	stop context.CancelFunc
	done sync.WaitGroup
}

// NewQueue returns the queue of a target, which it owns from then on.
func NewQueue(target Target, observer Observer) *Queue {
	q := &Queue{events: make(chan *event.Event, Waiting), target: target, observer: observer}
	q.ctx, q.stop = context.WithCancel(context.Background())
	q.done.Go(q.run)
	return q
}

// Add hands over an event, which must not change any more. It never waits.
func (q *Queue) Add(e *event.Event) {
	select {
	case q.events <- e:
	default:
		q.observer.Dropped(1)
	}
}

// Close writes what waits, for two seconds at most, and gives the target back. Nobody may add events any more.
func (q *Queue) Close() error {
	q.stop()
	q.done.Wait()
	return q.target.Close()
}

func (q *Queue) run() {
	for {
		select {
		case <-q.ctx.Done():
			q.drain()
			return
		case e := <-q.events:
			if rest := q.deliver(q.batch(e)); len(rest) > 0 { // stopped
				q.last(rest)
				return
			}
		}
	}
}

// batch returns an event with those that wait behind it.
func (q *Queue) batch(first *event.Event) []*event.Event {
	batch := []*event.Event{first}
	for len(batch) < batchSize {
		select {
		case e := <-q.events:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

// deliver writes events, however long it takes. It returns those that were left when the queue was stopped.
func (q *Queue) deliver(events []*event.Event) []*event.Event {
	pause := firstPause
	for {
		var failed bool
		if events, failed = q.write(q.ctx, events); !failed {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-q.ctx.Done():
			timer.Stop()
			return events
		}
		pause = min(2*pause, lastPause)
	}
}

// write tries once, and returns what is left.
func (q *Queue) write(ctx context.Context, events []*event.Event) (rest []*event.Event, failed bool) {
	n, err := q.target.Write(ctx, events)
	if n > 0 {
		q.observer.Written(n)
	}
	switch {
	case err != nil && ctx.Err() == nil:
		q.failing = true
		q.observer.Failed(err)
	case err == nil && q.failing:
		q.failing = false
		q.observer.Recovered()
	}
	return events[n:], err != nil
}

// drain writes what waits when the queue is stopped.
func (q *Queue) drain() {
	select {
	case e := <-q.events:
		q.last(q.batch(e))
	default:
	}
}

// last writes events and all that wait behind them. It does not try again: what fails now is lost.
func (q *Queue) last(events []*event.Event) {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	for {
		rest, failed := q.write(ctx, events)
		if failed {
			q.observer.Dropped(len(rest) + len(q.events))
			return
		}
		select {
		case e := <-q.events:
			events = q.batch(e)
		default:
			return
		}
	}
}
