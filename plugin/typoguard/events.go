package typoguard

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

const (
	// eventsWaiting is how many events the query path can be ahead of the hub.
	eventsWaiting = 4096
	// eventsOpen is how many events may have their window open, and clientsKnown how many clients are remembered: some
	// ten megabytes each at most.
	eventsOpen   = 16384
	clientsKnown = 65536
	// hubInterval is how often the hub looks whether events are due. With event.Settle it bounds what a kill loses.
	hubInterval = 500 * time.Millisecond
	// hubRest is how long the hub takes no events after it has taken some. Four million queries for lookalikes a second would
	// fill the queue meanwhile.
	hubRest = time.Millisecond
	// failuresWaiting is how many failures of SMTP listeners wait to be logged at most.
	failuresWaiting = 16
)

// hub takes events from the query path, folds repeats, and hands them to the sinks. A process has one, which one instance
// inherits from the other: reloads neither lose events nor end windows, and sinks that stay as they are stay open.
type hub struct {
	dropped  prometheus.Counter // at the hand-over
	queue    chan event.Event
	failures chan error  // of SMTP listeners, to be logged
	control  chan func() // run by the goroutine
	stop     chan struct{}
	done     sync.WaitGroup

	// What follows is the goroutine's.
	folder  *event.Folder
	clients *event.Clients
	sinks   map[string]*openSink // by name
}

// openSink is a sink with the settings that it was opened with.
type openSink struct {
	config *sinkConfig
	queue  *sink.Queue
}

// newHub returns a hub without sinks, which runs until it is closed.
func newHub() *hub {
	h := &hub{
		dropped:  eventsDropped.WithLabelValues(handover),
		queue:    make(chan event.Event, eventsWaiting),
		failures: make(chan error, failuresWaiting),
		control:  make(chan func()),
		stop:     make(chan struct{}),
		folder:   event.NewFolder(eventsOpen),
		clients:  event.NewClients(clientsKnown),
		sinks:    map[string]*openSink{},
	}
	h.done.Go(h.run)
	h.done.Go(h.logFailures)
	return h
}

// report hands over an event that happened once. It never waits. There may be no hub, as in tests of the handler alone.
func (h *hub) report(e *event.Event) {
	if h == nil {
		return
	}
	select {
	case h.queue <- *e:
	default:
		h.dropped.Inc()
	}
}

// fail hands over a failure to be logged. It never waits; of too many at a time only some are logged.
func (h *hub) fail(err error) {
	if h == nil {
		return
	}
	select {
	case h.failures <- err:
	default:
	}
}

// logFailures logs failures, one a second at most after the first few.
func (h *hub) logFailures() {
	limit := rate.NewLimiter(1, failuresWaiting)
	for {
		select {
		case err := <-h.failures:
			if limit.Allow() {
				log.Errorf("%v", err)
			}
		case <-h.stop:
			return
		}
	}
}

// run takes events in batches: a goroutine that waited for each would have to be woken by each, which costs the query path
// more than the event does.
func (h *hub) run() {
	tick := time.NewTicker(hubInterval)
	defer tick.Stop()
	queue, rest := h.queue, (<-chan time.Time)(nil)
	for {
		select {
		case e := <-queue:
			h.add(&e)
			h.drain()
			queue, rest = nil, time.After(hubRest)
		case <-rest:
			h.drain()
			queue, rest = h.queue, nil
		case now := <-tick.C:
			h.write(h.folder.Due(now)...)
		case do := <-h.control:
			do()
		case <-h.stop:
			h.drain()
			h.write(h.folder.Close()...)
			return
		}
	}
}

// drain takes what waits.
func (h *hub) drain() {
	for {
		select {
		case e := <-h.queue:
			h.add(&e)
		default:
			return
		}
	}
}

// add takes an event from the query path. Only queries are folded: what an SMTP listener refuses has an id of its own.
func (h *hub) add(e *event.Event) {
	if e.SMTP == nil && !h.folder.Has(e.ID) && e.Client != "" {
		if e.NewClient = h.clients.See(e.Policy, e.Client, e.First); e.NewClient {
			newClients.WithLabelValues(e.Policy).Inc()
		}
	}
	if e.SMTP != nil || !h.folder.Add(e) {
		h.write(event.Single(e))
	}
}

// write hands events to their sinks. One that is gone since, after a reload, counts as full.
func (h *hub) write(events ...*event.Event) {
	for _, e := range events {
		for _, name := range e.To {
			if s := h.sinks[name]; s != nil {
				s.queue.Add(e)
			} else {
				eventsDropped.WithLabelValues(name).Inc()
			}
		}
	}
}

// configure makes the sinks those that are configured. It returns when those that are not any more are closed, with the errors
// of those that cannot be.
func (h *hub) configure(wanted map[string]*sinkConfig) error {
	host, _ := os.Hostname() // without one, events have none
	var closing []*openSink
	var errs []error
	applied := make(chan struct{})
	h.control <- func() {
		defer close(applied)
		for name, s := range h.sinks {
			if config := wanted[name]; config == nil || !config.same(s.config) {
				closing = append(closing, s)
				delete(h.sinks, name)
				eventsSinkUp.DeleteLabelValues(name)
			}
		}
		for name, config := range wanted {
			if h.sinks[name] != nil {
				continue
			}
			target, err := config.open(host)
			if err != nil {
				errs = append(errs, config.at.errorf("%s: %w", config.option, err))
				continue
			}
			h.sinks[name] = &openSink{config, sink.NewQueue(target, newSinkObserver(name))}
		}
	}
	<-applied
	closeSinks(closing)
	return errors.Join(errs...)
}

// close writes what waits, and returns when nothing is written any more. Events that are reported later stay unheard.
func (h *hub) close() {
	close(h.stop)
	h.done.Wait()
	var all []*openSink
	for _, s := range h.sinks {
		all = append(all, s)
	}
	closeSinks(all)
}

// closeSinks closes sinks at the same time, since each may need some seconds.
func closeSinks(sinks []*openSink) {
	var closing sync.WaitGroup
	for _, s := range sinks {
		closing.Go(func() {
			if err := s.queue.Close(); err != nil {
				log.Errorf("Closing a sink of events: %v", err)
			}
		})
	}
	closing.Wait()
}
