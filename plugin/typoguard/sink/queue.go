// Package sink writes events to where a SOC collects them: files of JSON lines, and syslog servers.
//
// Every sink is a Queue in front of a Target. Adding an event never blocks: a full queue drops new events and counts them. If a
// target fails, the queue retries with increasing pauses, so an outage loses nothing unless the queue fills up.
//
// The package knows neither CoreDNS nor Prometheus: it reports to an Observer. It does not fold repeats (package event does).
package sink

import (
	"context"
	"sync"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

const (
	// QueueSize is the capacity of a queue, in events: about five megabytes.
	QueueSize = 8192
	// batchSize is the highest number of events that a target gets at once.
	batchSize = 256
	// The pause after a failure doubles from firstPause to lastPause.
	firstPause = 250 * time.Millisecond
	lastPause  = 30 * time.Second
	// shutdownTimeout is how long Close tries to write queued events.
	shutdownTimeout = 2 * time.Second
)

// Target is a destination of events. Only one goroutine at a time uses it.
type Target interface {
	// Write writes events in order and returns how many it wrote; fewer than all only with an error. It gives up when the
	// context ends.
	Write(ctx context.Context, events []*event.Event) (int, error)
	// Close releases all resources.
	Close() error
}

// Observer learns what happens to events. Its methods must not block.
type Observer interface {
	// Written is called after events were written.
	Written(events int)
	// Dropped is called when events are lost because the queue is full.
	Dropped(events int)
	// Abandoned is called when events are lost because the queue is closed while its target fails.
	Abandoned(events int)
	// Failed is called whenever the target fails.
	Failed(err error)
	// Recovered is called when a target accepts events again after a failure.
	Recovered()
}

// Queue holds events until its target accepts them. Close ends its goroutine.
type Queue struct {
	events   chan *event.Event
	target   Target
	observer Observer
	failing  bool

	ctx  context.Context // of the goroutine, and canceled shutdownTimeout after stop
	stop context.CancelFunc
	done sync.WaitGroup
}

// NewQueue returns the queue of a target, and takes ownership of the target.
func NewQueue(target Target, observer Observer) *Queue {
	q := &Queue{events: make(chan *event.Event, QueueSize), target: target, observer: observer}
	q.ctx, q.stop = context.WithCancel(context.Background())
	q.done.Go(q.run)
	return q
}

// Add queues an event, which must not change afterwards. It never blocks.
func (q *Queue) Add(e *event.Event) {
	select {
	case q.events <- e:
	default:
		q.observer.Dropped(1)
	}
}

// Close writes queued events for at most two seconds, and closes the target. Add must not be called afterwards.
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
				q.writeLast(rest)
				return
			}
		}
	}
}

// batch returns an event and those queued after it.
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

// deliver writes events, however long it takes. It returns those not written when the queue was stopped.
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

// write tries once, and returns the events not written.
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

// drain writes queued events when the queue is stopped.
func (q *Queue) drain() {
	select {
	case e := <-q.events:
		q.writeLast(q.batch(e))
	default:
	}
}

// writeLast writes events and all that are queued after them. It does not retry: what fails now is lost.
func (q *Queue) writeLast(events []*event.Event) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	for {
		rest, failed := q.write(ctx, events)
		if failed {
			q.observer.Abandoned(len(rest) + len(q.events))
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
